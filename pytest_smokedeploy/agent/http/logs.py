"""The agent's own log: one line a call, JSON for a machine or plain for a person, and no secret in either."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Any, Final, TextIO

from pytest_smokedeploy.support.redaction import Sanitiser

_FIELDS: Final = ("call", "caller", "ray", "status", "seconds")
#: Ours, and the server's underneath: its errors belong here too, its chatter does not.
_LEVELS: Final = {"smokedeploy.agent": logging.INFO, "uvicorn.error": logging.WARNING}


class _Masked(logging.Formatter):
    """A formatter of texts that pass `sanitiser`."""

    def __init__(self, sanitiser: Sanitiser) -> None:
        super().__init__()
        self._sanitiser = sanitiser


class JsonLines(_Masked):
    """One JSON object a line.

    Args:
        sanitiser: what every text passes.

    """

    def format(self, record: logging.LogRecord) -> str:
        """The record as JSON: time (UTC), level, message, and what a call's line holds."""
        row: dict[str, Any] = {"time": _time(record), "level": record.levelname.lower()}
        row["message"] = record.getMessage().strip()
        row |= {name: getattr(record, name) for name in _FIELDS if hasattr(record, name)}
        if record.exc_info:
            row["error"] = self.formatException(record.exc_info)
        return json.dumps(self._sanitiser.data(row), ensure_ascii=False)


class Plain(_Masked):
    """One line for a terminal; what could move its cursor is escaped.

    Args:
        sanitiser: what every text passes.

    """

    def format(self, record: logging.LogRecord) -> str:
        """Time, level where it is not the usual one, and the call or the message."""
        told = {name: getattr(record, name) for name in _FIELDS if hasattr(record, name)}
        words = [_time(record)[11:19]]
        if record.levelno > logging.INFO:
            words.append(record.levelname)
        if "status" in told:
            words += [str(told["status"]), str(told["call"]), f"{told['seconds']:.3f}s"]
            words += [told["caller"] or "nobody", f"ray {told['ray']}" if told["ray"] else ""]
        else:
            words.append(record.getMessage().strip())
        line = _visible(" ".join(word for word in words if word))
        if record.exc_info:
            rows = self.formatException(record.exc_info).splitlines()
            line += "".join(f"\n    {_visible(row)}" for row in rows)
        return self._sanitiser.text(line)


def start(stream: TextIO, sanitiser: Sanitiser) -> None:
    """Write to `stream` from now on: plain where a person reads it, JSON elsewhere."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Plain(sanitiser) if stream.isatty() else JsonLines(sanitiser))
    for name, level in _LEVELS.items():
        logger = logging.getLogger(name)
        logger.handlers[:] = [handler]
        logger.setLevel(level)
        logger.propagate = False


def _time(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _visible(text: str) -> str:
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in text)
