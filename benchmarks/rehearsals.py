"""Healthy rehearsals in a row with the shortest quiet window (1 s): how many fail. Aim: none.

python benchmarks/rehearsals.py [N [AT_ONCE [process|docker]]]
"""

from __future__ import annotations

import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.rehearsal.gallery.gate import gate  # noqa: E402 - the repository's own, run from anywhere

TOLD = 50


def once(world: str, number: int) -> str:
    """One rehearsal; "" or how it failed."""
    with tempfile.TemporaryDirectory(prefix="rehearsals-") as folder:
        run = gate(Path(folder), world=world)
        if run.status == 0 and run.document["verdict"] == "REHEARSED" and not run.told["running"]:
            return ""
    return f"rehearsal {number}: exit {run.status}: {run.output[-1500:]}"


def main(count: int, at_once: int, engine: str) -> int:
    """Run them; returns how many failed."""
    began, failed = time.monotonic(), 0
    world = "on docker" if engine == "docker" else "healthy"
    with ThreadPoolExecutor(at_once) as pool:
        for number, words in enumerate(pool.map(partial(once, world), range(1, count + 1)), 1):
            if words:
                failed += 1
                print(words, flush=True)
            if number % TOLD == 0 or number == count:
                minutes = (time.monotonic() - began) / 60
                print(f"{number} rehearsals, {failed} failed, {minutes:.1f} min", flush=True)
    return failed


if __name__ == "__main__":
    given = [*sys.argv[1:], *("1000", "4", "process")[len(sys.argv) - 1 :]]
    raise SystemExit(1 if main(int(given[0]), int(given[1]), given[2]) else 0)
