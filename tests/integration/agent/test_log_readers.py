"""Readers of a silent log hold up nobody else, and are no more than a bounded number."""

import asyncio
import threading
from contextlib import ExitStack

import anyio.to_thread
import httpx
import pytest

from pytest_smokedeploy import contract
from pytest_smokedeploy.agent.engines.base import LogEnd
from pytest_smokedeploy.agent.http.log_feed import Readers
from tests.support.agent_process import IDLE, SECONDS, until

#: More than the threads that answer calls: 40 in the framework.
MANY = 60
MOST = 64


@pytest.fixture
def follow(agent):
    """follow() opens one more log, waits for its first line and leaves it open; the answer's status."""
    with ExitStack() as opened:
        limits = httpx.Limits(max_connections=None)
        address = str(agent.client.base_url)
        client = opened.enter_context(
            httpx.Client(base_url=address, timeout=SECONDS, limits=limits, trust_env=False)
        )

        def one():
            headers = {contract.ASSERTION_HEADER: agent.keys.service()}
            answer = opened.enter_context(client.stream("GET", "/v1/logs?follow=true", headers=headers))
            if answer.status_code == 200:
                assert b"ready" in next(answer.iter_raw())
            return answer

        yield one


def test_a_waiting_reader_takes_none_of_the_threads_that_answer_other_calls():
    waits, go = threading.Event(), threading.Event()

    def silent():
        waits.set()
        assert go.wait(SECONDS)
        yield []
        return LogEnd(0)

    async def read():
        feed = Readers(str, threading.Event()).feed(silent())
        first = asyncio.ensure_future(anext(feed))
        await asyncio.to_thread(waits.wait, SECONDS)
        taken = anyio.to_thread.current_default_thread_limiter().borrowed_tokens
        go.set()
        return taken, await first

    assert asyncio.run(read()) == (0, b'{"end": {"exit_code": 0}}\n')


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


def test_one_too_many_is_refused_until_another_leaves(agent, follow):
    agent.deploy(agent.image("1.0.0", IDLE))
    answers = [follow() for _ in range(MOST)]
    refused = follow()
    assert refused.status_code == 409
    assert "readers read the log already" in refused.read().decode()
    answers[0].close()
    assert until(lambda: follow().status_code == 200)
