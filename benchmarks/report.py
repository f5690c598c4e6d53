"""Report and evidence of a run with 16 MiB of log and of runs with 2,000 own checks, beside an ordinary one.

Of each rehearsal: seconds, processor seconds, the gate's memory at its highest, and the size of each file
that it leaves. Then, in this process, over those files: seconds and memory of making the evidence from the
journal, and the report from the evidence. The ratio to the ordinary run stands beside each figure. At the
end, what an own check takes where there are all of them beside a quarter: 1.0 is linear. Aims: report.html
under 300 KB and evidence.json under 40 KB for the ordinary run, report.html under 2 MB for any.

    python benchmarks/report.py [MIB [CHECKS]]
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from pytest_smokedeploy.evidence import Journal, build, log_lines  # noqa: E402 - the repository's own
from pytest_smokedeploy.reports import html  # noqa: E402 - likewise
from tests.rehearsal.gallery.case import before_idle  # noqa: E402 - likewise
from tests.rehearsal.gallery.gate import start  # noqa: E402 - likewise

FILES = ("report.html", "evidence.json", "journal.jsonl", "junit.xml", "startup.log")
#: KB.
AIMS = {"report": 300, "evidence": 40, "any report": 2000}
#: Each part is made so often.
TIMES = 5
#: With the time, the stream and the tag before it, a line of startup.log has 256 bytes.
LINE = "replayed event %.0f " + "and what else a runtime tells of it " * 5
CHANGES = {
    "log": {"documented": [LINE.replace("%.0f", "{number}").strip()]},
    "deadlines": {"startup_seconds": 500},
}
#: The gate's highest memory, in KiB, is written when everything else has ended.
MEASURED = """import atexit
from pathlib import Path

atexit.register(
    lambda: Path(__file__).with_name("status").write_text(Path("/proc/self/status").read_text())
)
"""
RUNTIME = """
def pytest_smokedeploy_rehearsal(folder, options):
    from pytest_smokedeploy.rehearsal import healthy

    return healthy(folder, options, runtime=Path(__file__).with_name("runtime.sh").read_text())
"""
OWN = '''import pytest

pytestmark = pytest.mark.smoke_stage("verify")


@pytest.mark.parametrize("number", range({checks}))
def test_of_our_own(smoke_status, number):
    """What the runtime promises holds."""
    assert smoke_status.raw["running"] is {right}
'''


def laid(mib: int, checks: int) -> dict[str, dict[str, str]]:
    """What lies beside the smoke tests, by the run's name; the ordinary one is the first."""
    log = before_idle(f"seq -f '{LINE}' {mib * 4096}").script()

    def own(count: int, right: str) -> dict[str, str]:
        return {"test_7_own.py": OWN.format(checks=count, right=right)}

    return {
        "ordinary": {},
        f"{mib} MiB of log": {"conftest.py": MEASURED + RUNTIME, "runtime.sh": log},
        f"{checks // 4:,} own checks": own(checks // 4, "True"),
        f"{checks:,} own checks": own(checks, "True"),
        f"{checks:,}, the first fails": own(checks, "None"),
    }


def run(folder: Path, files: Mapping[str, str]) -> dict[str, float]:
    """One rehearsal."""
    began = time.perf_counter()
    files = {"conftest.py": MEASURED, **files}
    process = start(folder, changes=CHANGES, files=files, forked=False)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - began
    memory = (folder / "repository" / "smoke" / "status").read_text().partition("VmHWM:")[2].split()[0]
    return {
        "the run, s": seconds,
        "processor, s": used.ru_utime + used.ru_stime,
        "memory, MB": int(memory) / 1024,
        **{f"{name}, KB": (folder / "evidence" / name).stat().st_size / 1000 for name in FILES},
    }


def timed(make: Callable[[], object]) -> tuple[float, float]:
    """Milliseconds that a call took, the shortest of `TIMES`, and the most MB that it held."""
    each = []
    for _ in range(TIMES):
        began = time.perf_counter()
        make()
        each.append((time.perf_counter() - began) * 1000)
    tracemalloc.start()
    make()
    most = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    return min(each), most


def made(folder: Path) -> dict[str, float]:
    """What evidence and report cost, made anew."""
    events = Journal.read(folder / "journal.jsonl")
    document, report = build(events, {}), (folder / "report.html").read_text(encoding="utf-8")

    def written() -> str:
        with log_lines(folder) as lines:
            return html.with_part(report, document, lines)

    stage = next(row["checks"] for row in document["stages"] if row["stage"] == "verify")
    began, ended = (datetime.fromisoformat(stage[at]["started_at"]) for at in (0, -1))
    figures = {"evidence": timed(lambda: build(events, {})), "report": timed(written)}
    return {
        "a check, ms": (ended - began).total_seconds() * 1000 / (len(stage) - 1),
        **{
            f"{name}, {unit}": n
            for name, pair in figures.items()
            for unit, n in zip(("ms", "MB"), pair, strict=True)
        },
    }


def main(mib: int, checks: int) -> int:
    """Print the figures, each with its ratio to the ordinary run; 1 where an aim is missed."""
    with tempfile.TemporaryDirectory(prefix="report-") as name:
        rows, worlds = {}, laid(mib, checks)
        (Path(name) / "warm").mkdir()
        run(Path(name) / "warm", {})  # byte code and disk cache
        for number, (kind, files) in enumerate(worlds.items()):
            folder = Path(name) / str(number)
            folder.mkdir()
            rows[kind] = run(folder, files) | made(folder / "evidence")
    ordinary, _, few, many, _ = rows.values()
    print(f"{'':18}" + "".join(f"{kind:>24}" for kind in rows))
    for figure, usual in ordinary.items():
        print(
            f"{figure:18}"
            + "".join(f"{row[figure]:15,.1f} ({row[figure] / usual:5.1f})" for row in rows.values())
        )
    growth = many["a check, ms"] / few["a check, ms"]
    print(f"an own check of {checks:,} beside one of {checks // 4:,}: {growth:.2f}")
    sizes = [row["report.html, KB"] for row in rows.values()]
    kept = sizes[0] < AIMS["report"] and ordinary["evidence.json, KB"] < AIMS["evidence"]
    return 0 if kept and max(sizes) < AIMS["any report"] else 1


if __name__ == "__main__":
    given = [*map(int, sys.argv[1:]), *(16, 2000)[len(sys.argv) - 1 :]]
    sys.exit(main(*given))
