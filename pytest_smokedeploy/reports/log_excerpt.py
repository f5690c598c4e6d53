"""The start-up log as the report shows it: the lines around the fault, and its beginning."""

import re
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pytest_smokedeploy.model import STATED
from pytest_smokedeploy.support.redaction import printable

#: Lines that are shown on either side of the fault.
_AROUND: Final = 10
#: Characters of the log that the report holds, and of one line (chosen: a phone loads and scrolls them).
MOST_CHARACTERS: Final = 64 * 1024
_LINE_CHARACTERS: Final = 2000
#: Characters by which a line is found that the evidence quotes: it cuts long ones.
_COMPARED: Final = 100
#: A line of ``startup.log``: server's time, stream, what it was taken for, text.
_LINE: Final = re.compile(r"(\S+) (\S+) \[([^\]]*)\] (.*)", re.DOTALL)


#: What a line was taken for, as its tag says where it names no clause.
_TAGS: Final[Mapping[str, str]] = {
    "documented": "a template allows the line",
    "undocumented": "no template allows it",
    "blank": "it is empty",
}


@dataclass(frozen=True, slots=True)
class LogRow:
    """One line: its number in ``startup.log``, the server's time, what it was taken for, its text.

    Attributes:
        kind: `milestone`, `fault`, or "" for any other line.

    """

    number: int
    time: str
    tag: str
    text: str
    kind: str


@dataclass(slots=True)
class LogExcerpt:
    """What the report shows of the log.

    Attributes:
        around: the lines around the first fault, or the last lines where no line is one.
        fault: whether a line of `around` is the fault.
        first: the log from its beginning, up to `MOST_CHARACTERS`.
        lines: how many lines the log has.

    """

    around: list[LogRow] = field(default_factory=list)
    fault: bool = False
    first: list[LogRow] = field(default_factory=list)
    lines: int = 0

    @property
    def key(self) -> str:
        """What stands in brackets before the lines that are shown, in one sentence; "" for nothing."""
        shown = {row.tag for row in (*self.around, *self.first)}
        clauses = ["the clause that the line meets or violates"] if shown - _TAGS.keys() - {""} else []
        meant = [*clauses, *(f"`{tag}` where {words}" for tag, words in _TAGS.items() if tag in shown)]
        return f"In brackets stands {', or '.join(meant)}." if meant else ""


def excerpt(lines: Iterable[str], document: Mapping[str, Any]) -> LogExcerpt:
    """Read the log once, in bounded memory.

    Args:
        lines: those of ``startup.log``.
        document: the evidence, which names the lines that violated a clause.

    """
    rows = document["log"]["forbidden"]
    forbidden = {(str(row.get("time")), str(row.get("line"))[:_COMPARED]) for row in rows}
    found, last, left, spent = LogExcerpt(), deque[LogRow](maxlen=_AROUND + 1), 0, 0
    for number, line in enumerate(lines, 1):
        row = _row(number, line, forbidden)
        found.lines = number
        spent += len(row.text) + len(row.time)
        if spent <= MOST_CHARACTERS:
            found.first.append(row)
        if left:
            found.around.append(row)
            left -= 1
        last.append(row)
        if row.kind == "fault" and not found.fault:
            found.around, found.fault, left = list(last), True, _AROUND
    if not found.fault:
        found.around = list(last)
    return found


def message(line: str) -> str:
    """What the runtime wrote, of a line of ``startup.log``."""
    match = _LINE.fullmatch(line.rstrip("\n"))
    return match[4] if match else line.rstrip("\n")


def _row(number: int, line: str, forbidden: set[tuple[str, str]]) -> LogRow:
    match = _LINE.fullmatch(line.rstrip("\n"))
    time, _, tag, text = match.groups() if match else ("", "", "", line)
    if tag == "undocumented" or (time, text[:_COMPARED]) in forbidden:
        kind = "fault"
    else:
        kind = "milestone" if any(clause in STATED for clause in tag.split(",")) else ""
    shown = printable(text)
    if len(shown) > _LINE_CHARACTERS:
        shown = f"{shown[:_LINE_CHARACTERS]} ... ({len(text)} characters)"
    return LogRow(number, printable(time), tag, shown, kind)
