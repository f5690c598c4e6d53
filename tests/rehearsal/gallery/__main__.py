"""Runs worlds of the gallery and prints how many ended as they state.

    python -m tests.rehearsal.gallery [NAME or FAMILY ...]

Exit status 0 if all did, 1 on a miss, 2 for a name that is none.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.rehearsal.gallery.catalogue import CASES, FAMILIES
from tests.rehearsal.gallery.gate import Ended
from tests.rehearsal.gallery.judge import caught, misses, rehearse, stopped
from tests.support.forks import SERVER
from tests.support.needs import lacking

#: A gate mostly waits, so several run beside each other.
AT_ONCE = 8


def chosen(names: Sequence[str]) -> list[str]:
    """The worlds that the command line names; all of them where it names none.

    Raises:
        SystemExit: a name is neither a world's nor a family's.

    """
    found: dict[str, None] = {}
    for name in names or FAMILIES:
        if name not in CASES and name not in FAMILIES:
            print(f"there is no world {name!r}; families are {', '.join(FAMILIES)}.", file=sys.stderr)
            raise SystemExit(2)
        found.update(dict.fromkeys(FAMILIES.get(name, [name])))
    return list(found)


def figures(runs: dict[str, Ended]) -> list[str]:
    """The lines that sum up."""
    bad = {name: run for name, run in runs.items() if not CASES[name].sound}
    sound = {name: run for name, run in runs.items() if CASES[name].sound}
    named = [name for name, run in bad.items() if run.document.get("clause", "") == CASES[name].clause]
    rows = [
        ("worlds", len(runs), len(runs)),
        ("caught", sum(caught(run) for run in bad.values()), len(bad)),
        ("named by the right clause first", len(named), len(bad)),
        ("container stopped where it can be", sum(stopped(CASES[n], r) for n, r in runs.items()), len(runs)),
        ("false alarms", sum(run.status != 0 for run in sound.values()), len(sound)),
    ]
    return [f"{words:34} {count:4} of {whole}" for words, count, whole in rows]


def main(names: Sequence[str]) -> int:
    """Run them, several at once; returns the exit status."""
    began, missed = time.monotonic(), 0
    worlds = chosen(names)
    for name in [name for name in worlds if CASES[name].needs and lacking(CASES[name].needs)]:
        print(f"left out: {name}, {lacking(CASES[name].needs)}")
        worlds.remove(name)
    with tempfile.TemporaryDirectory(prefix="gallery-") as folder, ThreadPoolExecutor(AT_ONCE) as pool:
        ahead = {
            name: pool.submit(rehearse, CASES[name], name, Path(folder) / str(n))
            for n, name in enumerate(worlds)
        }
        runs = {}
        for name, future in ahead.items():
            runs[name] = run = future.result()
            for words in misses(CASES[name], run):
                missed += 1
                print(f"MISS {name}: {' '.join(words.split())}", flush=True)
        print("\n".join(figures(runs)))
    SERVER.close()
    print(f"{missed} misses, {time.monotonic() - began:.0f} s")
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
