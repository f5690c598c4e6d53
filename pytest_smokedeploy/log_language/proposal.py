"""Templates to start from, proposed from captures of one runtime.

Only what differs between the captures is loosened; of a single capture, times, durations, UUIDs and process
ids alone. Zeros, paths, and the lines meant for RUN-1, OBS-3 and OBS-6 stay as they are.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from pytest_smokedeploy.log_language.defaults import MILESTONES
from pytest_smokedeploy.log_language.language import Language
from pytest_smokedeploy.log_language.placeholders import PLACEHOLDERS
from pytest_smokedeploy.log_language.templates import TemplateError

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
_ALWAYS: Final = frozenset({"pid", "time", "duration", "uuid"})
_LITERAL: Final = re.compile(r"\b(?:paper|idle|ready|waiting)\b", re.IGNORECASE)


@dataclass(slots=True)
class _Shape:
    """Lines that are alike but for their slots: literal text between, and each line's values and kinds."""

    between: list[str]
    lines: list[list[tuple[str, str]]] = field(default_factory=list)
    captures: set[int] = field(default_factory=set)


def propose(captures: Sequence[Iterable[str]], language: Language, mounts: Iterable[str]) -> Iterator[str]:
    """The `log:` block of smokedeploy.yml to start from, line by line.

    Args:
        captures: raw lines of one start-up each.
        language: of the settings as they are; what meets it is left out.
        mounts: the settings' mounts; a line that names one stays as it is.

    """
    shapes, met = _shapes(captures, language), set[str]()
    documented, excepted, left = [], list[tuple[str, str]](), []
    for capture in captures:
        met |= {entry.clause for line in capture for entry in language.read(line).entries}
    for shape in shapes:
        for text, line in _templates(shape, len(captures), tuple(mounts)):
            seen = len(shape.captures)
            note = f"  # in {seen} of {len(captures)} captures" if seen < len(captures) else ""
            try:
                language.rules.template(text)
            except TemplateError as error:
                # RUN-1 takes no exception: the rule's own words tell where such a line goes.
                held = next(iter(language.lists.held(line)), "RUN-1")
                if held != "RUN-1" and line.isprintable():
                    excepted.append((line, held))
                else:
                    left.append(f"    # {_quoted(line)} {error}")
            else:
                documented.append(f"    - {_quoted(text)}{note}")
    yield "log:"
    yield "  # A line that states a milestone goes under its clause, in place of the model's templates:"
    yield "  milestones: {}"
    yield from (f"  #   {clause}: []" for clause in MILESTONES if clause not in met)
    yield "  # A line that comes once the stop was asked goes under shutdown:"
    yield "  shutdown: []"
    yield from ["  documented:" if documented else "  documented: []", *documented]
    yield from left
    if excepted:
        yield "  # Lines with forbidden words: say why one is sound, or take it out and mend the runtime."
        yield "  excepted:"
    for line, clause in excepted:
        yield f'    - {{line: {_quoted(line)}, clause: {clause}, because: ""}}'


def _shapes(captures: Sequence[Iterable[str]], language: Language) -> list[_Shape]:
    found: dict[tuple[str, ...], _Shape] = {}
    for number, capture in enumerate(captures):
        for raw in capture:
            reading = language.read(raw)
            # What the frame that takes most off leaves of the line.
            message = min(reading.messages, key=len, default="")
            if reading.entries or not message:
                continue
            slots = [slot for slot in _SLOT.finditer(message) if slot[0] != "0"]
            edges = [0, *(edge for slot in slots for edge in slot.span()), len(message)]
            between = [message[a:b] for a, b in zip(edges[::2], edges[1::2], strict=True)]
            shape = found.setdefault(tuple(between), _Shape(between))
            shape.lines.append([(slot[0], str(slot.lastgroup)) for slot in slots])
            shape.captures.add(number)
    return list(found.values())


def _templates(shape: _Shape, captures: int, mounts: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Each template of a shape, with the first line that it was made from."""
    words = " ".join(shape.between).lower()
    stays = bool(_LITERAL.search(words)) or any(mount.lower() in words for mount in mounts)
    names = [None if stays else _name(column, captures) for column in zip(*shape.lines, strict=True)]
    made: dict[str, str] = {}
    for row in shape.lines:
        text, line = _escaped(shape.between[0]), shape.between[0]
        for (value, _), name, literal in zip(row, names, shape.between[1:], strict=True):
            text += (f"{{{name}}}" if name else _escaped(value)) + _escaped(literal)
            line += value + literal
        made.setdefault(text, line)
    yield from made.items()


def _name(column: tuple[tuple[str, str], ...], captures: int) -> str | None:
    """The placeholder for the values at one place; None where they stay as they are."""
    values, kinds = {value for value, _ in column}, {kind for _, kind in column}
    if not kinds <= _ALWAYS if captures == 1 else len(values) == 1:
        return None
    return next((name for name, pattern in _PATTERNS.items() if all(map(pattern.fullmatch, values))), None)


def _escaped(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def _quoted(text: str) -> str:
    """`text` as a YAML scalar in double quotes; a line end of YAML's (U+0085, U+2028) is none in it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(one if one.isprintable() else rf"\U{ord(one):08x}" for one in escaped) + '"'
