"""Lines of captures that are alike, with the templates they make.

Times, durations, UUIDs and process ids are loosened, version and commit in a banner, and what differs
between several captures. Zeros, paths, and the lines meant for RUN-1, OBS-3 and OBS-6 stay as they are, but
for times and durations.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from pytest_smokedeploy.log_language.language import LineReading
from pytest_smokedeploy.log_language.placeholders import PLACEHOLDERS
from pytest_smokedeploy.log_language.statements import rests, states, stops
from pytest_smokedeploy.log_language.templates import escaped

#: What a differing token is proposed as: the first that takes every value seen.
_KINDS: Final = ("uuid", "listen", "time", "date", "duration", "size", "version", "number", "hex", "id")
_FLAGS: Final = re.IGNORECASE | re.ASCII
_ROWS: Final = {row.name: row.whole for row in PLACEHOLDERS}
_PATTERNS: Final = {name: re.compile(_ROWS[name], _FLAGS) for name in _KINDS}
_SLOT: Final = re.compile(
    r"(?<![\w./:-])(?:(?:(?<=pid )|(?<=pid=))(?P<pid>\d{1,8})(?!\w)|"
    + "|".join(f"(?P<{name}>{_ROWS[name]})" for name in _KINDS)
    + ")",
    _FLAGS,
)
ALWAYS: Final = frozenset({"pid", "time", "duration", "uuid"})
_LITERAL: Final = re.compile(r"\b(?:paper|idle|ready|waiting)\b", re.IGNORECASE)


#: Where in its capture a line stands; what comes after idle comes before the first line of the stop.
_Place = Literal["starting", "idle", "after idle", "stopping"]


@dataclass(slots=True, eq=False)
class LineShape:
    """Lines that are alike but for their slots: literal text between, and each line's values and kinds."""

    between: list[str]
    lines: list[list[tuple[str, str]]] = field(default_factory=list)
    captures: set[int] = field(default_factory=set)
    places: set[_Place] = field(default_factory=set)

    @property
    def text(self) -> str:
        """The first of the lines."""
        values = [value for value, _ in self.lines[0]]
        return self.between[0] + "".join(map("".join, zip(values, self.between[1:], strict=True)))


def shortest(reading: LineReading) -> str:
    """What the frame that takes most off leaves of a line."""
    return min(reading.messages, key=len, default="")


def line_shapes(captures: Sequence[Sequence[LineReading]]) -> list[LineShape]:
    """The lines that meet nothing, alike ones together, in the order in which they came first."""
    found: dict[tuple[str, ...], LineShape] = {}
    for number, capture in enumerate(captures):
        for reading, place in zip(capture, _places(capture), strict=True):
            message = shortest(reading)
            if reading.entries or not message:
                continue
            slots = [slot for slot in _SLOT.finditer(message) if slot[0] != "0"]
            edges = [0, *(edge for slot in slots for edge in slot.span()), len(message)]
            between = [message[a:b] for a, b in zip(edges[::2], edges[1::2], strict=True)]
            shape = found.setdefault(tuple(between), LineShape(between))
            shape.lines.append([(slot[0], str(slot.lastgroup)) for slot in slots])
            shape.captures.add(number)
            shape.places.add(place)
    return list(found.values())


def _places(capture: Sequence[LineReading]) -> list[_Place]:
    """Where each line of a capture stands; without an idle line none is of the stop."""
    said = [shortest(reading) for reading in capture]
    leaves = [
        stops(text) or any(entry.kind == "shutdown" for entry in reading.entries)
        for text, reading in zip(said, capture, strict=True)
    ]
    idle = next((n for n, one in enumerate(capture) if any(e.clause == "OBS-6" for e in one.entries)), None)
    if idle is None:
        # The line before the first of the stop, or the last of all; else the last that says so anyway.
        last = max((n for n, text in enumerate(said) if rests(text)), default=len(said))
        at_rest = (n for n, text in enumerate(said) if states("OBS-6", text) and all(leaves[n + 1 : n + 2]))
        idle = next(at_rest, last)
    stop = next((n for n in range(idle + 1, len(said)) if leaves[n]), len(said))
    return [_place(number, idle, stop) for number in range(len(said))]


def _place(number: int, idle: int, stop: int) -> _Place:
    """Where the line `number` stands, by the numbers of the idle line and of the first of the stop."""
    if number <= idle:
        return "idle" if number == idle else "starting"
    return "stopping" if number >= stop else "after idle"


def shape_templates(
    shape: LineShape, captures: int, mounts: tuple[str, ...], loose: frozenset[str] = ALWAYS
) -> Iterator[tuple[str, str]]:
    """Each template of a shape, with the first line that it was made from.

    Args:
        shape: the lines.
        captures: how many there are.
        mounts: their names.
        loose: kinds that are loosened where nothing differs too.

    """
    words = " ".join(shape.between).lower()
    stays = bool(_LITERAL.search(words)) or any(mount.lower() in words for mount in mounts)
    names = [_name(column, captures, loose) for column in zip(*shape.lines, strict=True)]
    kept = {"time"} if "paper" in words else {"time", "duration"}
    names = [name if not stays or name in kept else None for name in names]
    made: dict[str, str] = {}
    for row in shape.lines:
        text, line = escaped(shape.between[0]), shape.between[0]
        for (value, _), name, literal in zip(row, names, shape.between[1:], strict=True):
            text += (f"{{{name}}}" if name else escaped(value)) + escaped(literal)
            line += value + literal
        made.setdefault(text, line)
    yield from made.items()


def _name(column: tuple[tuple[str, str], ...], captures: int, loose: frozenset[str]) -> str | None:
    """The placeholder for the values at one place; None where they stay as they are."""
    values, kinds = {value for value, _ in column}, {kind for _, kind in column}
    if (captures == 1 or len(values) == 1) and not kinds <= loose:
        return None
    return next((name for name, pattern in _PATTERNS.items() if all(map(pattern.fullmatch, values))), None)
