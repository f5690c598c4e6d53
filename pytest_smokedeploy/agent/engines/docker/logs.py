"""A container's output as Docker keeps it on disk: from any moment, to its end, whole.

Both streams come in one answer, in the order in which the engine wrote them down. A slow reader
makes the engine's sender wait, never the runtime: json-file is written whoever reads.

Podman (4.3) loses lines, and changes their order, in a followed answer that has much to send: there the log
is followed by asking again for what is new.
"""

import struct
import threading
import time
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import requests
from docker.errors import APIError

from pytest_smokedeploy.agent.engines.base import ALIVE_STATES, Log, LogEnd, LogRecord, nanoseconds
from pytest_smokedeploy.agent.engines.docker.answer_reader import AnswerReader
from pytest_smokedeploy.agent.engines.docker.api import Client, DockerApi
from pytest_smokedeploy.agent.engines.docker.errors import explained
from pytest_smokedeploy.agent.engines.docker.states import engine_state
from pytest_smokedeploy.agent.engines.lines import Lines
from pytest_smokedeploy.support.errors import EngineError

#: How long a followed log may be silent; the runtime's idle is silence.
_FOLLOW_SECONDS: Final = 24 * 3600
_SILENCE_SECONDS: Final = 1.0
#: How long a follower waits for an engine that went away: a restart takes a few seconds.
_BACK_SECONDS: Final = 60.0
_LOOK_SECONDS: Final = 0.2
_LOOK_CALL_SECONDS: Final = 5
#: Characters that wait between the engine and a slow reader.
_WAITING: Final = 1024 * 1024
#: Docker's frame: the stream, three zeros, the payload's length; a payload is one piece of a line.
_HEADER: Final = struct.Struct(">B3xL")
_STREAMS: Final = {1: "stdout", 2: "stderr"}
_PAYLOAD: Final = 4 * 1024 * 1024
#: Answers that mean: this container is gone, or is going.
_GONE: Final = frozenset({404, 409})

Frame = tuple[int, bytes, bytes]


@dataclass(slots=True)
class _Place:
    """How far a reader has come, so that it can go on where an answer broke off."""

    since: int | None
    time: bytes = b""
    same: int = 0
    skip: int = 0
    lines: dict[int, Lines] = field(default_factory=lambda: {n: Lines(name) for n, name in _STREAMS.items()})

    def params(self, *, follow: bool) -> dict[str, str]:
        """Ask from here on; what was taken of the last moment comes again, and is left out."""
        self.skip = self.same
        at = nanoseconds(self.time.decode()) if self.time else self.since
        since = {} if at is None else {"since": f"{at // 10**9}.{at % 10**9:09d}"}
        return {"stdout": "1", "stderr": "1", "timestamps": "1", "follow": "1" if follow else "0", **since}

    def take(self, frames: Iterable[Frame]) -> Iterator[LogRecord]:
        """The lines that `frames` end."""
        for stream, at, piece in frames:
            if self.skip and at == self.time:
                self.skip -= 1
                continue
            self.skip = 0
            self.same = self.same + 1 if at == self.time else 1
            self.time = at
            yield from self.lines[stream].feed(at.decode(), piece)


def read(api: DockerApi, container: str, since: str | None, *, follow: bool) -> Log:
    """Output in batches; an empty one about every second of silence.

    Returns how this container ended, by its id: whoever has its name meanwhile is not asked.

    Args:
        api: the engine.
        container: the container's id.
        since: RFC 3339 time to begin at, exact to the nanosecond, or None.
        follow: go on until the container is stopped or gone.

    Raises:
        EngineError: the engine refuses, or went away and did not come back.

    """
    place = _Place(None if since is None else nanoseconds(since))
    while True:
        try:
            yield from _answer(api, container, place, follow=follow and not api.podman)
        except EngineError as error:
            cause = error.__cause__
            if isinstance(cause, APIError) and cause.status_code in _GONE:
                ended: LogEnd | None = LogEnd(None)
                break
            if isinstance(cause, APIError) or not follow:
                raise
        was_following, ended = follow, (yield from _ended(api, container, wait=follow))
        # Once it says that the container has stopped all is on disk. A followed answer ends a little
        # earlier, at times without the last line: what is left of it is asked for.
        if not was_following or ended == LogEnd(None):
            break
        follow = ended is None
        if api.podman:
            yield ()
    if rest := [record for lines in place.lines.values() for record in lines.flush()]:
        yield rest
    return ended


def _answer(
    api: DockerApi, container: str, place: _Place, *, follow: bool
) -> Generator[Sequence[LogRecord], None, None]:
    """One answer of the engine, to its end."""
    opened, deadline = threading.Event(), time.monotonic() + api.seconds
    with api.client(seconds=_FOLLOW_SECONDS) as client:
        parts = _parts(client, container, place, opened, follow=follow)
        for batches in AnswerReader(client, parts, _WAITING).batches(_SILENCE_SECONDS):
            yield [record for batch in batches for record in batch]
            if not opened.is_set() and time.monotonic() > deadline:
                raise explained(requests.ReadTimeout("timed out"), api.host, api.seconds)


def _parts(
    client: Client, container: str, place: _Place, opened: threading.Event, *, follow: bool
) -> Generator[tuple[Sequence[LogRecord], int]]:
    """The answer's lines with their size in characters; sets `opened` once the answer begins."""
    rest = bytearray()
    with client.answer("GET", f"/containers/{container}/logs", place.params(follow=follow)) as answer:
        opened.set()
        # Docker's chunks are as long as what was there to send; none is waited for.
        for chunk in answer.iter_content(chunk_size=None):
            rest += chunk
            if records := list(place.take(_frames(rest))):
                yield records, sum(len(record.line) for record in records)


def _frames(rest: bytearray) -> Iterator[Frame]:
    """Take the whole frames at the front of `rest`."""
    start = 0
    while len(rest) - start >= _HEADER.size:
        stream, length = _HEADER.unpack_from(rest, start)
        if stream not in _STREAMS or length > _PAYLOAD:
            raise ValueError("what came is not a container's log")
        end = start + _HEADER.size + length
        if end > len(rest):
            break
        at, _, piece = bytes(rest[start + _HEADER.size : end]).partition(b" ")
        yield stream, at, piece
        start = end
    del rest[:start]


def _ended(
    api: DockerApi, container: str, *, wait: bool
) -> Generator[Sequence[LogRecord], None, LogEnd | None]:
    """How the container ended, None while it runs; waits for an engine that went away."""
    deadline = time.monotonic() + _BACK_SECONDS
    while True:
        # Before the look: an answer ends a little before the engine says that the container has.
        time.sleep(_LOOK_SECONDS if wait else 0)
        try:
            with api.client(seconds=_LOOK_CALL_SECONDS) as client:
                if (attrs := client.container(container)) is None:
                    return LogEnd(None)
                return None if engine_state(attrs) in ALIVE_STATES else LogEnd(attrs["State"]["ExitCode"])
        except EngineError:
            if not wait or time.monotonic() > deadline:
                raise
        yield ()
