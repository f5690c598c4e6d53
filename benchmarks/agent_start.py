"""Seconds from the start of the agent's process to the line that tells its port (aim: under 0.5 s).

Beside each start stands one of an interpreter that imports what any such server needs (uvicorn, starlette,
pydantic, PyJWT with its cryptography), in turns. Processor time stands beside wall time: on a busy machine
it is the steadier witness.

    python benchmarks/agent_start.py [pairs [process|docker]]
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

REPOSITORY = "registry.example.com/runtime"
BARE = "import jwt, pydantic, starlette.applications, uvicorn; print(jwt.PyJWK)"
AGENT = ["-m", "pytest_smokedeploy", "agent", "--exit-with-stdin"]


def start(words: Sequence[str], environ: Mapping[str, str]) -> tuple[float, float]:
    """Wall and processor seconds until the first line on standard output."""
    began = time.perf_counter()
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen([sys.executable, *words], env=environ, **pipes) as process:
        line = process.stdout.readline() if process.stdout else b""
        wall = time.perf_counter() - began
        fields = Path(f"/proc/{process.pid}/stat").read_text(encoding="ascii").rpartition(") ")[2].split()
        if not line:
            sys.exit("it did not start")
        # User and system time, in the kernel's ticks.
        return wall, (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main(pairs: int, engine: str) -> int:
    """Print the medians and the paired ratio; 1 where the agent takes half a second or more."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        for part in ("audit", "snapshots", "store"):
            (folder / part).mkdir()
        environ = {name: os.environ[name] for name in ("PATH", "DOCKER_HOST") if name in os.environ} | {
            "ENVIRONMENT": "dev",
            "CONTAINER_NAME": "smokedeploy-start",
            "AUDIT_EVENTS_PATH": str(folder / "audit"),
            "SNAPSHOTS_PATH": str(folder / "snapshots"),
            "ALLOWED_IMAGES": REPOSITORY,
            # Nobody listens there: the keys are not part of the start.
            "CF_ACCESS_TEAM_DOMAIN": "http://127.0.0.1:9",
            "CF_ACCESS_AUD": "benchmark",
            "STATE_PATH": str(folder / "state"),
            "PORT": "0",
            "ENGINE": engine,
            **({"PROCESS_STORE": str(folder / "store")} if engine == "process" else {}),
            # Byte code is kept, as on any machine in use, but not among the sources.
            "PYTHONPYCACHEPREFIX": str(folder / "bytecode"),
        }
        ways = {"agent": AGENT, "what any server imports": ["-c", BARE]}
        for words in ways.values():
            start(words, environ)
        times: dict[str, list[tuple[float, float]]] = {way: [] for way in ways}
        for turn in range(pairs):
            for way in list(ways) if turn % 2 else list(ways)[::-1]:
                times[way].append(start(ways[way], environ))
    print(f"start to port, engine {engine}, {pairs} pairs, medians")
    for way, taken in times.items():
        wall, processor = (statistics.median(part) for part in zip(*taken, strict=True))
        print(f"  {way:24} {wall:6.2f} s   processor {processor:5.2f} s")
    ours, theirs = times.values()
    ratio = statistics.median(a[0] / b[0] for a, b in zip(ours, theirs, strict=True))
    print(f"  ratio {ratio:.2f}")
    return 0 if statistics.median(wall for wall, _ in ours) < 0.5 else 1  # noqa: PLR2004 - the aim


if __name__ == "__main__":
    given = [*sys.argv[1:], *("10", "docker")[len(sys.argv) - 1 :]]
    sys.exit(main(int(given[0]), given[1]))
