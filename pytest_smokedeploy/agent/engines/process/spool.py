"""A process's output on disk, in a file without a name: whole for every reader, and flat in memory.

A row of the file is ``TIME STREAM PIECE`` and ends with a newline; a piece carries ``+`` in front
where it ends a line, ``-`` where the line goes on.
"""

import os
import tempfile
import threading
import weakref
from collections.abc import Iterator, Sequence
from typing import IO, Final

from pytest_smokedeploy.agent.engines.base import LogRecord, nanoseconds, utc_now
from pytest_smokedeploy.agent.engines.lines import Lines

_SILENCE_SECONDS: Final = 1.0
#: Bytes that are read from a pipe, and from the file, at a time.
_CHUNK: Final = 256 * 1024
_STREAMS: Final = {b"o": "stdout", b"e": "stderr"}


class Spool:
    """What one process writes, as it comes, for any number of readers.

    Args:
        most: bytes that are kept, and the rest of the chunk that reaches them; None: no limit.

    """

    def __init__(self, most: int | None = None) -> None:
        self._most = most
        # The file is gone from its folder at once, and from the disk with its last reader.
        fd, path = tempfile.mkstemp(prefix="smokedeploy-log-")
        os.unlink(path)  # noqa: PTH108 - next to the descriptor that it belongs to
        self._fd = fd
        weakref.finalize(self, os.close, fd)
        self._size = 0
        self._lost = 0
        self._why = ""
        self._ended = False
        self._changed = threading.Condition()

    def fill(self, stream: str, pipe: IO[bytes]) -> None:
        """Take all that `pipe` gives until it is closed; never makes the process wait for a reader."""
        key = stream[3:4].encode()
        with pipe:
            while chunk := os.read(pipe.fileno(), _CHUNK):
                at = utc_now().encode()
                *ends, rest = chunk.split(b"\n")
                rows = b"".join(b"%s %s +%s\n" % (at, key, end) for end in ends)
                self._append(b"%s%s %s -%s\n" % (rows, at, key, rest), len(chunk))

    def end(self) -> None:
        """Nothing more comes."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def read(self, since: str | None, *, follow: bool) -> Iterator[Sequence[LogRecord]]:
        """Lines in batches, from the start or `since`; an empty one after a second of silence."""
        lines = {key: Lines(name) for key, name in _STREAMS.items()}
        first = None if since is None else nanoseconds(since)
        place, rest = 0, b""
        while True:
            there, ended = self._look(place, _SILENCE_SECONDS if follow else 0)
            if chunk := os.pread(self._fd, min(_CHUNK, there - place), place):
                place += len(chunk)
                *rows, rest = (rest + chunk).split(b"\n")
                records = [record for row in rows for record in _taken(row, lines)]
                yield [r for r in records if first is None or nanoseconds(r.time) >= first]
            elif ended or not follow:
                break
            else:
                yield ()
        # A line without its newline is whole only once nothing more can come.
        last = [record for one in lines.values() for record in one.flush()] if ended else []
        if self._lost:
            words = f"[the log has a gap: {self._lost} bytes could not be kept: {self._why}]"
            last.append(LogRecord(utc_now(), "stderr", words))
        if last:
            yield last

    def _look(self, place: int, seconds: float) -> tuple[int, bool]:
        """Size and end of the output, as soon as there is more than `place` or nothing more comes."""
        with self._changed:
            self._changed.wait_for(lambda: self._size > place or self._ended, seconds)
            return self._size, self._ended

    def _append(self, rows: bytes, size: int) -> None:
        with self._changed:
            if self._most is not None and self._size >= self._most:
                self._lost, self._why = self._lost + size, "it is longer than its limit"
                return
            try:
                # All of it or nothing: a row cut short would spoil the next.
                written = os.pwrite(self._fd, rows, self._size)
                if written == len(rows):
                    self._size += written
                else:
                    self._lost, self._why = self._lost + size, "the disk is full"
            except OSError as error:
                self._lost, self._why = self._lost + size, str(error.strerror)
            self._changed.notify_all()


def _taken(row: bytes, lines: dict[bytes, Lines]) -> Iterator[LogRecord]:
    at, key, piece = row.split(b" ", 2)
    newline = b"\n" if piece[:1] == b"+" else b""
    return lines[key].feed(at.decode(), piece[1:] + newline)
