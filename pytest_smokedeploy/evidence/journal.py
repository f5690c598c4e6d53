"""The append-only journal: one JSON line an event, written before anything else happens (DESIGN 6)."""

import errno
import fcntl
import json
import os
import threading
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Final

from pytest_smokedeploy.evidence.files import MOST_BYTES, opened
from pytest_smokedeploy.support.errors import EvidenceError
from pytest_smokedeploy.support.redaction import Sanitiser

_MOST: Final = MOST_BYTES["journal.jsonl"]
#: Bytes at the end of a full journal that are kept for events of at most so many: a stop's are smaller.
_RESERVED: Final = 1024 * 1024
_SMALL: Final = 4096
#: Judged from the facts before them: written at once, and safe from a loss of power with the next fact.
_JUDGED: Final = frozenset({"finding", "check.finished"})


def utc_now() -> str:
    """The time now, RFC 3339 in UTC with milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Journal:
    """Events in the order they happened; an existing journal is continued.

    Args:
        path: ``journal.jsonl``.
        sanitiser: every string passes it.

    Attributes:
        broken: why an event could not be put on disk, or "".
        shared: whether another process had it open already, and may write it still.

    """

    def __init__(self, path: Path, sanitiser: Sanitiser) -> None:
        self.path = path
        self.broken = ""
        self._sanitiser = sanitiser
        self._lock = threading.RLock()
        self._events: list[dict[str, Any]] = self.read(path) if path.exists() else []
        self._file = path.open("ab")
        # Held until the file is closed or its process has ended, whatever ended it.
        self.shared = not _locked(self._file)
        self._last = b""

    @property
    def events(self) -> list[dict[str, Any]]:
        """Every event so far."""
        with self._lock:
            return list(self._events)

    def write(self, event: str, **data: Any) -> None:  # noqa: ANN401 - JSON-like
        """Append one event, so that a killed run shows how far it came; a fact is forced to disk.

        A closed journal takes nothing more: the evidence holds its digest, and a late event of some
        thread would make it another file.
        """
        with self._lock:
            if self._file.closed or self._last:
                return
            line = self._line(event, data)
            self._events.append(json.loads(line))
            try:
                self._append(line, forced=event not in _JUDGED)
            except OSError as error:
                # A full disk must not cost the stop; the deploy is not sent once `broken` says so.
                self.broken = self.broken or error.strerror or repr(error)

    def reserve(self, event: str, **data: Any) -> bytes:  # noqa: ANN401 - JSON-like
        """Make room for one last event; until `fill` or `resume` the journal takes no other.

        The room is a line of spaces, which is no event; on a disk that is full by then the event still fits.

        Returns:
            The event's line, which has the length of the room.

        Raises:
            OSError: there is no room.

        """
        with self._lock:
            line = self._line(event, data)
            self._append(b" " * (len(line) - 1) + b"\n")
            self._last = line
            return line

    def fill(self) -> None:
        """Put the last event into its room.

        Raises:
            OSError: it can't be written.

        """
        with self._lock, self.path.open("r+b") as file:
            file.seek(-len(self._last), os.SEEK_END)
            file.write(self._last)
            file.flush()
            os.fsync(file.fileno())
            self._events.append(json.loads(self._last))

    def resume(self) -> None:
        """Take events again; the room for a last one stays empty unless it was filled."""
        with self._lock:
            self._last = b""

    def _line(self, event: str, data: Mapping[str, Any]) -> bytes:
        # The names of an event's parts are ours; names inside them may be somebody else's.
        told = {name: self._sanitiser.data(value) for name, value in data.items()}
        text = json.dumps({"at": utc_now(), "event": event, **told}, ensure_ascii=False, default=str)
        # A lone surrogate of somebody's log line is no reason to lose the event.
        return f"{text}\n".encode("utf-8", "backslashreplace")

    def _append(self, line: bytes, *, forced: bool = True) -> None:
        most = _MOST if len(line) <= _SMALL else _MOST - _RESERVED
        if os.fstat(self._file.fileno()).st_size + len(line) > most:
            raise OSError(errno.EFBIG, f"it may have {_MOST} bytes")
        self._file.write(line)
        self._file.flush()
        if forced:
            os.fsync(self._file.fileno())

    def kept(self) -> bool:
        """Whether the file still holds every event, and nothing else."""
        with self._lock, suppress(EvidenceError):
            return self.look(self.path) == (self._events, 0)
        return False

    def close(self) -> None:
        """Close the file; twice is no error, and later events are not taken."""
        with self._lock, suppress(OSError):
            self._file.close()

    @staticmethod
    def read(path: Path) -> list[dict[str, Any]]:
        """The events of a journal; a last line that was cut off mid-write is left out."""
        return Journal.look(path)[0]

    @staticmethod
    def look(path: Path) -> tuple[list[dict[str, Any]], int]:
        """A journal's events, and how many of its lines are none (one cut off at the very end aside).

        Raises:
            EvidenceError: the file can't be read, or is larger than a journal may be.

        """
        events: list[dict[str, Any]] = []
        # Not splitlines: it also splits at signs that JSON leaves as they are inside a string (U+2028).
        with opened(path) as file:
            *lines, last = file.read(_MOST).decode("utf-8", "replace").split("\n")
        for line in (*lines, last):
            with suppress(ValueError, RecursionError):
                if isinstance(row := json.loads(line), dict):
                    events.append(row)
        return events, max(0, sum(bool(line.strip()) for line in lines) - len(events))


def _locked(file: IO[bytes]) -> bool:
    """Whether no other process holds the lock; this one does from now on."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        pass  # a file system without locks, where nobody can tell
    return True
