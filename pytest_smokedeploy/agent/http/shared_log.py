"""A log that is read and encoded once, into a file, for all who follow it at their own pace."""

import asyncio
import os
import tempfile
import threading
import weakref
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import closing, suppress
from pathlib import Path
from typing import Final

#: Bytes that a reader is sent at a time. A larger chunk keeps other calls waiting longer; a smaller one
#: costs more, since each has its price (measured: about 0.1 ms).
_CHUNK: Final = 64 * 1024
#: Bytes that are encoded ahead of the fastest reader; a batch of the engine has about as many.
_AHEAD: Final = 1024 * 1024
_SILENCE_SECONDS: Final = 1.0

#: A log as NDJSON; an empty piece is about a second of silence.
Pieces = Generator[bytes, None, None]


class SharedLog:
    """One log for its readers, who are coroutines of one event loop.

    A slow reader finds what it has not read yet in the file, and nobody waits for it. The engine is not asked
    for more while even the fastest is behind. The file has no name: it is gone with the last reader, whatever
    ends the agent.

    Args:
        pieces: the log; read in a thread of its own, and closed there.
        folder: where the file lies.

    Attributes:
        readers: how many read it now.

    Raises:
        OSError: the file can't be made.

    """

    def __init__(self, pieces: Pieces, folder: Path) -> None:
        self._fd, path = tempfile.mkstemp(prefix="log-", dir=folder)
        os.unlink(path)  # noqa: PTH108 - next to the descriptor that it belongs to
        self._release = weakref.finalize(self, os.close, self._fd)
        self.readers = 0
        self._pieces = pieces
        self._size = self._furthest = 0
        self._ended = self._closed = False
        self._error: Exception | None = None
        self._loop = asyncio.get_running_loop()
        self._grown, self._wanted = asyncio.Event(), threading.Event()
        threading.Thread(target=self._fill, name="log-encoder", daemon=True).start()

    async def read(self) -> AsyncGenerator[bytes, None]:
        """The log from its first byte to its last; an empty piece after each second of silence.

        Raises:
            OSError: the file can't be written; what was yielded is the log so far.

        """
        place = 0
        while True:
            if place < self._size:
                chunk = os.pread(self._fd, min(_CHUNK, self._size - place), place)
                place += len(chunk)
                if place > self._furthest:
                    self._furthest = place
                    self._wanted.set()
                yield chunk
                # A reader that takes each chunk at once would leave no other call its turn.
                await asyncio.sleep(0)
            elif self._error is not None:
                raise self._error
            elif self._ended:
                return
            else:
                try:
                    async with asyncio.timeout(_SILENCE_SECONDS):
                        await self._grown.wait()
                except TimeoutError:
                    yield b""

    def close(self) -> None:
        """Read no further, and let the file go: the last reader has gone."""
        self._closed = True
        self._wanted.set()
        if self._ended:
            self._release()

    # -- in the thread ---------------------------------------------------------------------

    def _fill(self) -> None:
        error: Exception | None = None
        try:
            self._write()
        except Exception as caught:  # noqa: BLE001 - whatever it was, each reader is told
            error = caught
        self._tell(self._end, error)

    def _write(self) -> None:
        size = 0
        with closing(self._pieces):
            for piece in self._pieces:
                end = size + len(piece)
                while size < end:
                    size += os.pwrite(self._fd, piece[size - end :], size)
                self._tell(self._add, end)
                while not self._closed and size - self._furthest > _AHEAD:
                    self._wanted.wait()
                    self._wanted.clear()
                if self._closed:
                    return

    def _tell(self, what: Callable[..., None], *told: object) -> None:
        # The loop is closed once the agent has left; then there is no reader either.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(what, *told)

    # -- in the loop -----------------------------------------------------------------------

    def _add(self, size: int) -> None:
        if size > self._size:
            self._size = size
            self._wake()

    def _end(self, error: Exception | None) -> None:
        self._error, self._ended = error, True
        self._wake()
        if self._closed:
            self._release()

    def _wake(self) -> None:
        """Wake who waits for more; the next wait is for what comes after."""
        self._grown.set()
        self._grown.clear()
