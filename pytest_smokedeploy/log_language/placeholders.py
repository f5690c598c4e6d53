"""Placeholders of templates and the holes of frames: what each takes, bounded and in ASCII.

A placeholder takes the longest text that it can and gives nothing back, and no letter, digit or ``_``
follows it. There is none for a free word.
"""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final

from pytest_smokedeploy.log_language.words import LEVELS, WordLists, said

#: Takes a message and a position; returns the position behind what it takes, or -1.
Take = Callable[[str, int], int]


@dataclass(frozen=True, slots=True)
class Placeholder:
    """A named part of a line that differs from start to start.

    Attributes:
        name: as it is written between braces.
        takes: what it takes, for people, who are told of `held` beside it.
        pattern: the same as a regular expression; "" where it depends on the run.
        sample: a text that it takes, held in its place against the forbidden words.
        held: whether what it takes must hold no word of the forbidden lists.

    """

    name: str
    takes: str
    pattern: str
    sample: str
    held: bool = False

    @property
    def whole(self) -> str:
        """`pattern`, atomic, with no letter, digit or ``_`` behind it."""
        return rf"(?>{self.pattern})(?!\w)"


_DATE: Final = (
    r"(?:\d{4}-(?:0[1-9]|1[0-2])-[0-3]\d|\d{4}/(?:0[1-9]|1[0-2])/[0-3]\d|[0-3]\d/(?:0[1-9]|1[0-2])/\d{4}"
    r"|[0-3]?\d[ -](?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[ -]\d{4})"
)
_CLOCK: Final = r"(?:[01]\d|2[0-3]):[0-5]\d:[0-6]\d(?:[.,]\d{1,9})?(?: ?(?:Z|UTC|GMT|[+-]\d\d:?\d\d))?"
TIME: Final = rf"(?:(?:{_DATE}[T ])?{_CLOCK}|\d{{13}}|\d{{10}}(?:\.\d{{1,9}})?)"
_NUMBER: Final = r"[+-]?(?:\d{1,3}(?:[,_']\d{3}){1,6}|\d{1,20})(?:\.\d{1,20})?(?!\.\d)"
_SIZE: Final = r"\d{1,20}(?:\.\d{1,6})? ?(?:[kmgt]i?b|bytes?|b)"
_UNIT: Final = r"(?:ns|us|ms|s(?:ec(?:ond)?s?)?|m(?:in(?:ute)?s?)?|h(?:ours?)?)"
_SPAN: Final = rf"\d{{1,12}}(?:\.\d{{1,9}})? ?{_UNIT}"
_DURATION: Final = rf"{_SPAN}(?: ?{_SPAN}){{0,3}}"
_VERSION: Final = (
    r"v?\d{1,5}\.\d{1,5}(?:\.\d{1,5})?(?!\.\d)(?:[-.]?(?:alpha|beta|rc|dev|post|a|b)[-.]?\d{0,5}){0,2}"
    r"(?:(?:-\d{1,5})?[-+]g[0-9a-f]{7,40})?"
)
_HEX: Final = r"(?:0x|sha256:)?[0-9a-f]{7,64}"
_UUID: Final = r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"
_ID: Final = r"(?=[a-z_-]{0,63}\d)[a-z0-9][a-z0-9_-]{0,63}"
_PATH: Final = r"(?:/(?!\.{1,2}(?![\w.-]))[a-z0-9._-]{1,64}){1,12}/?"
_LISTEN: Final = r"(?:https?://)?(?:0\.0\.0\.0|127\.0\.0\.1|localhost|\[::1?\]|\*):\d{1,5}"
_LOGGER: Final = r"[a-z_][\w$-]{0,63}(?:(?:\.|::)[\w$-]{1,64}){1,12}|root|main|__main__"
_THREAD: Final = r"(?=[a-z_#.@/-]{0,63}\d)[\w#.@/-]{1,64}|main(?:thread)?"
_SOURCE: Final = (
    r"(?:[\w.-]{1,64}/){0,12}[\w-]{1,64}\.(?:py|go|rs|[jt]sx?|mjs|java|kt|rb|cc?|cpp|h|cs|exs?|scala|php):\d{1,6}"
    r"|[a-z_][\w.]{0,95}:[a-z_<][\w<>]{0,63}:\d{1,6}"
)

PLACEHOLDERS: Final = (
    Placeholder("number", "a sign, up to 20 digits, thousands marks, decimals; no unit", _NUMBER, "5"),
    Placeholder("size", "a number and B, bytes, kB, MiB and their like", _SIZE, "5 kB"),
    Placeholder("duration", "one to four numbers, each with its unit", _DURATION, "5 s"),
    Placeholder("date", "`2026-01-31`, `2026/01/31`, `31/01/2026`, `31 Jan 2026`", _DATE, "2026-01-31"),
    Placeholder("time", "a clock with or without date, fraction, zone; 10 or 13 digits", TIME, "12:00:00"),
    Placeholder("version", "2 or 3 dotted numbers, `v` before, a suffix, `-g` and a hash", _VERSION, "1.2.3"),
    Placeholder("hex", "7 to 64 hex digits, `0x` or `sha256:` before", _HEX, "abcdef01"),
    Placeholder("uuid", "a UUID", _UUID, "123e4567-e89b-12d3-a456-426614174000"),
    Placeholder("id", "up to 64 letters, digits, `-` and `_`, one of them a digit", _ID, "a1", held=True),
    Placeholder("path", "an absolute path of up to 12 parts", _PATH, "/x", held=True),
    Placeholder("listen", "this machine or each address of it, with a port", _LISTEN, "localhost:80"),
    Placeholder("mounts", "every mount's name once each, in any order, with `,` or `and`", "", "a1"),
    Placeholder("tag", "this run's image tag", "", "a1"),
)
#: The parts before a message, in frames alone. No `level` is above notice: an error's line meets nothing.
_LEVEL: Final = "trace|debug|info(?:rmation)?|notice|log"
HOLES: Final = (
    Placeholder("time", "as in templates", TIME, "12:00:00"),
    Placeholder("pid", "1 to 8 digits", r"\d{1,8}", "5"),
    Placeholder("level", "TRACE, DEBUG, INFO, INFORMATION, NOTICE or LOG", _LEVEL, "info"),
    Placeholder("logger", "dotted or with `::`; `root`, `main`, `__main__`", _LOGGER, "a.b", held=True),
    Placeholder("thread", "`main`, `MainThread`, or one token with a digit", _THREAD, "main", held=True),
    Placeholder("source", "`file.py:line` or `module:function:line`", _SOURCE, "a.py:5", held=True),
)

SAMPLES: Final = {row.name: row.sample for row in (*PLACEHOLDERS, *HOLES)}


def takers(lists: WordLists, mounts: Collection[str], tag: str) -> dict[str, Take]:
    """What each placeholder of a template takes.

    Args:
        lists: held against what `{id}` and `{path}` take.
        mounts: the settings' mounts, by name.
        tag: the run's image tag, "" where it is not known: then `{tag}` takes nothing.

    """
    return {row.name: _row(row, lists) for row in PLACEHOLDERS if row.pattern} | {
        "mounts": _mounts(mounts),
        "tag": _take(re.compile(rf"{re.escape(tag)}(?![\w.-])" if tag else "(?!)")),
    }


def hole_takers(lists: WordLists) -> dict[str, Take]:
    """What each hole of a frame takes."""
    return {row.name: _row(row, lists, LEVELS) for row in HOLES}


def _row(row: Placeholder, lists: WordLists, refused: re.Pattern[str] | None = None) -> Take:
    pattern = re.compile(row.whole, re.IGNORECASE | re.ASCII)
    if not row.held:
        return _take(pattern)
    return _take(pattern, lambda text: lists.held(text) or (refused and said(refused, text)))


def _take(pattern: re.Pattern[str], refused: Callable[[str], object] | None = None) -> Take:
    """Takes what `pattern` matches, unless `refused` is true of it."""

    def take(message: str, at: int) -> int:
        found = pattern.match(message, at)
        return -1 if found is None or (refused and refused(found[0])) else found.end()

    return take


def _mounts(names: Collection[str]) -> Take:
    wanted = sorted(name.lower() for name in names)
    name = "|".join(re.escape(one) for one in reversed(wanted))
    between = r"(?:, ?(?:and )?| and )"
    more = max(0, len(wanted) - 1)
    pattern = rf"(?>(?:{name})(?:{between}(?:{name})){{{more}}})(?![\w.-])"
    return _take(
        re.compile(pattern, re.IGNORECASE | re.ASCII),
        lambda text: sorted(re.split(between, text.lower())) != wanted,
    )
