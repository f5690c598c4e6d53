"""Deploy plus stop through the agent over HTTP, against the same with the docker command line (aim: 1.0).

Pair by pair, in turns that swap. The agent also watches for a moment that the container keeps running
(`SETTLE_SECONDS`: without it, one that ends at once would pass for running). So there are two pairs:
the agent as it ships against a command line that watches as long (`docker wait`, given up after that
time), and both without; and, for what the watch alone costs, the agent as it ships against a command
line that does not. On both sides a stopped container is there before, the container has the same limits,
mounts, variables and labels and is read back before it starts, SIGKILL follows the stop at once (so that
nobody waits for a runtime), and the state is read back. Needs a Docker engine and
docker-registry:

    python benchmarks/agent_vs_cli.py [pairs]
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time

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


def options() -> list[str]:
    """Options of `docker create` that make what the agent made: the container that is there."""
    (made,) = json.loads(docker("inspect", NAME))
    host, config = made["HostConfig"], made["Config"]
    rows = {
        "network": [host["NetworkMode"]],
        "restart": [host["RestartPolicy"]["Name"]],
        "memory": [host["Memory"]],
        "pids-limit": [host["PidsLimit"]],
        "cap-drop": host["CapDrop"],
        "cap-add": host["CapAdd"] or [],
        "security-opt": host["SecurityOpt"],
        "log-driver": [host["LogConfig"]["Type"]],
        "log-opt": [f"{name}={value}" for name, value in host["LogConfig"]["Config"].items()],
        "mount": [f"type=bind,source={m['Source']},target={m['Target']}" for m in host["Mounts"]],
        "env": config["Env"],
        "label": [f"{name}={value}" for name, value in config["Labels"].items()],
    }
    given = [f"--{name}={value}" for name, values in rows.items() for value in values]
    return [*given, "--no-healthcheck"]


def by_cli(image: str, how: list[str], watch: float = 0.0) -> float:
    """Seconds: the five steps and the stop, each a command, as a shell script would give them.

    `how`: options of the container. `watch`: seconds for which it must keep running.
    """
    began = time.perf_counter()
    docker("pull", "-q", image)
    docker("inspect", "--format", "{{.State.Running}}", NAME)
    docker("rm", NAME)
    docker("create", "--name", NAME, *how, image)
    docker("inspect", NAME)
    docker("start", NAME)
    if watch:
        subprocess.run(["timeout", str(watch), "docker", "wait", NAME], check=False, timeout=60)
    docker("inspect", "--format", "{{.State.Running}}", NAME)
    docker("stop", "-t", "0", NAME)
    return time.perf_counter() - began


def docker(*words: str) -> str:
    """What a command printed."""
    done = subprocess.run(["docker", *words], check=True, capture_output=True, text=True, timeout=60)
    return done.stdout


def main(pairs: int) -> int:
    """Print medians and paired ratios; 1 where the agent takes longer than the same by commands."""
    with Ground() as ground:
        ground.registry.push(ground.repository, TAG, "#!/bin/sh\nwhile :; do sleep 60; done\n")
        image = f"{ground.repository}:{TAG}"
        # An agent leaves alone what another one made, so each has a container of its own.
        with_pause, without = ground.agent(), ground.agent(SETTLE="0", CONTAINER_NAME=f"{NAME}-unwatched")
        by_agent(with_pause)
        how = options()
        ways = {
            AGENT: lambda: by_agent(with_pause),
            BARE_AGENT: lambda: by_agent(without),
            CLI: lambda: by_cli(image, how, SETTLE_SECONDS),
            BARE_CLI: lambda: by_cli(image, how),
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
