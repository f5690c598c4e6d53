"""Records: a line that is one JSON object, or logfmt as a whole, reduced to its message.

What every record carries goes (time, harmless level, logger, pid, host, version). Every other field is
appended to the message as ``key=value``, in the order of the keys, and so has to be written in a template.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from pytest_smokedeploy.log_language.placeholders import HOLES, PLACEHOLDERS, TIME
from pytest_smokedeploy.log_language.words import LEVELS, WordLists, said

_DEPTH: Final = 4
#: In the order in which they count: where a record has two, the other is a field.
MESSAGES: Final = ("msg", "message", "fields.message", "event", "@m")
_TIMES: Final = frozenset({"time", "ts", "t", "timestamp", "@timestamp", "asctime", "datetime", "@t"})
_LEVELS: Final = frozenset(
    {"level", "severity", "levelname", "lvl", "loglevel", "log.level", "level.name", "severitytext", "@l"}
)
#: Levels up to notice; the numbers are trace, debug and info of the loggers that count in tens.
_HARMLESS: Final = frozenset({"trace", "debug", "info", "information", "notice", "log", "10", "20", "30"})
_ROWS: Final = {row.name: row.pattern for row in (*PLACEHOLDERS, *HOLES)}
#: What goes beside times and levels: keys, and what their values must be.
_TOKENS: Final = {
    key: re.compile(pattern, re.IGNORECASE | re.ASCII)
    for keys, pattern in (
        (("logger", "logger_name", "name", "log.logger"), _ROWS["logger"]),
        (("pid", "process.pid"), _ROWS["pid"]),
        # A dotted name may be another host's.
        (("host", "hostname", "host.name"), r"[a-z0-9_-]{1,64}"),
        # The version of a record's form is one digit.
        (("version", "@version", "v"), rf"\d|{_ROWS['version']}"),
    )
    for key in keys
}
_TIME: Final = re.compile(rf"{TIME}|\d{{1,20}}(?:\.\d{{1,20}})?", re.IGNORECASE | re.ASCII)
_PAIR: Final = r'([\w.@-]{1,64}+)=("(?:[^"\\]|\\.)*+"|[^\s"=]*+)'
_PAIRS: Final = re.compile(_PAIR, re.ASCII)
_LOGFMT: Final = re.compile(rf"{_PAIR}(?: {_PAIR})++", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Object:
    """A JSON object with every pair it was written with; none stands in a list."""

    pairs: list[tuple[str, Any]]


def reduce(line: str, lists: WordLists) -> str | None:
    """The message of a record with its fields.

    Args:
        line: a line without its end.
        lists: held against what a field that goes says.

    Returns:
        None where the line is no record, or one that is not reduced: a key twice, no message, a level above
        notice, more than four levels of objects, an object in a list.

    """
    try:
        pairs = list(_flat(_json(line), "", 1) if line.startswith("{") else _logfmt(line))
    except (TypeError, ValueError, RecursionError):
        return None
    if len(fields := dict(pairs)) != len(pairs):
        return None
    name = next((one for one in MESSAGES if one in fields), None)
    levels = [value for key, value in pairs if key.lower() in _LEVELS]
    if name is None or any(value.lower() not in _HARMLESS for value in levels):
        return None
    gone = [(k, v) for k, v in pairs if k != name and _goes(k.lower(), v)]
    tokens = [v for k, v in gone if k.lower() in _TOKENS]
    # Held one by one and together: words of a phrase may stand in several fields.
    if any(lists.held(text) or said(LEVELS, text) for text in (*tokens, " ".join(tokens))):
        gone = []
    rest = sorted({*pairs} - {*gone, (name, fields[name])})
    return " ".join([fields[name], *(f"{key}={value}" for key, value in rest)])


def lacks_message(line: str) -> bool:
    """Whether a line is a JSON object without a message."""
    try:
        return line.startswith("{") and not {*dict(_flat(_json(line), "", 1))} & {*MESSAGES}
    except (TypeError, ValueError, RecursionError):
        return False


def _goes(key: str, value: str) -> bool:
    pattern = _TIME if key in _TIMES else _TOKENS.get(key)
    return key in _LEVELS or (pattern is not None and pattern.fullmatch(value) is not None)


def _json(line: str) -> _Object:
    record: _Object = json.loads(line, object_pairs_hook=_Object, parse_int=str, parse_float=str)
    return record


def _flat(record: _Object, prefix: str, depth: int) -> Iterator[tuple[str, str]]:
    if depth > _DEPTH:
        raise ValueError("nested too deeply")
    for key, value in record.pairs:
        if isinstance(value, _Object) and value.pairs:
            yield from _flat(value, f"{prefix}{key}.", depth + 1)
        else:
            empty = "{}" if isinstance(value, _Object) else None
            yield f"{prefix}{key}", value if isinstance(value, str) else empty or json.dumps(value)


def _logfmt(line: str) -> Iterator[tuple[str, str]]:
    for key, value in _PAIRS.findall(line) if _LOGFMT.fullmatch(line) else ():
        yield key, str(json.loads(value)) if value.startswith('"') else value
