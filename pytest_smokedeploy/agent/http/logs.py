"""The agent's own log: one line a call, JSON for a machine or plain for a person, and no secret in either."""

import json
import logging
from datetime import UTC, datetime
from typing import Any, Final, TextIO

from pytest_smokedeploy.support.redaction import Sanitiser, printable

_FIELDS: Final = ("call", "caller", "ray", "status", "seconds")
#: The agent's own log, and of the HTTP server under it the errors alone.
_LEVELS: Final = {"smokedeploy.agent": logging.INFO, "uvicorn.error": logging.WARNING}


class _Lines(logging.Formatter):
    """Formats one record; every text passes `sanitiser`.

    Args:
        sanitiser: masks secrets.
        plain: a line for a terminal, in place of a JSON object a line.

    """

    def __init__(self, sanitiser: Sanitiser, *, plain: bool) -> None:
        super().__init__()
        self._sanitiser = sanitiser
        self._plain = plain

    def format(self, record: logging.LogRecord) -> str:
        """Time (UTC), level, message, and what a call's line holds."""
        moment = datetime.fromtimestamp(record.created, UTC)
        time = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        message = record.getMessage().strip()
        told = {name: getattr(record, name) for name in _FIELDS if hasattr(record, name)}
        error = self.formatException(record.exc_info) if record.exc_info else ""
        if self._plain:
            level = record.levelname if record.levelno > logging.INFO else ""
            words = [time[11:19], level, *(_call(told) if "status" in told else [message])]
            lines = [" ".join(word for word in words if word), *(f"    {row}" for row in error.splitlines())]
            return self._sanitiser.text("\n".join(map(printable, lines)))
        row = {"time": time, "level": record.levelname.lower(), "message": message, **told}
        return json.dumps(self._sanitiser.data(row | ({"error": error} if error else {})), ensure_ascii=False)


def start(stream: TextIO, sanitiser: Sanitiser) -> None:
    """Write to `stream` from now on: plain where a person reads it, JSON elsewhere."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_Lines(sanitiser, plain=stream.isatty()))
    for name, level in _LEVELS.items():
        logger = logging.getLogger(name)
        logger.handlers[:] = [handler]
        logger.setLevel(level)
        logger.propagate = False


def _call(told: dict[str, Any]) -> list[str]:
    ray = f"ray {told['ray']}" if told["ray"] else ""
    return [str(told["status"]), told["call"], f"{told['seconds']:.3f}s", told["caller"] or "nobody", ray]
