"""Deploy plus stop through the agent over HTTP, against the same with the docker command line (aim: 1.0).

Pair by pair, in turns that swap. The agent also watches for a moment that the container keeps running
(`SETTLE_SECONDS`: without it, one that ends at once would pass for running). So there are two pairs:
the agent as it ships against a command line that watches as long (`docker wait`, given up after that
time), and both without; and, for what the watch alone costs, the agent as it ships against a command
line that does not. On both sides a stopped container is there before, SIGKILL follows the stop at once
(so that nobody waits for a runtime), and the state is read back. Needs a Docker engine and
docker-registry:

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
from pytest_smokedeploy.agent.domain.steps import SETTLE_SECONDS

TAG = "v1"
AGENT, BARE_AGENT = "agent", "agent that does not watch"
CLI, BARE_CLI = "command line that watches too", "command line"


def by_agent(agent: Agent) -> float:
    """Seconds."""
    began = time.perf_counter()
    agent.deploy(TAG)
    agent.call("POST", contract.STOP)
    return time.perf_counter() - began


def by_cli(image: str, folder: Path, watch: float = 0.0) -> float:
    """Seconds: the five steps and the stop, each a command, as a shell script would give them.

    `watch`: seconds for which it must keep running.
    """
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
        ["wait", NAME],
        ["inspect", "--format", "{{.State.Running}}", NAME],
        ["stop", "-t", "0", NAME],
    ):
        if words[0] == "wait":
            if watch:
                subprocess.run(["timeout", str(watch), "docker", *words], check=False, timeout=60)
            continue
        subprocess.run(["docker", *words], check=True, capture_output=True, timeout=60)
    return time.perf_counter() - began


def main(pairs: int) -> int:
    """Print medians and paired ratios; 1 where the agent takes longer than the same by commands."""
    with Ground() as ground:
        ground.registry.push(ground.repository, TAG, "#!/bin/sh\nwhile :; do sleep 60; done\n")
        image = f"{ground.repository}:{TAG}"
        with_pause, without = ground.agent(), ground.agent(SETTLE="0")
        ways = {
            AGENT: lambda: by_agent(with_pause),
            BARE_AGENT: lambda: by_agent(without),
            CLI: lambda: by_cli(image, ground.folder, SETTLE_SECONDS),
            BARE_CLI: lambda: by_cli(image, ground.folder),
        }
        for way in ways.values():  # the image, connections, caches
            way()
        times: dict[str, list[float]] = {name: [] for name in ways}
        for turn in range(pairs):
            order = list(ways) if turn % 2 else list(ways)[::-1]
            for name in order:
                times[name].append(ways[name]())
    print(f"deploy plus stop, {pairs} pairs, medians")
    for name, taken in times.items():
        print(f"  {name:38} {statistics.median(taken) * 1000:7.0f} ms")
    like = [ratio(times, *pair) for pair in ((AGENT, CLI), (BARE_AGENT, BARE_CLI))]
    ratio(times, AGENT, BARE_CLI)
    return 0 if max(like) <= 1 else 1


def ratio(times: dict[str, list[float]], ours: str, theirs: str) -> float:
    """Print and return the median of the paired ratios."""
    apart = sorted(a / b for a, b in zip(times[ours], times[theirs], strict=True))
    low, high = apart[len(apart) // 4], apart[-1 - len(apart) // 4]
    middle = statistics.median(apart)
    print(f"  {ours} / {theirs}: {middle:.2f} (middle half {low:.2f} to {high:.2f})")
    return middle


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 20))
