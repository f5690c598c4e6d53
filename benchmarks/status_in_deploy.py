"""How long `status` takes while a deploy is under way, beside the same in silence.

Deploys a tag again and again, each with an idle container of the one before to stop and remove, and asks
for the status all the while. Needs a Docker engine and docker-registry:

    python benchmarks/status_in_deploy.py [deploys]
"""

from __future__ import annotations

import statistics
import sys
import threading
import time
from collections.abc import Callable

from agent_on_docker import Agent, Ground

from pytest_smokedeploy import contract

TAG = "v1"
SILENCE_SECONDS = 3.0
PAUSE_SECONDS = 0.01


def statuses(agent: Agent, until: Callable[[], bool]) -> list[float]:
    """Milliseconds of each status read until `until`."""
    times = []
    while not until():
        began = time.perf_counter()
        agent.call("GET", contract.STATUS)
        times.append((time.perf_counter() - began) * 1000)
        time.sleep(PAUSE_SECONDS)
    return times


def percentile(times: list[float], hundredths: int) -> float:
    """The value that this share of `times` does not exceed."""
    return statistics.quantiles(times, n=100, method="inclusive")[hundredths - 1]


def main(deploys: int) -> int:
    """Print median and 99th percentile of both; 1 where the latter is 50 ms or more during a deploy."""
    with Ground() as ground:
        ground.registry.push(ground.repository, TAG, "#!/bin/sh\nwhile :; do sleep 60; done\n")
        agent = ground.agent()
        agent.deploy(TAG)
        quiet_until = time.monotonic() + SILENCE_SECONDS
        quiet = statuses(agent, lambda: time.monotonic() > quiet_until)
        during: list[float] = []
        for _ in range(deploys):
            done = threading.Event()

            def deploy(done: threading.Event = done) -> None:
                try:
                    agent.deploy(TAG)
                finally:
                    done.set()

            thread = threading.Thread(target=deploy)
            thread.start()
            during += statuses(agent, done.is_set)
            thread.join()
    print(f"status, {deploys} deploys, {len(during)} reads during them, {len(quiet)} in silence")
    for words, pick in (("median", 50), ("99th percentile", 99)):
        slow, fast = percentile(during, pick), percentile(quiet, pick)
        print(f"  {words:16} {slow:6.1f} ms   in silence {fast:6.1f} ms   ratio {slow / fast:.1f}")
    print(f"  longest          {max(during):6.1f} ms   in silence {max(quiet):6.1f} ms")
    return 0 if percentile(during, 99) < 50 else 1  # noqa: PLR2004 - the aim


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 20))
