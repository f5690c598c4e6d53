"""Whether the engine is there: its events, an answer that stays open and ends with it."""

import threading
import time
from collections.abc import Callable, Generator
from typing import Final

from docker.errors import APIError

from pytest_smokedeploy.agent.engines.docker.answer_reader import AnswerReader
from pytest_smokedeploy.agent.engines.docker.api import Client, DockerApi
from pytest_smokedeploy.agent.engines.docker.events import EngineEvents, Row
from pytest_smokedeploy.support.errors import EngineError

#: Seconds without an event after which one answer is given up; a new request then finds an engine that
#: vanished without closing it. No container runs longer on one event (LEASE_MAX_SECONDS, by default).
_OPEN_SECONDS: Final = 3600
#: Seconds after which events that can't be read are asked for again.
_RETRY_SECONDS: Final = 60
#: Seconds between pings of an engine whose events can't be read.
_ASK_SECONDS: Final = 2.0
_LOOK_SECONDS: Final = 1.0
#: Events that may wait to be recorded before the engine has to.
_ROOM: Final = 256


def away(api: DockerApi, events: EngineEvents, closing: threading.Event, started: Callable[[], None]) -> bool:
    """Wait until the engine goes away, and record its events meanwhile.

    Args:
        api: the engine.
        events: takes every event.
        closing: ends the wait, within about a second.
        started: called when a container's start was told, or may have been missed.

    Returns:
        True once it went away, False once `closing` was set.

    """
    try:
        while not closing.is_set():
            began = time.monotonic()
            try:
                _listen(api, events, closing, started)
            except EngineError as error:
                lasted, refused = time.monotonic() - began, isinstance(error.__cause__, APIError)
                if not refused and _ASK_SECONDS <= lasted < _OPEN_SECONDS:
                    raise
                if refused or lasted < _ASK_SECONDS:
                    # Its events can't be read, or a proxy keeps no answer open: ping it instead.
                    _asked(api, closing, started)
    except EngineError:
        return not closing.is_set()
    return False


def _listen(
    api: DockerApi, events: EngineEvents, closing: threading.Event, started: Callable[[], None]
) -> None:
    """Record what the open answer tells until it ends, which raises, or `closing` is set."""
    try:
        with api.client(seconds=_OPEN_SECONDS) as client:
            for batch in AnswerReader(client, _stream(events, client), _ROOM).batches(_LOOK_SECONDS):
                if closing.is_set():
                    return
                rows = [row for row in batch if row is not None]
                if batch and not events.listening:
                    # The answer has begun: what happened before is remembered, and what follows is told.
                    # First, since only a memory that holds the last recorded event has no gap.
                    rows = [*events.catch_up(), *rows]
                    events.listening = True
                events.record(rows)
                if any(row.event.action == "start" for row in rows):
                    started()
    finally:
        events.listening = False


def _stream(events: EngineEvents, client: Client) -> Generator[tuple[Row | None, int]]:
    for row in events.stream(client):
        yield row, 1


def _asked(api: DockerApi, closing: threading.Event, started: Callable[[], None]) -> None:
    """Ask, at once and again, until it does not answer, which raises, `closing` is set, or a while passed."""
    until = time.monotonic() + _RETRY_SECONDS
    while not closing.is_set() and time.monotonic() < until:
        with api.client() as client:
            client.ping()
        started()
        closing.wait(_ASK_SECONDS)
