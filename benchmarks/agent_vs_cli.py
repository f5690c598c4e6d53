"""Deploy plus stop through the agent over HTTP, against the same with the docker command line (aim: 1.0).

Pair by pair, in turns that swap. The agent also watches for a moment that the container keeps
running (`SETTLE_SECONDS`, which the command line does not): once with that pause and once without.
On both sides a stopped container is there before, SIGKILL follows the stop at once (so that nobody
waits for a runtime), and the state is read back. Needs a Docker engine and docker-registry:

    python benchmarks/agent_vs_cli.py [pairs]
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

from agent_on_docker import NAME, Agent, Ground

from pytest_smokedeploy import contract

TAG = "v1"


def by_agent(agent: Agent) -> float:
    """Seconds."""
    began = time.perf_counter()
    agent.deploy(TAG)
    agent.call("POST", contract.STOP)
    return time.perf_counter() - began


def by_cli(image: str, folder: Path) -> float:
    """Seconds: the five steps and the stop, each a command, as a shell script would give them."""
    mounts = [
        word
        for source, target in (("audit", "/data/audit-events"), ("snapshots", "/data/snapshots"))
        for word in ("--mount", f"type=bind,source={folder / source},target={target}")
    ]
    how = ["--network", "none", "--restart", "no", "--label", f"smokedeploy.agent={NAME}", *mounts]
    began = time.perf_counter()
    for words in (
        ["pull", "-q", image],
        ["inspect", "--format", "{{.State.Running}}", NAME],
        ["rm", NAME],
        ["create", "--name", NAME, *how, image],
        ["start", NAME],
        ["inspect", "--format", "{{.State.Running}}", NAME],
        ["stop", "-t", "0", NAME],
    ):
        subprocess.run(["docker", *words], check=True, capture_output=True, timeout=60)
    return time.perf_counter() - began


def main(pairs: int) -> int:
    """Print medians and paired ratios; 1 where that without the pause is above 1."""
    with Ground() as ground:
        ground.registry.push(ground.repository, TAG, "#!/bin/sh\nwhile :; do sleep 60; done\n")
        image = f"{ground.repository}:{TAG}"
        with_pause, without = ground.agent(), ground.agent(SETTLE="0")
        ways = {
            "agent": lambda: by_agent(with_pause),
            "agent, no pause": lambda: by_agent(without),
            "docker command line": lambda: by_cli(image, ground.folder),
        }
        for way in ways.values():  # the image, connections, caches
            way()
        times: dict[str, list[float]] = {name: [] for name in ways}
        for turn in range(pairs):
            order = list(ways) if turn % 2 else list(ways)[::-1]
            for name in order:
                times[name].append(ways[name]())
    cli = times["docker command line"]
    print(f"deploy plus stop, {pairs} pairs")
    ratios = {}
    for name, taken in times.items():
        apart = sorted(a / b for a, b in zip(taken, cli, strict=True))
        ratios[name] = statistics.median(apart)
        low, high = apart[len(apart) // 4], apart[-1 - len(apart) // 4]
        print(
            f"  {name:20} {statistics.median(taken) * 1000:7.0f} ms   ratio {ratios[name]:.2f}"
            f"  (middle half {low:.2f} to {high:.2f})"
        )
    return 0 if ratios["agent, no pause"] <= 1 else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 20))
