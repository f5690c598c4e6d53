"""A runtime that writes 1 GB of log as fast as it can: what it does to the agent, and to who asks it.

The agent's peak memory, the time of `status` while the log is written against that in silence, and of
`stop` in the middle of it against the docker command line's: without a reader, and with one that
follows. Needs a Docker engine, docker-registry, and 2 GB of disk for a while:

    python benchmarks/agent_log_flood.py [megabytes]
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import httpx
from agent_on_docker import NAME, Agent, Ground

from pytest_smokedeploy import contract

LINE = "a line of a hundred bytes, as a runtime that was asked for too much would write it, and then again."
SECONDS = 900


def script(megabytes: int, name: str) -> str:
    """Waits for a word, writes, says that it has, and stays."""
    flood = f"yes '{LINE}' | head -c {megabytes}000000"
    wait = f"while [ ! -e /data/snapshots/go-{name} ]; do sleep 0.1; done"
    return f"#!/bin/sh\n{wait}\n{flood}\necho > /data/audit-events/done-{name}\nsleep 3600\n"


def follow(agent: Agent, count: list[int], left: threading.Event) -> None:
    """Read the log as it comes; counts its bytes."""
    params, headers = {"follow": "true"}, agent.headers()
    with (
        httpx.Client(base_url=agent.client.base_url, timeout=120, trust_env=False) as client,
        client.stream("GET", contract.LOGS, params=params, headers=headers) as answer,
    ):
        for chunk in answer.iter_raw():
            count[0] += len(chunk)
            if left.is_set():
                return


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


def flood(ground: Ground, megabytes: int, *, read: bool) -> None:
    """One whole flood, and one that is stopped in its middle."""
    name = "read" if read else "unread"
    for tag, size in ((name, megabytes), (f"{name}-stop", megabytes * 100)):
        ground.registry.push(ground.repository, tag, script(size, tag), ("yes", "head"))
    agent = ground.agent()
    agent.deploy(name)
    quiet_until = time.monotonic() + 3
    quiet = statuses(agent, lambda: time.monotonic() > quiet_until)
    before = agent.peak_mb()
    count, left = [0], threading.Event()
    reader = threading.Thread(target=follow, args=(agent, count, left))
    if read:
        reader.start()
    go = ground.folder / "snapshots"
    done = ground.folder / "audit" / f"done-{name}"
    (go / f"go-{name}").touch()
    began = time.perf_counter()
    loud = statuses(agent, done.exists)
    wrote = time.perf_counter() - began
    print(f"{megabytes} MB, {'one reader that follows' if read else 'no reader'}")
    print(
        f"  written in          {wrote:8.1f} s"
        + (f"   read meanwhile {count[0] / 1e6:.0f} MB" if read else "")
    )
    print(f"  agent's memory      {agent.peak_mb():8.1f} MB at most, {before:.1f} MB before")
    for words, pick in (("median", statistics.median), ("longest", max)):
        slow, fast = pick(loud), pick(quiet)
        print(f"  status, {words:8}    {slow:8.1f} ms   in silence {fast:.1f} ms   ratio {slow / fast:.1f}")
    left.set()
    print(f"  stop in the middle  {stop_in_the_middle(agent, name, go, read=read)}")
    if read:
        reader.join(SECONDS)
    agent.close()


def stop_in_the_middle(agent: Agent, name: str, go: Path, *, read: bool) -> str:
    """By the agent, then by the command line, each on a flood of its own."""
    times = []
    for by_agent in (True, False):
        agent.deploy(f"{name}-stop")
        left = threading.Event()
        reader = threading.Thread(target=follow, args=(agent, [0], left), daemon=True)
        if read:
            reader.start()
        (go / f"go-{name}-stop").touch()
        time.sleep(3)
        began = time.perf_counter()
        if by_agent:
            agent.call("POST", contract.STOP)
        else:
            subprocess.run(["docker", "stop", "-t", "0", NAME], check=True, capture_output=True, timeout=120)
        times.append((time.perf_counter() - began) * 1000)
        left.set()
        (go / f"go-{name}-stop").unlink()
        if read:
            reader.join(SECONDS)
    ours, theirs = times
    return f"{ours:8.0f} ms   docker stop {theirs:.0f} ms   ratio {ours / theirs:.2f}"


def main(megabytes: int) -> int:
    """Both ways, one after the other."""
    with Ground() as ground:
        for read in (False, True):
            flood(ground, megabytes, read=read)
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000))
