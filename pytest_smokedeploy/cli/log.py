"""``smokedeploy log``: a captured log held against the settings, line by line, before any gate runs.

Reads what a container engine prints (``docker logs``, with ``-t`` or without, ``docker compose logs``) and
the ``startup.log`` that a run of the gate leaves. A file tells neither when the stop was asked nor how long
it was quiet: the shutdown is taken to begin with the first line after idle that documents it.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO, Final

from pytest_smokedeploy.judging import Line, LineMatch, StartupLog
from pytest_smokedeploy.log_language import Language
from pytest_smokedeploy.model import CLAUSE
from pytest_smokedeploy.support.errors import SmokedeployError

_KEPT: Final = re.compile(r"(\d{4}-\d\d-\d\dT\S+) (stdout|stderr) \[[A-Za-z0-9,-]+\] ?(.*)", re.DOTALL)
#: What `docker compose logs` puts before a line: the container's name and number.
_COMPOSE: Final = re.compile(r"([\w.-]+[-_]\d+) +\| ?")
#: What `docker logs -t` puts before a line: nanoseconds, always in UTC.
_STAMP: Final = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z) ")
_SHOWN: Final = 160
_NEXT: Final = (
    "next: a template for each missing clause goes under log.milestones, one for an undocumented line that "
    "is right under log.documented or log.shutdown; what is forbidden, the runtime must not do"
)
MAX_BYTES: Final = 16 * 2**20


@dataclass(slots=True)
class Captured:
    """What a captured log shows.

    Attributes:
        language: what a line may be.
        rows: each line, numbered from 1, with what it is.
        missing: milestones (and RUN-1's statement) that never came.
        stop_at: the line with which the shutdown is taken to begin, 0 where none is.

    """

    language: Language
    rows: list[tuple[int, LineMatch]] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    stop_at: int = 0

    @property
    def faults(self) -> list[tuple[int, LineMatch]]:
        """Lines that would fail the run."""
        return [row for row in self.rows if row[1].kind in {"forbidden", "undocumented"}]

    @property
    def would_pass(self) -> bool:
        """Whether the gate would find nothing in these lines to fail it."""
        return bool(self.rows) and not self.faults and not self.missing

    def words(self) -> Iterator[str]:
        """Lines for a person: number, clauses or kind, and message; then what is missing, and the end."""
        for number, match in self.rows:
            yield from self._row(number, match)
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

    def _row(self, number: int, match: LineMatch) -> Iterator[str]:
        reading = self.language.read(match.line.text)
        if match.kind not in {"forbidden", "undocumented"}:
            yield f"{number:6} {','.join(match.clauses) or match.kind:12} {_shown(reading.message)}"
            return
        label = f"NO {match.clause or 'EXT-4'}"
        yield f"{number:6} {label:12} {_shown(reading.message)}   <- {match.why or 'undocumented'}"
        if not reading.entries and (near := self.language.nearest([reading])):
            where = near.entry.clause or near.entry.kind
            message = "" if near.message == reading.message else f" {_shown(near.message)!r}"
            yield (
                f"{'':6} {'':12} nearest: {near.entry.template.text!r} ({where}); the two part at character "
                f"{near.at + 1}{message and ' of'}{message}"
            )


def held(rows: Sequence[Line], language: Language) -> Captured:
    """Hold the lines of a captured log against the settings' language."""
    log, captured = StartupLog(language), Captured(language)
    for number, line in enumerate(rows, 1):
        kinds = {entry.kind for entry in language.read(line.text).entries} if log.phase == "idle" else set()
        if kinds & {"shutdown", "documented"}:
            log.stopping()
            captured.stop_at = number
        captured.rows.append((number, log.feed(line)))
    said = {clause for _, match in captured.rows for clause in match.clauses}
    captured.missing = [*log.missing(), *(["RUN-1"] if "RUN-1" not in said else [])]
    return captured


def lines(file: BinaryIO) -> list[Line]:
    """The lines of a captured log, without what the tool put before each.

    Undecodable bytes are kept as escapes. UTF-16, which PowerShell's ``>`` writes, is read by its byte
    order mark.

    Raises:
        SmokedeployError: it is larger than a start-up's log ever is, or of several containers.

    """
    whole = file.read(MAX_BYTES + 1)
    if len(whole) > MAX_BYTES:
        words = f"The log is larger than {MAX_BYTES // 2**20} MiB."
        raise SmokedeployError(words, remedy="Cut out one start-up, from its banner to its stop.")
    utf16 = whole.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    text = whole.decode("utf-16" if utf16 else "utf-8-sig", "backslashreplace")
    rows = text.removesuffix("\n").split("\n") if text else []
    names = [found[1] if (found := _COMPOSE.match(row)) else "" for row in rows if row.strip("\r")]
    if names and all(names):
        if len(set(names)) > 1:
            words = f"The log is of several containers: {', '.join(sorted(set(names)))}."
            raise SmokedeployError(words, remedy="Capture one: docker compose logs --no-log-prefix SERVICE.")
        rows = [_COMPOSE.sub("", row, count=1) for row in rows]
    return [_line(row) for row in rows]


def _line(text: str) -> Line:
    """A line of any of the forms."""
    if found := _KEPT.fullmatch(text):
        return Line(found[1], found[2], found[3])
    stamp = _STAMP.match(text)
    return Line(stamp[1], "stdout", text[stamp.end() :]) if stamp else Line("", "stdout", text)


def _shown(text: str) -> str:
    """`text` on one line of a terminal; a runtime's log gives it no orders."""
    shown = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text[:_SHOWN]).replace(
        "##[", "# #["
    )
    return shown + ("..." if len(text) > _SHOWN else "")
