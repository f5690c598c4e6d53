"""A runtime that writes its log as fast as it can: what it does to the agent, and to who asks it.

The agent's peak memory, the time of `status` while the log is written against that in silence, and of
`stop` in the middle of it against the docker command line's: without a reader, and with one and 64 that
follow (in a process of their own, which throws away what it gets). Needs a Docker engine,
docker-registry, and for a while three bytes of disk for each byte of log:

    python benchmarks/agent_log_flood.py [megabytes [readers ...]]
"""

from __future__ import annotations

import selectors
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from agent_on_docker import NAME, Agent, Ground

from pytest_smokedeploy import contract

LINE = "a line of a hundred bytes, as a runtime that was asked for too much would write it, and then again."
SECONDS = 900
CHUNK = 1024 * 1024


def script(megabytes: int, name: str) -> str:
    """Waits for a word, writes, says that it has, and stays."""
    flood = f"yes '{LINE}' | head -c {megabytes}000000"
    wait = f"while [ ! -e /data/snapshots/go-{name} ]; do sleep 0.1; done"
    return f"#!/bin/sh\n{wait}\n{flood}\necho > /data/audit-events/done-{name}\nsleep 3600\n"


def read(readers: int, port: int, assertion: str) -> None:
    """Follow the log `readers` times until standard input ends; prints how many bytes came."""
    head = f"GET {contract.LOGS}?follow=true HTTP/1.1\r\nHost: agent\r\n"
    head += f"{contract.ASSERTION_HEADER}: {assertion}\r\n\r\n"
    buffer, count = bytearray(CHUNK), 0
    with selectors.DefaultSelector() as ready:
        ready.register(sys.stdin, selectors.EVENT_READ)
        for _ in range(readers):
            one = socket.create_connection(("127.0.0.1", port))
            one.sendall(head.encode())
            ready.register(one, selectors.EVENT_READ)
        print("reading", flush=True)
        while True:
            for key, _ in ready.select():
                if not isinstance(key.fileobj, socket.socket):
                    print(count, flush=True)
                    return
                if not (size := key.fileobj.recv_into(buffer)):
                    ready.unregister(key.fileobj)
                count += size


@contextmanager
def reading(agent: Agent, readers: int) -> Iterator[Callable[[], int]]:
    """Readers that follow; what is yielded ends them and tells the bytes that came."""
    assertion = agent.headers()[contract.ASSERTION_HEADER]
    words = [sys.executable, __file__, "--read", str(readers), str(agent.client.base_url.port), assertion]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        if process.stdout is not None:
            process.stdout.readline()
        yield lambda: int(process.communicate()[0])


def statuses(agent: Agent, until: Callable[[], bool]) -> list[float]:
    """Milliseconds of each status read until `until`."""
    times = []
    deadline = time.monotonic() + SECONDS
    while not until():
        if time.monotonic() > deadline:
            sys.exit("the flood did not end")
        began = time.perf_counter()
        agent.call("GET", contract.STATUS)
        times.append((time.perf_counter() - began) * 1000)
        time.sleep(0.02)
    return times


def flood(ground: Ground, megabytes: int, readers: int) -> float:
    """One whole flood, and one that is stopped in its middle; returns the median time of `status`."""
    name = f"read-{readers}"
    for tag, size in ((name, megabytes), (f"{name}-stop", megabytes * 100)):
        ground.registry.push(ground.repository, tag, script(size, tag), ("yes", "head"))
    # No log breaks off at its limit: the readers are to read.
    agent = ground.agent(LOG_LIMIT_MB="9999")
    agent.deploy(name)
    quiet_until = time.monotonic() + 3
    quiet = statuses(agent, lambda: time.monotonic() > quiet_until)
    before = agent.peak_mb()
    go = ground.folder / "snapshots"
    done = ground.folder / "audit" / f"done-{name}"
    with reading(agent, readers) as end:
        (go / f"go-{name}").touch()
        began = time.perf_counter()
        loud = statuses(agent, done.exists)
        wrote = time.perf_counter() - began
        count = end()
    print(f"{megabytes} MB, {readers} readers that follow")
    print(f"  written in          {wrote:8.1f} s    {count / 1e6:.0f} MB were read meanwhile")
    print(f"  agent's memory      {agent.peak_mb():8.1f} MB at most, {before:.1f} MB before")
    for words, pick in (("median", statistics.median), ("longest", max)):
        slow, fast = pick(loud), pick(quiet)
        print(f"  status, {words:8}    {slow:8.1f} ms   in silence {fast:.1f} ms   ratio {slow / fast:.1f}")
    print(f"  stop in the middle  {stop_in_the_middle(agent, name, go, readers)}", flush=True)
    agent.close()
    return statistics.median(loud)


def stop_in_the_middle(agent: Agent, name: str, go: Path, readers: int) -> str:
    """By the agent, then by the command line, each on a flood of its own."""
    times = []
    for by_agent in (True, False):
        agent.deploy(f"{name}-stop")
        with reading(agent, readers) as end:
            (go / f"go-{name}-stop").touch()
            time.sleep(3)
            began = time.perf_counter()
            if by_agent:
                agent.call("POST", contract.STOP)
            else:
                words = ["docker", "stop", "-t", "0", NAME]
                subprocess.run(words, check=True, capture_output=True, timeout=120)
            times.append((time.perf_counter() - began) * 1000)
            end()
        (go / f"go-{name}-stop").unlink()
    ours, theirs = times
    return f"{ours:8.0f} ms   docker stop {theirs:.0f} ms   ratio {ours / theirs:.2f}"


def main(megabytes: int, numbers: Sequence[int]) -> int:
    """Each number of readers, one after the other, and how much longer a status takes with them."""
    with Ground() as ground:
        medians = {readers: flood(ground, megabytes, readers) for readers in numbers}
    for readers, median in medians.items():
        print(f"status with {readers} readers / with {numbers[0]}: {median / medians[numbers[0]]:.1f}")
    return 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["--read"]:
        read(int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
    else:
        megabytes, *numbers = map(int, sys.argv[1:] or ["1000"])
        sys.exit(main(megabytes, numbers or [0, 1, 64]))
