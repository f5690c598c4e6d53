"""Log lines a second that the whole gate reads and judges, beside a client that only parses them.

Each rehearsal's runtime writes N documented lines before idle, plain or as JSON records. The gate's time
is from the first milestone to idle, by its journal; the client's is from opening the same agent's log to
the idle line, `json.loads` a record. Judging alone is then timed over more lines and longer ones: the time
of a line, and of a megabyte of one line, beside that of the fewest and shortest. 1.0 is linear.

    python benchmarks/log_reading.py [N [RUNS]]
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from pytest_smokedeploy import contract  # noqa: E402 - the repository's own, run from anywhere
from pytest_smokedeploy.judging import Line, StartupLog  # noqa: E402
from pytest_smokedeploy.log_language import Language, Log  # noqa: E402
from pytest_smokedeploy.rehearsal import Stack, World  # noqa: E402
from pytest_smokedeploy.settings import load  # noqa: E402
from tests.rehearsal.gallery.case import before_idle  # noqa: E402
from tests.rehearsal.gallery.gate import gate, settings_file  # noqa: E402

RECORD = '{"level": "info", "ts": "2026-01-02T03:04:05.123Z", "logger": "runtime.replay", "msg": "%s"}'
KINDS = {"plain": "replayed event %.0f", "JSON": RECORD % "replayed event %.0f"}
COUNTS = (10_000, 100_000, 1_000_000)
#: One line in a row of these: what no template meets, words, what looks like JSON, escapes, other scripts.
LONG = {
    "digits": "1",
    "words": "order ",
    "pieces": "1-",
    "JSON": '{"a": [',
    "escapes": "\x1b[1m",
    "Cyrillic": "\u043e",
}
SIZES = (100_000, 1_000_000, 10_000_000)
#: The slowest reading is to be measured, not failed.
CHANGES = {"log": {"documented": ["replayed event {number}"]}, "deadlines": {"startup_seconds": 500}}
CONFTEST = """from pathlib import Path


def pytest_smokedeploy_rehearsal(folder, options):
    from pytest_smokedeploy.rehearsal import healthy

    return healthy(folder, options, runtime=Path(__file__).with_name("runtime.sh").read_text())
"""


def runtime(kind: str, lines: int) -> World:
    """The reference runtime, which writes `lines` lines of a kind just before idle."""
    return before_idle(f"seq -f '{KINDS[kind]}' {lines}")


def by_the_gate(kind: str, lines: int) -> float:
    """Seconds that one rehearsal took from the first milestone to idle."""
    with tempfile.TemporaryDirectory(prefix="reading-") as name:
        folder = Path(name)
        files = {"conftest.py": CONFTEST, "runtime.sh": runtime(kind, lines).script()}
        run = gate(folder, changes=CHANGES, files=files)
        if run.status:
            sys.exit(f"the rehearsal ended with {run.status}:\n{run.output[-3000:]}")
        events = map(json.loads, (folder / "evidence" / "journal.jsonl").read_text().splitlines())
        at = {e["clause"]: datetime.fromisoformat(e["at"]) for e in events if e["event"] == "log.milestone"}
        return (at["OBS-6"] - at["OBS-1"]).total_seconds()


def by_a_client(kind: str, lines: int) -> float:
    """Seconds that a client took to parse the same lines."""
    with tempfile.TemporaryDirectory(prefix="reading-") as name:
        file = settings_file(Path(name), CHANGES)
        with (
            Stack(runtime(kind, lines), Path(name) / "world", load(file), file.parent) as stack,
            httpx.Client(base_url=stack.environ["DEPLOY_ENDPOINT"], timeout=120, trust_env=False) as client,
        ):
            token = {n: stack.environ[f"CF_ACCESS_CLIENT_{n}"] for n in ("ID", "SECRET")}
            client.headers.update({f"CF-Access-Client-{n.title()}": value for n, value in token.items()})
            image = f"{stack.image_repository}:{stack.image_tag}"
            client.post(contract.DEPLOY, json={"image": image, "environment": "dev"}).raise_for_status()
            began = time.perf_counter()
            with client.stream("GET", contract.LOGS, params={"follow": "true"}) as answer:
                for line in answer.iter_lines():
                    if json.loads(line).get("line", "").startswith("idle"):
                        break
            seconds = time.perf_counter() - began
            client.post(contract.STOP).raise_for_status()
            return seconds


def judging(texts: Iterable[str]) -> float:
    """Seconds that judging took over these lines, behind the milestones before idle."""
    log = StartupLog(Language({"audit-events": "/data/a", "snapshots": "/data/s"}, "", Log(**CHANGES["log"])))
    began = time.perf_counter()
    for text in texts:
        log.feed(Line("2026-01-01T00:00:00Z", "stdout", text))
    return time.perf_counter() - began


def growth() -> None:
    """Print how the time of a line grows with their number, and that of a megabyte with a line's length."""
    for kind, text in KINDS.items():
        costs = [judging(text % n for n in range(count)) / count for count in COUNTS]
        print(f"{kind:5}  a line of {', '.join(f'{n:,}' for n in COUNTS)}: {_beside(costs)}", flush=True)
    for kind, text in LONG.items():
        costs = [judging([text * (size // len(text))]) / size for size in SIZES]
        print(f"{kind:9}  a byte of {', '.join(f'{n:,}' for n in SIZES)} bytes: {_beside(costs)}", flush=True)


def _beside(costs: Sequence[float]) -> str:
    return " ".join(f"{cost / costs[0]:.2f}" for cost in costs)


def main(lines: int, runs: int) -> None:
    """Print lines a second of both, in turn, and their ratio."""
    for kind in KINDS:
        ours, theirs = [], []
        for _ in range(runs):
            ours.append(lines / by_the_gate(kind, lines))
            theirs.append(lines / by_a_client(kind, lines))
        gate_, client = statistics.median(ours), statistics.median(theirs)
        print(
            f"{kind:5}  the gate {gate_:8,.0f} lines a second ({min(ours):,.0f} to {max(ours):,.0f})"
            f"   a client {client:8,.0f}   ratio 1:{client / gate_:.1f}   ({runs} runs of {lines:,} lines)",
            flush=True,
        )


if __name__ == "__main__":
    given = [*sys.argv[1:], *("20000", "3")[len(sys.argv) - 1 :]]
    main(int(given[0]), int(given[1]))
    growth()
