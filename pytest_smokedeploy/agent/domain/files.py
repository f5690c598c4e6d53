"""The audit log: who did what, when and why, one JSON line each, only ever appended (extension `hold`)."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pytest_smokedeploy.agent.engines.base import utc_now
from pytest_smokedeploy.support.errors import SmokedeployError

#: The actor where nobody called: the agent itself.
AGENT = "agent"


class StateError(SmokedeployError):
    """What has to be kept over a crash can't be written or read: nothing that rests on it is begun."""


@contextmanager
def kept(what: str, remedy: str = "Free space or mend the folder's permissions.") -> Iterator[None]:
    """Turn an OSError into a StateError of the words `what`, its reason and `remedy`."""
    try:
        yield
    except OSError as error:
        raise StateError(f"{what}: {error.strerror or error}.", remedy=remedy) from error


class Audit:
    """Appends to one file; each line is on the disk before `write` returns.

    Args:
        file: the log.
        mask: takes every word before it is written.

    """

    def __init__(self, file: Path, mask: Callable[[Any], Any] = lambda value: value) -> None:
        self._file = file
        self._mask = mask

    def write(self, what: str, *, why: str, who: str = AGENT, deploy_id: str | None = None) -> None:
        """Append one line: ``{"time", "who", "what", "why", "deploy_id"?}``.

        Raises:
            StateError: it can't be written.

        """
        row = {"time": utc_now(), "who": who, "what": what, "why": why}
        if deploy_id is not None:
            row["deploy_id"] = deploy_id
        line = json.dumps(self._mask(row), ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"
        with kept(f"the audit log {self._file} can't be written"):
            handle = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                # A line that a crash cut short stays as it is; it does not take the next one with it.
                end = os.lseek(handle, 0, os.SEEK_END)
                if end and os.pread(handle, 1, end - 1) != b"\n":
                    line = b"\n" + line
                if os.write(handle, line) != len(line):
                    raise OSError("written by half")
                os.fsync(handle)
            finally:
                os.close(handle)
