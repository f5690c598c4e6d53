"""Readers of a log hold up nobody else, miss nothing, and are no more than a bounded number."""

import asyncio
import errno
import json
import os
import threading
from contextlib import ExitStack, aclosing, suppress
from pathlib import Path

import anyio.to_thread
import httpx
import pytest

from pytest_smokedeploy import contract
from pytest_smokedeploy.agent.engines.base import LogEnd, LogRecord
from pytest_smokedeploy.agent.http.log_feed import Readers
from tests.support.agent_process import IDLE, SECONDS, until

#: More than lies between the agent and a reader who takes nothing.
FLOODS = f"echo ready\nyes 'a line that is written again and again' | head -c 30000000\n{IDLE}"
#: More than the threads that answer calls: 40 in the framework.
MANY = 60
MOST = 64


@pytest.fixture
def follow(agent):
    """follow(query) opens one more log, waits for its first line and leaves it open; the answer."""
    with ExitStack() as opened:
        limits = httpx.Limits(max_connections=None)
        address = str(agent.client.base_url)
        client = opened.enter_context(
            httpx.Client(base_url=address, timeout=SECONDS, limits=limits, trust_env=False)
        )

        def one(query=""):
            headers = {contract.ASSERTION_HEADER: agent.keys.service()}
            answer = opened.enter_context(
                client.stream("GET", f"/v1/logs?follow=true{query}", headers=headers)
            )
            if answer.status_code == 200:
                chunks = answer.iter_raw()
                # Kept: the connection is closed with what reads it.
                opened.callback(chunks.close)
                assert b"ready" in next(chunks)
            return answer

        yield one


@pytest.mark.parametrize("key", ["followed", None])
def test_a_waiting_reader_takes_none_of_the_threads_that_answer_other_calls(tmp_path, key):
    waits, go = threading.Event(), threading.Event()

    def silent():
        waits.set()
        assert go.wait(SECONDS)
        yield []
        return LogEnd(0)

    async def read():
        feed = Readers(str, tmp_path, threading.Event()).feed(silent(), silent, key)
        first = asyncio.ensure_future(anext(feed))
        await asyncio.to_thread(waits.wait, SECONDS)
        taken = anyio.to_thread.current_default_thread_limiter().borrowed_tokens
        go.set()
        return taken, await first

    assert asyncio.run(read()) == (0, b'{"end": {"exit_code": 0}}\n')


class Flood:
    """A log of batches of long lines, and what was taken and encoded of it.

    Attributes:
        opened, closed: how often it was opened; set once it was closed.
        taken: batches that were taken.
        masked: lines that were encoded.

    """

    def __init__(self):
        self.opened = self.taken = self.masked = 0
        self.closed = threading.Event()

    def log(self):
        self.opened += 1
        try:
            for batch in range(BATCHES):
                self.taken += 1
                yield [LogRecord("2026-01-01T00:00:00Z", "stdout", f"{batch} {n} {WORDS}") for n in range(10)]
            return LogEnd(3)
        finally:
            self.closed.set()

    def mask(self, text):
        self.masked += 1
        return text

    def reader(self, readers, key="followed"):
        return readers.feed(self.log(), self.log, key)


#: Ten lines of these are encoded to 40 kilobytes, and all batches to more than is read ahead.
WORDS = "\u00e9\x1b" * 500
BATCHES = 60


@pytest.fixture
def flood():
    return Flood()


@pytest.fixture
def readers(tmp_path, flood):
    return Readers(flood.mask, tmp_path, threading.Event())


async def whole(feed):
    return b"".join([chunk async for chunk in feed])


def is_whole(log):
    *lines, end = map(json.loads, log.splitlines())
    told = [line["line"].partition(WORDS[0])[0] for line in lines]
    return told == [f"{b} {n} " for b in range(BATCHES) for n in range(10)] and end == {
        "end": {"exit_code": 3}
    }


def test_a_line_is_encoded_once_for_all_who_follow(flood, readers, tmp_path):
    async def read():
        return await asyncio.gather(*(whole(flood.reader(readers)) for _ in range(MOST)))

    logs = asyncio.run(read())
    assert is_whole(logs[0])
    assert all(log == logs[0] for log in logs)
    assert (flood.masked, flood.taken) == (BATCHES * 10, BATCHES)
    assert not list(tmp_path.iterdir())


def test_a_reader_that_is_slow_holds_nobody_up_and_misses_nothing(flood, readers):
    async def read():
        slow = flood.reader(readers)
        first = await anext(slow)
        quick = await whole(flood.reader(readers))
        return quick, first + await whole(slow)

    quick, slow = asyncio.run(read())
    assert is_whole(quick)
    assert slow == quick
    assert flood.masked == BATCHES * 10


def test_no_more_is_read_of_the_engine_than_its_fastest_reader_takes(flood, readers):
    async def read():
        async with aclosing(flood.reader(readers)) as slow:
            await anext(slow)
            for _ in range(5):
                await asyncio.sleep(0)
        await asyncio.to_thread(flood.closed.wait, SECONDS)

    asyncio.run(read())
    assert flood.taken < BATCHES, "it is not read to its end for who left"
    assert flood.closed.is_set()


def test_who_comes_after_the_last_has_left_has_the_whole_log(flood, readers):
    async def read():
        async with aclosing(flood.reader(readers)) as first:
            await anext(first)
        return await whole(flood.reader(readers))

    assert is_whole(asyncio.run(read()))


def test_a_reader_of_its_own_has_the_same(flood, readers):
    assert is_whole(asyncio.run(whole(flood.reader(readers, None))))


@pytest.mark.parametrize("after", [0, 1, 5])
def test_on_a_full_disk_each_reads_alone_and_misses_nothing(flood, readers, monkeypatch, after):
    writes = []

    def full(handle, data, place):
        writes.append(len(data))
        if len(writes) > after:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return os.write(handle, data[:1]) if place == 0 else pwrite(handle, data, place)

    pwrite = os.pwrite
    monkeypatch.setattr(os, "pwrite", full)

    async def read():
        return await asyncio.gather(*(whole(flood.reader(readers)) for _ in range(3)))

    assert all(map(is_whole, asyncio.run(read())))


def test_where_no_file_can_be_made_each_reads_alone(flood, tmp_path):
    readers = Readers(flood.mask, tmp_path / "gone", threading.Event())
    assert is_whole(asyncio.run(whole(flood.reader(readers))))


def test_silent_readers_keep_no_other_call_waiting(agent, follow):
    agent.deploy(agent.image("1.0.0", IDLE))
    for _ in range(MANY):
        assert follow().status_code == 200
    # Each of them is waiting for a line now, and a call has to be answered before the next heartbeat lets go
    # of a thread.
    agent.client.timeout = contract.HEARTBEAT_SECONDS / 5
    for _ in range(5):
        assert agent.status()["running"] is True
    assert agent.stop_it().status_code == 200


@pytest.mark.parametrize("runtime", [IDLE, FLOODS], ids=["silent", "flooding"])
def test_who_follows_from_the_start_shares_one_file_and_whoever_begins_later_has_none(agent, follow, runtime):
    agent.deploy(agent.image("1.0.0", runtime))

    def files():
        found = []
        for link in Path(f"/proc/{agent.process.pid}/fd").iterdir():
            with suppress(FileNotFoundError):  # closed since it was listed
                found.append(str(link.readlink()))
        return [name for name in found if "/state/log-" in name]

    answers = [follow(), follow(), follow("&since=2026-01-01T00:00:00Z")]
    assert len(files()) == 1
    for answer in answers:
        answer.close()
    assert until(lambda: not files())


def test_one_too_many_is_refused_until_another_leaves(agent, follow):
    agent.deploy(agent.image("1.0.0", IDLE))
    answers = [follow() for _ in range(MOST)]
    refused = follow()
    assert refused.status_code == 409
    assert "readers read the log already" in refused.read().decode()
    answers[0].close()
    assert until(lambda: follow().status_code == 200)
