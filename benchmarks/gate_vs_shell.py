"""The gate's wall time beside a shell gate's, in live worlds over TLS, pair by pair (aim: 2.5 s).

The quiet window is taken off the gate's time, and the sleep off the shell's (shell_gate.sh): both wait by
intent. Where the gate's time goes is read from its journal (rehearsal.py). Processor time stands beside wall
time: on a busy machine it is the steadier witness.

    python benchmarks/gate_vs_shell.py [pairs]
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from rehearsal import parts  # noqa: E402 - the benchmark beside it

from pytest_smokedeploy.settings import load  # noqa: E402 - the repository's own, run from anywhere
from tests.rehearsal.live.conftest import Live, lives  # noqa: E402

QUIET_SECONDS = 4
#: The sleep in shell_gate.sh.
SLEEP_SECONDS = 3.0


def by_shell(live: Live) -> float:
    """Wall seconds, the sleep taken off."""
    stack = live.stack
    environ = {"PATH": os.environ["PATH"], **stack.environ, "SSL_CERT_FILE": live.environ["SSL_CERT_FILE"]}
    environ["IMAGE"] = f"{stack.image_repository}:{stack.image_tag}"
    environ["CONTAINER_NAME"] = load(live.settings).agent.container_name
    environ["ENVIRONMENT"] = "dev"
    began = time.perf_counter()
    done = subprocess.run(
        [ROOT / "benchmarks" / "shell_gate.sh"], env=environ, check=False, capture_output=True, text=True
    )
    seconds = time.perf_counter() - began
    if done.returncode:
        sys.exit(f"the shell gate ended with {done.returncode}: {done.stdout}{done.stderr}")
    return seconds - SLEEP_SECONDS


def by_gate(live: Live) -> dict[str, float]:
    """Seconds of each part; "own" is wall time, the quiet window taken off."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.time()
    run = live.run(forked=False)
    after, ended = resource.getrusage(resource.RUSAGE_CHILDREN), time.time()
    if run.status:
        sys.exit(f"the gate ended with {run.status}:\n{run.output[-3000:]}")
    text = (live.folder / "evidence" / "journal.jsonl").read_text(encoding="utf-8")
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return parts([json.loads(line) for line in text.splitlines()], began, ended) | {"processor": processor}


def pair(number: int) -> tuple[dict[str, float], float]:
    """One world, and both gates in it, the one first that was second before."""
    with tempfile.TemporaryDirectory() as name, lives(Path(name)) as make:
        # Longer than the least time between two status reads, which is waiting by intent too.
        live = make(quiet_window_seconds=QUIET_SECONDS)
        if number % 2:
            gate = by_gate(live)
            return gate, by_shell(live)
        shell = by_shell(live)
        return by_gate(live), shell


def main(pairs: int) -> int:
    """Print the medians of both, and of the gate's parts; 1 where the gate takes more than 2.5 s."""
    pair(0)  # byte code and disk cache
    found = [pair(number) for number in range(pairs)]
    gates, shells = zip(*found, strict=True)
    for part in gates[0]:
        each = [gate[part] for gate in gates]
        print(f"  {part:40} {statistics.median(each):6.2f} s  ({min(each):.2f} to {max(each):.2f})")
    ours, theirs = (statistics.median(times) for times in ([gate["own"] for gate in gates], shells))
    ratio = statistics.median(gate["own"] / shell for gate, shell in found)
    print(f"the gate {ours:.2f} s, the shell gate {theirs:.2f} s, ratio {ratio:.1f} ({pairs} pairs)")
    return 0 if ours <= 2.5 else 1  # noqa: PLR2004 - the aim


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 5))
