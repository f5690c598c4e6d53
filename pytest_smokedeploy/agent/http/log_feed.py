"""Sends the log as NDJSON; each reader has a thread that no other call needs."""

import json
import logging
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, Final
from weakref import WeakSet

import anyio
import anyio.to_thread

from pytest_smokedeploy import contract
from pytest_smokedeploy.agent.engines.base import Log, utc_now
from pytest_smokedeploy.support.errors import EngineError

#: Readers of the log at once.
MOST: Final = 64
_HEARTBEAT_SECONDS: Final = contract.HEARTBEAT_SECONDS / 2
_LOG: Final = logging.getLogger("smokedeploy.agent")


class Readers:
    """The open readers of the log.

    Args:
        mask: masks every line before it is sent.
        leaving: set once the agent leaves; logs that are followed end by it.

    """

    def __init__(self, mask: Callable[[str], str], leaving: threading.Event) -> None:
        self._mask = mask
        self._leaving = leaving
        # One that follows a silent runtime keeps its thread: it is none of those that answer other calls.
        self._threads = anyio.CapacityLimiter(MOST)
        self._now: WeakSet[Iterator[bytes]] = WeakSet()

    @property
    def full(self) -> bool:
        """Whether no further one may begin."""
        return len(self._now) >= MOST

    def feed(self, log: Log) -> AsyncIterator[bytes]:
        """What one further reader is sent of `log`."""
        sent = records(log, self._mask, self._leaving)
        self._now.add(sent)
        return self._each(sent)

    async def _each(self, sent: Iterator[bytes]) -> AsyncIterator[bytes]:
        while (chunk := await anyio.to_thread.run_sync(next, sent, b"", limiter=self._threads)) != b"":
            yield chunk


def records(log: Log, mask: Callable[[str], str], leaving: threading.Event) -> Iterator[bytes]:
    """The log as NDJSON: lines, heartbeats in silence, and the end once the container is gone.

    An engine that fails is told as such: a reader must never take it for the runtime's end.
    """
    spoke = time.monotonic()
    try:
        while not leaving.is_set():  # then no `end`: the container goes on, and its reader asks again
            batch = next(log)
            if batch:
                # Together: a chunk of the answer costs more than a line, and a flood is many lines.
                rows = ({"time": r.time, "stream": r.stream, "line": mask(r.line)} for r in batch)
                yield b"".join(map(_ndjson, rows))
            elif time.monotonic() - spoke >= _HEARTBEAT_SECONDS:
                yield _ndjson({"heartbeat": utc_now()})
            else:
                continue
            spoke = time.monotonic()
    except StopIteration as stop:
        if stop.value is not None:
            yield _ndjson({"end": {"exit_code": stop.value.exit_code}})
    except EngineError as error:
        _LOG.warning("a log broke off: %s", error)
        yield _ndjson({"error": mask(str(error))})
    finally:
        log.close()


def _ndjson(row: dict[str, Any]) -> bytes:
    return json.dumps(row, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"
