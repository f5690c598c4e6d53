"""Live runs, each ended in a random way at a random moment: what outlives its bound, what is told untruly.

Each lane has an engine of its own (dockerd and containerd, or Podman's service), the agent as a process of
its own, and edge, GitHub and registry as the rehearsal has them; the gate runs as in a dispatched workflow,
over TLS. Every second run is followed by `smokedeploy stop`, every other one is left to its lease. What a run
told is held against the engine, the agent's audit log and `smokedeploy verify` (soak/judge.py).

The list of runs is made from the seed (soak/plan.py). Results are appended to FILE, one line a run; a second
call goes on where the first one ended, on the same commit alone. What failed runs left is kept in FILE.runs.
Needs root, a Docker engine's programs, docker-registry and busybox:

    python benchmarks/soak.py FILE [--runs 300] [--seed 13] [--lanes 4] [--engine podman]
    python benchmarks/soak.py FILE --only N [--seed 13] [--engine podman]

The second does one run again, keeps its folder, and adds nothing to FILE.
"""

from __future__ import annotations

import argparse
import json
import queue
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.soak.judge import KINDS, faults, stopped  # noqa: E402 - the repository's own, run from anywhere
from benchmarks.soak.lane import Lane  # noqa: E402 - likewise
from benchmarks.soak.plan import planned  # noqa: E402 - likewise
from benchmarks.soak.server import StoppedError  # noqa: E402 - likewise


class Results:
    """The file of results.

    Args:
        path: it.
        mark: what all its lines have in common: commit, seed, engine.

    """

    def __init__(self, path: Path, mark: dict[str, Any]) -> None:
        self.rows: list[dict[str, Any]] = []
        self._path, self._mark, self._lock = path, mark, threading.Lock()
        if path.exists():
            self.rows = [json.loads(line) for line in path.read_text().splitlines()]
        for row in self.rows:
            if (other := {key: row[key] for key in mark}) != mark:
                sys.exit(f"{path} holds runs of {other}, and this is {mark}: name another file.")

    def add(self, run: dict[str, Any]) -> None:
        """Append a run.

        Raises:
            RuntimeError: the tree is another one by now.

        """
        with self._lock:
            if (now := commit()) != self._mark["commit"]:
                raise RuntimeError(f"this began on {self._mark['commit']}, and the tree is {now} now")
            self.rows.append(self._mark | run)
            with self._path.open("a") as file:
                file.write(json.dumps(self._mark | run) + "\n")


def commit() -> str:
    """The commit of this tree, and whether anything in it differs."""
    words = (["rev-parse", "HEAD"], ["status", "--porcelain", "--untracked-files=no"])
    head, changed = (subprocess.check_output(["git", *given], cwd=ROOT, text=True).strip() for given in words)
    return f"{head}{' and changes' if changed else ''}"


class Soak:
    """Runs that are still to do, and where what they show goes.

    Args:
        given: the command line.
        results: takes each run, but one that is done again.

    """

    def __init__(self, given: argparse.Namespace, results: Results) -> None:
        self._given, self._results = given, results
        self._kept = given.file.with_name(f"{given.file.name}.runs")
        done = {row["number"] for row in results.rows}
        self.todo = [given.only] if given.only else [n for n in range(1, given.runs + 1) if n not in done]
        self._numbers: queue.SimpleQueue[int] = queue.SimpleQueue()
        for number in self.todo:
            self._numbers.put(number)
        # Runs with a fault, and lanes that broke.
        self.failed = 0

    def work(self, lane: Lane) -> None:
        """Do runs on a lane until there are none left; what breaks the lane leaves them to the others."""
        try:
            with lane:
                while True:
                    self._one(lane, self._numbers.get_nowait())
        except (queue.Empty, StoppedError):
            pass
        except BaseException:
            self.failed += 1
            raise

    def _one(self, lane: Lane, number: int) -> None:
        began = time.monotonic()
        run = lane.run(planned(self._given.seed, number))
        seconds, wrong = round(time.monotonic() - began, 1), faults(run)
        run |= {"seconds": seconds, "faults": wrong}
        ended = f"{run['status']} {(run['folder'] or {}).get('verdict', 'no evidence')}"
        where = "before it" if run["hurt"] is None else f"at {run['hurt']:.2f} s"
        rows = [f"{number:4} {run['way']:30} {where:12} {ended:20} {seconds:5.1f} s"]
        print("\n".join(rows + [f"     {kind}: {words}" for kind, words in wrong]), flush=True)
        self.failed += bool(wrong)
        if wrong or self._given.only:
            kept = self._kept / str(number)
            shutil.copytree(lane.folder_of(number), kept, dirs_exist_ok=True, symlinks=True)
            (kept / "run.json").write_text(json.dumps(run, indent=1))
        if not self._given.only:
            self._results.add(run)
        shutil.rmtree(lane.folder_of(number))


def told(rows: list[dict[str, Any]], seed: int) -> int:
    """Print the sum; returns how many runs have a fault."""
    times: defaultdict[str, list[float]] = defaultdict(list)
    for row in rows:
        if found := stopped(row):
            times[found[0]].append(found[1])
    print(f"\n{len(rows)} runs, seed {seed}, {rows[0]['commit'] if rows else 'none'}")
    ways = Counter(row["way"] for row in rows)
    print("ways: " + ", ".join(f"{count} {way}" for way, count in sorted(ways.items())))
    verdicts = Counter((row["folder"] or {}).get("verdict", "no evidence") for row in rows)
    print("ends: " + ", ".join(f"{count} {verdict}" for verdict, count in verdicts.most_common()))
    print("stopped by, seconds after the run was hurt:")
    for layer, seconds in sorted(times.items()):
        middle = statistics.median(seconds)
        print(f"  {layer:36} {len(seconds):4} median {middle:6.1f}, worst {max(seconds):6.1f}")
    kinds = Counter(kind for row in rows for kind in {kind for kind, _ in row["faults"]})
    print("faults: " + ", ".join(f"{kinds[kind]} {kind}" for kind in KINDS))
    failed = [row for row in rows if row["faults"]]
    for row in failed:
        again = f"again: --seed {seed} --only {row['number']}"
        print(f"  {row['number']} {row['way']}: {row['faults'][0][1]} ({again})")
    return len(failed)


def main() -> int:
    """Run them; returns 1 where a run has a fault."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", type=Path)
    parser.add_argument("--runs", type=int, default=300)
    parser.add_argument("--seed", type=int, default=13)
    parser.add_argument("--lanes", type=int, default=4)
    parser.add_argument("--engine", choices=("docker", "podman"), default="docker")
    parser.add_argument("--only", type=int, metavar="N", help="this run alone, once more")
    given = parser.parse_args()
    results = Results(given.file, {"commit": commit(), "seed": given.seed, "engine": given.engine})
    soak, stopping = Soak(given, results), threading.Event()
    for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(sign, lambda *_: stopping.set())
    with tempfile.TemporaryDirectory(prefix="sk-") as name:
        # The runtime has no capabilities, and so no way through a folder of another's.
        Path(name).chmod(0o755)
        lanes = [
            threading.Thread(
                target=soak.work, args=(Lane(Path(name) / str(one), f"soak-{one}", given.engine, stopping),)
            )
            for one in range(1, min(given.lanes, len(soak.todo)) + 1)
        ]
        for one in lanes:
            one.start()
        for one in lanes:
            one.join()
    if not given.only:
        soak.failed += told(results.rows, given.seed)
    return 1 if soak.failed else 0


if __name__ == "__main__":
    sys.exit(main())
