"""What a line of a log says, whatever it is dressed in: colours, control characters, look-alikes, JSON.

Two questions are kept apart. What a line *states* (a milestone, a documented line) is read off its
message alone, and only where nothing about the line is odd. What a line may *hide* is looked for in
every reading that a person or a terminal could give it.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, Self

_COLOUR: Final = re.compile(r"\x1b\[[\d;:]*m")
_ESCAPE: Final = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f]")
_BAD_BYTE: Final = re.compile(r"\\x[0-9a-f]{2}")
_BETWEEN_WORDS: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|_")
#: Letters of other alphabets that look like Latin ones; what NFKC folds is not repeated here.
_LOOK_ALIKES: Final = str.maketrans(
    "\u0430\u0432\u0435\u043a\u043c\u043d\u043e\u0440\u0441\u0442\u0443\u0445\u0456\u0458\u0455\u0501\u0261"
    "\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0425\u0406\u0408\u0405"
    "\u03bf\u03b1\u03b5\u03b9\u03ba\u03bd\u03c1\u03c4\u03c5\u03c7\u0391\u0392\u0395\u0399\u039a\u039c\u039d"
    "\u039f\u03a1\u03a4\u03a7\u0131\u0251\u04cf",
    "abekmhopctyxijsdg" + "ABEKMHOPCTXIJS" + "oaeikvptux" + "ABEIKMN" + "OPTX" + "ial",
)

_TIME: Final = (
    r"[\[(]?(?:\d{4}[-/]\d\d[-/]\d\d[T ])?\d\d:\d\d:\d\d[.,\d]*(?:Z|[+-]\d\d:?\d\d)?[\])]?"
    r"(?: (?:UTC|GMT))?"
)
_LEVEL: Final = r"[\[(]?(?:TRACE|DEBUG|INFO|INFORMATION|NOTICE)[\])]?"
_NAME: Final = r"[a-z_][\w.]*"
_PREFIX: Final = re.compile(
    rf"\s*(?:{_TIME}\s+-\s+{_NAME}\s+-\s+{_LEVEL}\s+-\s+|{_LEVEL}:{_NAME}:\s*"
    rf"|(?:{_TIME}(?:\s*[|-])?\s+)?(?:{_LEVEL}:?(?:\s*[|-])?\s+(?:\[{_NAME}\]:?\s+)?)?)",
    re.IGNORECASE,
)
_STAMP: Final = re.compile(rf"{_TIME}\s+(?=\{{)")
_LOGFMT: Final = re.compile(r'(?:^|\s)([\w.]+)=("(?:[^"\\]|\\.)*"|\S*)')
_MESSAGES: Final = ("message", "msg", "event", "text", "body")
_LEVELS: Final = frozenset({"level", "severity", "levelname", "lvl", "loglevel", "severitytext"})
_HARMLESS: Final = frozenset({"trace", "debug", "info", "information", "informational", "notice"})
#: No milestone is longer; a pattern is never let loose on a megabyte.
_STATES: Final = 4096
#: Numbers of a level: bunyan's and pino's trace, debug, info; syslog's notice, info, debug.
_HARMLESS_NUMBERS: Final = frozenset({10, 20, 30, 5, 6, 7})
#: Fields by which a record takes back what its message says: one that holds an error, one that says no.
_ERRORS: Final = frozenset(
    {"err", "error", "errors", "exc", "exception", "excinfo", "stack", "stacktrace", "traceback", "failure"}
)
_VERDICTS: Final = frozenset({"success", "succeeded", "ok", "valid", "passed", "status", "result", "outcome"})
_SAID_NO: Final = re.compile(r"(?:false|no|0|fail\w*|err\w*|invalid|denied|refused|abort\w*)", re.IGNORECASE)
_EMPTY: Final = frozenset({"", "none", "null", "false", "0", "[]", "{}"})


@dataclass(frozen=True, slots=True)
class Spelled:
    """A line of the log, read.

    Attributes:
        text: without colours and the end of the line; "" for a blank line.
        message: what it states: past time and a harmless level, or a record's message field. "" where
            it states nothing: an odd line, a record of a level above notice or without a message.
        fields: ``name: value`` for every field of a JSON record, however deep, or of a line in logfmt.
        readings: everything it may be taken for.

    """

    text: str
    message: str
    fields: tuple[str, ...]
    readings: tuple[str, ...]

    @classmethod
    def of(cls, raw: str) -> Self:
        """Read `raw`, one line as it came."""
        text = _COLOUR.sub("", raw).rstrip()
        bare = _ESCAPE.sub("", text)
        record = _record(bare)
        fields = tuple(_fields(record)) if record is not None else ()
        said = _said(text) if record is None else _message(record)
        odd = bool(_CONTROL.search(text)) or _hides(text) or len(said) > _STATES
        return cls(
            text="" if not _CONTROL.sub("", bare).strip() else text,
            message="" if odd else said,
            fields=fields if record is not None else tuple(f"{n}: {v}" for n, v in _logfmt(bare)),
            readings=tuple(dict.fromkeys(_readings(bare, (said, *fields)))),
        )


def _hides(text: str) -> bool:
    """Whether characters without a width or a shape of their own stand in it."""
    return not text.isascii() and any(unicodedata.category(c) in {"Cf", "Co", "Cn", "Cs"} for c in text)


def _readings(bare: str, more: tuple[str, ...]) -> Iterator[str]:
    for text in (bare, *more):
        yield text
        if _CONTROL.search(text):
            yield _CONTROL.sub("", text)
            yield _CONTROL.sub(" ", text)
            yield _typed(text)
        if "\\x" in text:
            yield _BAD_BYTE.sub(" ", text)
        folded = text if text.isascii() else _fold(text)
        yield folded
        yield _BETWEEN_WORDS.sub(" ", folded)


def _typed(text: str) -> str:
    """`text` as a terminal shows it, where a backspace takes back a character."""
    shown: list[str] = []
    for part in text:
        if part != "\b":
            shown.append(part)
        elif shown:
            shown.pop()
    return "".join(shown)


def _fold(text: str) -> str:
    """`text` in the Latin letters it looks like."""
    plain = unicodedata.normalize("NFKD", text)
    kept = (c for c in plain if unicodedata.category(c) not in {"Cf", "Mn"})
    return "".join(kept).translate(_LOOK_ALIKES)


def _said(text: str) -> str:
    """The message of a line that is no JSON record."""
    rest = text[found.end() :] if (found := _PREFIX.match(text)) else text
    pairs = _logfmt(rest)
    named = next((value for name, value in pairs if name in {"msg", "message"}), None)
    if named is None or named.startswith('"'):
        return rest
    return named.rstrip() if _stands(pairs) else ""


def _logfmt(text: str) -> list[tuple[str, str]]:
    """The pairs of a line in logfmt, quotes taken off."""
    found = []
    for name, value in _LOGFMT.findall(text):
        try:
            found.append((name, str(json.loads(value)) if value.startswith('"') else value))
        except ValueError:
            found.append((name, value))
    return found


def _stands(pairs: Iterable[tuple[str, object]]) -> bool:
    """Whether nothing beside the message takes it back: every level is harmless, no field is an error."""
    for given, value in pairs:
        name = re.sub(r"[^a-z]", "", given.lower())
        if name in _LEVELS and not _harmless(value):
            return False
        said = (value if isinstance(value, str) else json.dumps(value)).strip()
        if name in _ERRORS and said.lower() not in _EMPTY:
            return False
        if name in _VERDICTS and _SAID_NO.fullmatch(said):
            return False
    return True


def _harmless(level: object) -> bool:
    if isinstance(level, dict):
        level = level.get("name", "")
    if isinstance(level, str) and level.isdecimal():
        level = int(level)
    return level in _HARMLESS_NUMBERS if type(level) is int else str(level).lower() in _HARMLESS


# -- JSON records ------------------------------------------------------------------------------


class _Record(dict[str, Any]):
    """A JSON object with every pair it was written with; of a key that stands twice, too."""

    pairs: list[tuple[str, Any]]

    @classmethod
    def of(cls, pairs: list[tuple[str, Any]]) -> _Record:
        record = cls(pairs)
        record.pairs = pairs
        return record


def _record(text: str) -> _Record | None:
    """The JSON object that a line is, a time before it or not."""
    body = text.lstrip()
    body = body[stamp.end() :] if (stamp := _STAMP.match(body)) else body
    if not body.startswith("{"):
        return None
    try:
        found = json.loads(body, object_pairs_hook=_Record.of)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, _Record) else None


def _fields(record: _Record) -> Iterator[str]:
    # With a stack of our own: a record may nest as deep as its reader allowed.
    waiting: list[tuple[str, Any]] = [("", record)]
    while waiting:
        name, value = waiting.pop()
        if isinstance(value, _Record):
            waiting += reversed(value.pairs)
        elif isinstance(value, list):
            waiting += [(name, item) for item in reversed(value)]
        else:
            yield f"{name}: {value if isinstance(value, str) else json.dumps(value)}"


def _message(record: _Record) -> str:
    """What a record states, or "" where its level is above notice, it has no message, or two."""
    nested = [record.get(name) for name in ("log", "fields")]
    holders = [record, *(held for held in nested if isinstance(held, _Record))]
    if len(record.pairs) != len(record) or not all(_stands(holder.pairs) for holder in holders):
        return ""
    inner = record.get("fields")
    for holder in (record, inner):
        if isinstance(holder, dict):
            for name in _MESSAGES:
                if isinstance(holder.get(name), str):
                    said = _COLOUR.sub("", holder[name]).rstrip()
                    return "" if _CONTROL.search(said) or _hides(said) else _said(said)
    return ""
