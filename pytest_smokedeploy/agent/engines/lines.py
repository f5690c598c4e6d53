"""Output in pieces becomes lines: each whole, or, beyond a cap, in parts that overlap."""

from collections.abc import Iterator
from typing import Final

from pytest_smokedeploy.agent.engines.base import LogRecord

#: Bytes of a line that one record holds. Spelled out as escapes they are four times as many
#: characters, and the gate cuts a record's line at 1 MiB characters.
PART: Final = 192 * 1024
#: Bytes that a part repeats of the one before: what stands across the seam is whole in one of them.
OVERLAP: Final = 8192


class Lines:
    """One stream's lines.

    Args:
        stream: ``stdout`` or ``stderr``.

    """

    def __init__(self, stream: str) -> None:
        self._stream = stream
        self._rest = bytearray()
        self._time = ""
        self._parts = 0

    def feed(self, time: str, piece: bytes) -> Iterator[LogRecord]:
        """Take `piece`, written at `time`; yields the lines that it ends."""
        *ends, rest = piece.split(b"\n")
        for end in ends:
            yield from self._add(time, end)
            yield self._last()
        if rest:
            yield from self._add(time, rest)

    def flush(self) -> Iterator[LogRecord]:
        """The last line, where the output ended without a newline."""
        if self._rest:
            yield self._last()

    def _add(self, time: str, piece: bytes) -> Iterator[LogRecord]:
        self._time = self._time or time
        self._rest += piece
        while len(self._rest) > PART:
            yield self._record(self._rest[: _seam(self._rest, PART)], goes_on=True)
            del self._rest[: _seam(self._rest, PART - OVERLAP)]
            self._time, self._parts = time, self._parts + 1

    def _last(self) -> LogRecord:
        """The line's last part, or the whole; the next line begins."""
        record = self._record(self._rest, goes_on=False)
        self._rest.clear()
        self._time, self._parts = "", 0
        return record

    def _record(self, raw: bytearray, *, goes_on: bool) -> LogRecord:
        text = raw.decode("utf-8", "backslashreplace")
        return LogRecord(self._time, self._stream, text, self._parts > 0, goes_on)


def _seam(raw: bytearray, at: int) -> int:
    """The last place up to `at` that does not cut a UTF-8 character in two."""
    places = range(at, at - 4, -1)
    return next((place for place in places if raw[place] & 0xC0 != 0x80), at)  # noqa: PLR2004 - 0b10......
