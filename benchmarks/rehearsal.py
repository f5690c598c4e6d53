"""The gate's own time in a warm rehearsal, and where it goes.

Own time is wall time less the quiet window, which is waiting by intent. Where it goes is
read from the journal in the evidence folder: its times are the run's own.

    python benchmarks/rehearsal.py [runs]
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
STAGES = ("preconditions", "deploy", "verify", "observe", "shutdown", "exit")


def moment(text: str) -> float:
    """Seconds since the epoch of an RFC 3339 time."""
    return datetime.fromisoformat(text).timestamp()


def once(folder: Path) -> dict[str, float]:
    """One rehearsal: seconds by part; "own" and "quiet window" among them."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "smokedeploy", "smoke_tests"]
    command += ["--smokedeploy-rehearse", "--smokedeploy-evidence", str(folder)]
    environ = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "PYTHON"))
    }
    # Warm means byte code is kept, as on any machine in use, but not among the sources.
    environ["PYTHONPYCACHEPREFIX"] = str(folder.parent / "bytecode")
    started = time.time()
    done = subprocess.run(
        command, cwd=ROOT, env=environ, check=False, capture_output=True, text=True, timeout=300
    )
    ended = time.time()
    if done.returncode:
        sys.exit(f"the rehearsal ended with {done.returncode}:\n{done.stdout[-4000:]}{done.stderr[-2000:]}")
    text = (folder / "journal.jsonl").read_text(encoding="utf-8")
    return parts([json.loads(line) for line in text.splitlines()], started, ended)


def parts(events: list[dict[str, Any]], started: float, ended: float) -> dict[str, float]:
    """Seconds of each part of a run, by its journal."""

    def of(name: str) -> list[dict[str, Any]]:
        return [event for event in events if event["event"] == name]

    quiet = sum(event["seconds"] for event in of("log.quiet"))
    begun, decided = moment(of("run.started")[0]["at"]), moment(of("run.finished")[0]["at"])
    found = {"python, pytest, the rehearsal's world": begun - started}
    stage_of = {row["id"]: row["stage"] for event in of("checks.collected") for row in event["checks"]}
    before = begun
    for stage in STAGES:
        ends = [moment(e["finished_at"]) for e in of("check.finished") if stage_of.get(e["id"]) == stage]
        after = max(ends, default=before)
        # From the last stage's end, so that what stands between two stages is counted too.
        found[stage] = after - before - (quiet if stage == "observe" else 0.0)
        before = after
    found["last stop, verdict"] = decided - before
    found["reports, taking the world down"] = ended - decided
    return found | {"own": ended - started - quiet, "quiet window": quiet}


def main(runs: int) -> None:
    """Print the medians over `runs` warm runs."""
    with tempfile.TemporaryDirectory() as name:
        once(Path(name) / "evidence")  # byte code and disk cache
        found = [once(Path(name) / "evidence") for _ in range(runs)]
    width = max(len(part) for part in found[0])
    for part in found[0]:
        each = [run[part] for run in found]
        print(
            f"{part:{width}}  {statistics.median(each):6.2f} s"
            f"  ({min(each):.2f} to {max(each):.2f}, {runs} runs)"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
