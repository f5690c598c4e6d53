"""Sends the log as NDJSON; a line is encoded once for all who follow it, and keeps no other call waiting."""

import json
import logging
import threading
import time
from collections.abc import AsyncGenerator, Callable, Hashable
from contextlib import aclosing
from pathlib import Path
from typing import Final
from weakref import WeakSet

import anyio
import anyio.to_thread
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from pytest_smokedeploy import contract
from pytest_smokedeploy.agent.engines.base import Log, utc_now
from pytest_smokedeploy.agent.http.shared_log import Pieces, SharedLog
from pytest_smokedeploy.support.errors import EngineError

#: Readers of the log at once.
MOST: Final = 64
_HEARTBEAT_SECONDS: Final = contract.HEARTBEAT_SECONDS / 2
#: Made once: `json.dumps` makes one for each call that wants its characters as they are.
_text: Final = json.JSONEncoder(ensure_ascii=False).encode
_LOG: Final = logging.getLogger("smokedeploy.agent")


class LogResponse(StreamingResponse):
    """An answer whose reader has left once it is over, also where the caller hung up."""

    #: A proxy that buffers (nginx does by default) passes the log on as it is written, and nobody keeps it.
    HEADERS: Final = {"X-Accel-Buffering": "no", "Cache-Control": "no-store"}

    def __init__(self, sent: AsyncGenerator[bytes, None]) -> None:
        super().__init__(sent, headers=self.HEADERS, media_type=contract.NDJSON)
        self._sent = sent

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        async with aclosing(self._sent):
            await super().__call__(scope, receive, send)


class Readers:
    """The open readers of the log.

    Args:
        mask: masks every line before it is sent.
        folder: where the file of a log that is followed lies.
        leaving: set once the agent leaves; logs that are followed end by it.

    """

    def __init__(self, mask: Callable[[str], str], folder: Path, leaving: threading.Event) -> None:
        self._mask = mask
        self._folder = folder
        self._leaving = leaving
        # One that waits for a silent runtime keeps its thread: it is none of those that answer other calls.
        self._threads = anyio.CapacityLimiter(MOST)
        self._shared: dict[Hashable, SharedLog] = {}
        self._now: WeakSet[AsyncGenerator[bytes, None]] = WeakSet()

    @property
    def full(self) -> bool:
        """Whether no further one may begin."""
        return len(self._now) >= MOST

    def feed(self, log: Log, again: Callable[[], Log], key: Hashable | None) -> AsyncGenerator[bytes, None]:
        """What one further reader is sent of `log`.

        Args:
            log: opened, and nothing of it taken.
            again: opens the same log once more.
            key: the same for each reader of a log that is followed; None: this one reads it alone.

        """
        pieces = encoded(lambda: log, self._mask)
        sent = self._each(self._alone(pieces) if key is None else self._together(pieces, again, key))
        self._now.add(sent)
        return sent

    async def _each(self, pieces: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
        """The pieces, with heartbeats in silence; no `end` where the agent leaves: the container goes on."""
        spoke = time.monotonic()
        async with aclosing(pieces):
            async for piece in pieces:
                if self._leaving.is_set():
                    return
                if piece:
                    yield piece
                elif time.monotonic() - spoke >= _HEARTBEAT_SECONDS:
                    yield b'{"heartbeat": %s}\n' % _text(utc_now()).encode()
                else:
                    continue
                spoke = time.monotonic()

    async def _together(
        self, pieces: Pieces, again: Callable[[], Log], key: Hashable
    ) -> AsyncGenerator[bytes, None]:
        """The log together with whoever follows it too; alone where it can't be kept for them."""
        place = 0
        try:
            shared = self._shared.get(key) or SharedLog(pieces, self._folder)
            self._shared[key] = shared
            shared.readers += 1
            try:
                async with aclosing(shared.read()) as chunks:
                    async for chunk in chunks:
                        place += len(chunk)
                        yield chunk
            finally:
                shared.readers -= 1
                if not shared.readers:
                    del self._shared[key]
                    shared.close()
        except OSError as error:
            _LOG.warning("a followed log can't be kept for all its readers, each reads it alone: %s", error)
        else:
            return
        async with aclosing(self._alone(encoded(again, self._mask), place)) as rest:
            async for chunk in rest:
                yield chunk

    async def _alone(self, pieces: Pieces, place: int = 0) -> AsyncGenerator[bytes, None]:
        """The log from the byte `place` on."""
        try:
            while True:
                piece = await anyio.to_thread.run_sync(next, pieces, None, limiter=self._threads)
                if piece is None:
                    return
                yield piece[place:]
                place = max(0, place - len(piece))
        finally:
            pieces.close()


def encoded(opened: Callable[[], Log], mask: Callable[[str], str]) -> Pieces:
    """The log as NDJSON: batches of lines, empty ones, and the end once the container is gone.

    An engine that fails is told as such: a reader must never take it for the runtime's end.
    """
    log = None
    try:
        log = opened()
        while True:
            batch = next(log)
            # Together: a chunk of the answer costs more than a line, and a flood is many lines.
            rows = (
                f'{{"time": {_text(r.time)}, "stream": {_text(r.stream)}, "line": {_text(mask(r.line))}}}\n'
                for r in batch
            )
            yield "".join(rows).encode("utf-8", "backslashreplace")
    except StopIteration as stop:
        if stop.value is not None:
            yield json.dumps({"end": {"exit_code": stop.value.exit_code}}).encode() + b"\n"
    except EngineError as error:
        _LOG.warning("a log broke off: %s", error)
        yield f'{{"error": {_text(mask(str(error)))}}}\n'.encode("utf-8", "backslashreplace")
    finally:
        if log is not None:
            log.close()
