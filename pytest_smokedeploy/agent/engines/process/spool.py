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
from pytest_smokedeploy.agent.engines.log_limit import Tail

_SILENCE_SECONDS: Final = 1.0
#: Bytes that are read from a pipe, and from the file, at a time.
_CHUNK: Final = 256 * 1024
_STREAMS: Final = {b"o": "stdout", b"e": "stderr"}


class Spool:
    """What one process writes, as it comes, for any number of readers.

    Args:
        most: bytes that are kept, and the rest of the chunk that reaches them; None: no limit. Of what
            comes then, or once the disk takes no more, the last lines are kept in memory.

    """

    def __init__(self, most: int | None = None) -> None:
        self._most = most
        # The file is gone from its folder at once, and from the disk with its last reader.
        fd, path = tempfile.mkstemp(prefix="smokedeploy-log-")
        os.unlink(path)  # noqa: PTH108 - next to the descriptor that it belongs to
        self._fd = fd
        weakref.finalize(self, os.close, fd)
        self._size = 0
        self._tail = Tail[bytes]()
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
                rows = [b"%s %s +%s\n" % (at, key, end) for end in ends]
                self._append([*rows, b"%s %s -%s\n" % (at, key, rest)] if rest else rows)

    def end(self) -> None:
        """Nothing more comes."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def read(self, since: str | None, *, follow: bool) -> Iterator[Sequence[LogRecord]]:
        """Lines in batches, from the start or `since`; an empty one after a second of silence."""
        lines = _lines()
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
        if last := [*self._rest(lines, ended=ended)]:
            yield [r for r in last if first is None or nanoseconds(r.time) >= first]

    def _rest(self, lines: dict[bytes, Lines], *, ended: bool) -> Iterator[LogRecord]:
        """What stands behind the file's last newline, the gap, and what came after it."""
        with self._changed:
            why, tail, dropped = self._why, self._tail.lines, self._tail.dropped
        if dropped:
            for one in lines.values():
                yield from one.flush()
            words = f"[the log has a gap: {dropped} bytes could not be kept: {why}]"
            yield LogRecord(utc_now(), "stderr", words)
            lines = _lines()
        for row in tail:
            yield from _taken(row.rstrip(b"\n"), lines)
        if ended:
            for one in lines.values():
                yield from one.flush()

    def _look(self, place: int, seconds: float) -> tuple[int, bool]:
        """Size and end of the output, as soon as there is more than `place` or nothing more comes."""
        with self._changed:
            self._changed.wait_for(lambda: self._size > place or self._ended, seconds)
            return self._size, self._ended

    def _append(self, rows: list[bytes]) -> None:
        with self._changed:
            if not self._why:
                self._why = self._kept(b"".join(rows))
            if self._why:
                for row in rows:
                    self._tail.add(row, _size(row))
            self._changed.notify_all()

    def _kept(self, rows: bytes) -> str:
        """Why the file did not take `rows`, or "": half a row would spoil the next, so all or none."""
        if self._most is not None and self._size >= self._most:
            return "it is longer than its limit"
        try:
            written = os.pwrite(self._fd, rows, self._size)
        except OSError as error:
            return str(error.strerror)
        if written < len(rows):
            return "the disk is full"
        self._size += written
        return ""


def _lines() -> dict[bytes, Lines]:
    return {key: Lines(name) for key, name in _STREAMS.items()}


def _size(row: bytes) -> int:
    """Bytes of what was written, with its newline where it has one."""
    piece = row.split(b" ", 2)[2]
    return len(piece) - (1 if piece[:1] == b"+" else 2)


def _taken(row: bytes, lines: dict[bytes, Lines]) -> Iterator[LogRecord]:
    at, key, piece = row.split(b" ", 2)
    newline = b"\n" if piece[:1] == b"+" else b""
    return lines[key].feed(at.decode(), piece[1:] + newline)
