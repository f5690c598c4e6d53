"""What an agent holds after many smoke deploys (aim: as much as after 50, but for its history).

Each cycle is what a run of the gate asks: deploy with an id and a lease, status, log, events, stop, outcome.
Memory, open files, threads, STATE_PATH, images and containers are counted before the first cycle, after 50
and at the end. Needs a Docker engine and docker-registry:

    python benchmarks/cycles.py [cycles]
"""

from __future__ import annotations

import subprocess
import sys
import uuid
from pathlib import Path

from agent_on_docker import NAME, Agent, Ground

from pytest_smokedeploy import contract

EARLY = 50
TAGS = ("v1", "v2")
RUNTIME = "#!/bin/sh\ntrap 'exit 0' TERM\necho ready\nwhile :; do sleep 1000 & wait $!; done\n"


def cycle(agent: Agent, tag: str) -> None:
    """One smoke deploy that passes."""
    deploy_id = str(uuid.uuid4())
    agent.deploy(tag, deploy_id=deploy_id, lease_seconds=120)
    agent.call("GET", contract.STATUS)
    agent.call("GET", f"{contract.LOGS}?follow=false")
    agent.call("GET", f"{contract.EVENTS}?deploy_id={deploy_id}")
    agent.call("POST", contract.STOP, json={"deploy_id": deploy_id})
    agent.call("POST", contract.OUTCOME, json={"deploy_id": deploy_id, "outcome": "passed"})


def counted(agent: Agent, repository: str) -> dict[str, float]:
    """What there is of each thing now."""
    proc = Path(f"/proc/{agent.pid}")
    rss = (proc / "status").read_text(encoding="ascii").split("VmRSS:")[1].split()[0]
    files = {file: file.stat().st_size for file in agent.state.rglob("*") if file.is_file()}
    audit = sum(size for file, size in files.items() if file.name.startswith("audit"))
    return {
        "memory, MB": int(rss) / 1024,
        "open files": len(list((proc / "fd").iterdir())),
        "threads": len(list((proc / "task").iterdir())),
        "state, KB": (sum(files.values()) - audit) / 1000,
        "files of the state": len(files),
        "audit log, KB": audit / 1000,
        "images": len(docker("images", "-q", repository)),
        "containers": len(docker("ps", "-aq", "-f", f"name={NAME}")),
    }


def docker(*words: str) -> list[str]:
    """The lines that a command printed."""
    done = subprocess.run(["docker", *words], check=True, capture_output=True, text=True, timeout=60)
    return done.stdout.split()


def main(cycles: int) -> int:
    """Print what there was at each count, and the ratio of the last to that after 50."""
    with Ground() as ground:
        for tag in TAGS:
            ground.registry.push(ground.repository, tag, f"{RUNTIME}# {tag}\n")
        agent = ground.agent()
        seen = [counted(agent, ground.repository)]
        for number in range(1, cycles + 1):
            cycle(agent, TAGS[number % len(TAGS)])
            if number in {EARLY, cycles}:
                seen.append(counted(agent, ground.repository))
    print(f"{'':20} {'start':>9} {f'after {EARLY}':>9} {f'after {cycles}':>9} {'ratio':>6}")
    for name in seen[0]:
        start, early, end = (row[name] for row in (seen[0], seen[1], seen[-1]))
        print(f"{name:20} {start:9.1f} {early:9.1f} {end:9.1f} {end / early if early else 0:6.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 500))
