"""``smokedeploy log``: a captured log held against the settings, line by line, before any gate runs.

Reads what a container engine prints (``docker logs``, with ``-t`` or without) and the ``startup.log``
that a run of the gate leaves. A file tells neither when the stop was asked nor how long it was quiet:
the shutdown is taken to begin with the first documented line after idle, and the rest is the gate's.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, Final

from pytest_smokedeploy.model import CLAUSE, MILESTONES
from pytest_smokedeploy.settings import Settings
from pytest_smokedeploy.startup_log import Line, Met, Patterns, StartupLog
from pytest_smokedeploy.support.errors import SmokedeployError

_KEPT: Final = re.compile(r"(\d{4}-\d\d-\d\dT\S+) (stdout|stderr) \[[A-Za-z0-9-]+\] ?(.*)", re.DOTALL)
_SHOWN: Final = 160
_NEXT: Final = (
    "next: a pattern for each missing clause goes under log.milestones, one for an undocumented line that is "
    "right under log.documented; what is forbidden, the runtime must not do"
)
MAX_BYTES: Final = 16 * 2**20


@dataclass(slots=True)
class Captured:
    """What a captured log shows.

    Attributes:
        rows: each line, numbered from 1, with what it met.
        missing: milestones (and RUN-1's statement) that never came.
        stop_at: the line with which the shutdown is taken to begin, 0 where none is.

    """

    rows: list[tuple[int, Met]] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    stop_at: int = 0

    @property
    def faults(self) -> list[tuple[int, Met]]:
        """Lines that would fail the run."""
        return [row for row in self.rows if row[1].kind in {"forbidden", "undocumented"}]

    @property
    def would_pass(self) -> bool:
        """Whether the gate would find nothing in these lines to fail it."""
        return bool(self.rows) and not self.faults and not self.missing

    def words(self) -> Iterator[str]:
        """The log as lines for a person: number, clause or kind, text; then what is missing, and the end."""
        for number, met in self.rows:
            label = {"forbidden": f"NO {met.clause}", "undocumented": "NO EXT-4"}.get(met.kind, "")
            label = label or met.clause or met.kind
            why = f"   <- {met.why or 'undocumented'}" if label.startswith("NO") else ""
            yield f"{number:6} {label:12} {_shown(met.line.text)}{why}"
            if number == self.stop_at:
                yield f"{'':6} {'':12} (from here on taken for the shutdown)"
        for clause in self.missing:
            yield f"{'-':>6} {f'NO {clause}':12} missing: {CLAUSE[clause].text}"
        if not self.rows:
            yield "the log is empty"
        if not self.would_pass:
            yield _NEXT
        faults = f"{len(self.faults)} lines that would fail the run, {len(self.missing)} missing"
        yield f"{len(self.rows)} lines: {'it would pass' if self.would_pass else faults}"


def read(file: BinaryIO, settings: Settings) -> Captured:
    """Hold a captured log against the settings.

    Args:
        file: the log; undecodable bytes are kept as escapes.
        settings: whose patterns are meant.

    Raises:
        SmokedeployError: it is larger than a start-up's log ever is.

    """
    whole = file.read(MAX_BYTES + 1)
    if len(whole) > MAX_BYTES:
        words = f"The log is larger than {MAX_BYTES // 2**20} MiB."
        raise SmokedeployError(words, remedy="Cut out one start-up, from its banner to its stop.")
    patterns = Patterns.build(settings.log.milestones, settings.log.forbidden, settings.log.documented)
    log, captured = StartupLog(patterns), Captured()
    for number, raw in enumerate(io.BytesIO(whole), 1):
        line = _line(raw.decode("utf-8", "backslashreplace").removesuffix("\n"))
        if log.phase == "idle" and log.documents(line):
            log.stopping()
            captured.stop_at = number
        captured.rows.append((number, log.feed(line)))
    said = {met.clause for _, met in captured.rows if met.kind in {"milestone", "statement"}}
    twice = {met.clause for _, met in captured.rows if met.kind == "forbidden"}
    wanted = [*MILESTONES, *(["RUN-1"] if "RUN-1" not in twice else [])]
    captured.missing = [clause for clause in log.missing() if clause in wanted]
    if "RUN-1" in wanted and "RUN-1" not in said:
        captured.missing.append("RUN-1")
    return captured


def _line(text: str) -> Line:
    """A line of either form."""
    if found := _KEPT.fullmatch(text):
        return Line(found[1], found[2], found[3])
    return Line("", "stdout", text)


def _shown(text: str) -> str:
    """`text` on one line of a terminal; a runtime's log gives it no orders."""
    shown = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text[:_SHOWN]).replace(
        "##[", "# #["
    )
    return shown + ("..." if len(text) > _SHOWN else "")
