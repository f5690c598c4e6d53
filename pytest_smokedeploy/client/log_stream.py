"""The runtime's log as it is written: NDJSON in one long answer (extension `logs`).

A reader thread parses and queues; the consumer takes records with a time-out, so that it can do other
work between two records. The agent's heartbeats tell a silent runtime from a lost connection.
"""

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Final

import httpx
from pydantic import ValidationError

from pytest_smokedeploy.client.answer import answer_of, parse_json, problems, shown
from pytest_smokedeploy.client.reading import failure
from pytest_smokedeploy.client.transport import HEAR_SECONDS, Flight, Request, Transport, late, unreachable
from pytest_smokedeploy.contract import (
    HEARTBEAT_SECONDS,
    LOGS,
    NDJSON,
    STATUS,
    End,
    Heartbeat,
    LogError,
    LogLine,
)
from pytest_smokedeploy.support.errors import ContractError, UnreachableError

LogRecord = LogLine | Heartbeat | LogError | End

CALL: Final = f"GET {LOGS}"
_HELD_BACK: Final = (
    "Switch its buffering off: it must heed the header X-Accel-Buffering (nginx: `proxy_buffering off`), and "
    "cloudflared must be 2025.4.2 or later."
)
#: Seconds without any record after which a followed stream is lost: two heartbeats, and half of one more.
IDLE_SECONDS: Final = 2.5 * HEARTBEAT_SECONDS
#: Characters of one line that are kept; a mark counts the rest.
LINE_CAP: Final = 1024 * 1024
#: Bytes of one record: a line at its cap, each character as a JSON escape, and the other fields.
RECORD_CAP: Final = 6 * LINE_CAP + 4096
#: Characters that may wait for the consumer, give or take one chunk of the answer (64 KiB); beyond it no
#: more is read, so that the agent waits. The consumer takes all at once, and so may hold as many.
QUEUE_CAP: Final = 4 * LINE_CAP
#: Characters that a queued record counts beside its line (estimated).
_FRAME: Final = 200
_KINDS: Final = dict[str, type[LogRecord]](line=LogLine, heartbeat=Heartbeat, error=LogError, end=End)


@dataclass(eq=False, repr=False)
class LogStream(AbstractContextManager["LogStream"]):
    """Records of one log answer, in order; a context manager that closes it.

    Args:
        transport: sends the request.
        request: ``GET /v1/logs``.
        follow: whether the agent keeps the stream open until the container is gone.
        open_seconds: time until the answer's head must have come.

    Raises:
        AgentError: the answer is not a log (as any other call).

    """

    transport: Transport
    request: Request
    follow: bool
    open_seconds: float

    def __post_init__(self) -> None:
        self._flight = Flight(CALL)
        self._changed = threading.Condition()
        self._queue: list[LogRecord] = []
        # Used by the consumer alone, without the lock.
        self._taken: deque[LogRecord] = deque()
        self._held = 0
        self._last = time.monotonic()
        self._opened = self._finished = self._closed = False
        self._error: BaseException | None = None
        self.ray = ""
        try:
            self.transport.launch(self._flight, self._work)
            self._open()
        except BaseException:
            self.close()
            raise

    @property
    def ended(self) -> bool:
        """True once no record can follow: the `End` was taken, or the stream is closed."""
        with self._changed:
            return self._closed or (self._finished and not self.waiting and self._error is None)

    @property
    def waiting(self) -> int:
        """The number of records that have come and were not taken yet."""
        return len(self._taken) + len(self._queue)

    def next(self, timeout: float) -> LogRecord | None:
        """The next record; None where none came within `timeout` seconds, or at the end (`ended`).

        Raises:
            UnreachableError: the stream broke off, or no record came for `IDLE_SECONDS`.
            ContractError: what came is not a record.

        """
        return self._taken.popleft() if self._taken or self._refill(timeout) else None

    def close(self) -> None:
        """End the stream at once. Twice is no error."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._flight.cut()
        self._flight.done.wait(1.0)

    def __exit__(self, *_: object) -> None:
        self.close()

    def _refill(self, timeout: float) -> bool:
        """Take what is queued; False where none came within `timeout` seconds, or at the end."""
        deadline = time.monotonic() + timeout
        with self._changed:
            while not self._queue:
                if self._closed or (self._finished and self._error is None):
                    return False
                if self._error is not None:
                    raise self._error
                now = time.monotonic()
                if now - self._last >= IDLE_SECONDS:
                    raise self._silent(f"no record and no heartbeat for {IDLE_SECONDS:g} seconds")
                if now >= deadline:
                    return False
                self._changed.wait(min(deadline - now, self._last + IDLE_SECONDS - now, HEAR_SECONDS))
            self._taken.extend(self._queue)
            self._queue.clear()
            self._held = 0
            self._changed.notify_all()
            return True

    def _open(self) -> None:
        deadline = time.monotonic() + self.open_seconds
        with self._changed:
            while not (self._opened or self._finished):
                if (left := deadline - time.monotonic()) <= 0:
                    if not self._flight.sent:
                        raise late(CALL, self.open_seconds, sent=False)
                    raise self._silent(f"nothing of its answer came within {self.open_seconds:g} seconds")
                self._changed.wait(min(left, HEAR_SECONDS))
            if self._error is not None and not self._opened:
                raise self._error

    def _work(self) -> None:
        error: BaseException | None = None
        try:
            self._receive()
        except BaseException as caught:  # noqa: BLE001 - handed to the consumer
            error = unreachable(CALL, caught, IDLE_SECONDS, sent=self._flight.sent)
        with self._changed:
            self._error = error
            self._finished = True
            self._changed.notify_all()

    def _receive(self) -> None:
        # Of each socket operation; the consumer bounds the whole by the records.
        seconds = max(self.open_seconds, IDLE_SECONDS)
        with self.transport.stream(self.request, self._flight, seconds) as response:
            self.ray = response.headers.get("cf-ray", "")
            kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
            if response.status_code != httpx.codes.OK or kind != NDJSON:
                words = f"the type {shown(kind, 60) or 'none'}, where {NDJSON} was expected"
                raise failure(answer_of(CALL, response)) or _bad(words, self.ray)
            with self._changed:
                self._opened = True
                self._last = time.monotonic()
                self._changed.notify_all()
            for batch in batches(response.iter_raw()):
                for place, record in enumerate(batch):
                    if isinstance(record, LogError):
                        self._put(batch[:place])
                        raise self._fail(f"the stream broke off: {shown(record.error, 300)}")
                    if isinstance(record, End):
                        self._put(batch[: place + 1])
                        return
                if not self._put(batch):
                    return
        if self.follow:
            raise self._fail("the stream broke off before the container's end was told")

    def _put(self, batch: list[LogRecord]) -> bool:
        """Queue `batch`; False once the stream is closed."""
        with self._changed:
            # An empty queue takes a record of any size, so that a large one can't wait for ever.
            self._changed.wait_for(lambda: self._closed or self._held < QUEUE_CAP)
            self._queue += batch
            self._held += sum(_FRAME + len(getattr(record, "line", "")) for record in batch)
            self._last = time.monotonic() if batch else self._last
            self._changed.notify_all()
            return not self._closed

    def _silent(self, words: str) -> UnreachableError:
        """The error of a stream of which nothing comes: held back on the way where the status is answered."""
        try:
            asked = Request("GET", STATUS, self.request.headers)
            answered = failure(self.transport.send(asked, self.open_seconds)) is None
        except UnreachableError:
            answered = False
        error = self._fail(words)
        if answered:
            error.message = (
                f"{CALL}: {words}, and GET {STATUS} is answered: something on the way holds it back."
            )
            error.remedy = _HELD_BACK
        return error

    def _fail(self, words: str) -> UnreachableError:
        remedy = "What the runtime did since then was not seen; look at the agent and its tunnel."
        return UnreachableError(f"{CALL}: {words}.", call=CALL, status=200, ray=self.ray, remedy=remedy)


def batches(chunks: Iterator[bytes]) -> Iterator[list[LogRecord]]:
    """Parse NDJSON: the records that each of `chunks` completes.

    Raises:
        ContractError: a line is not a record, is larger than `RECORD_CAP`, or breaks off; the records
            before it were yielded.

    """
    rest = bytearray()
    for chunk in chunks:
        # Only the new bytes are searched: a long line in many chunks costs its length once.
        searched, start = len(rest), 0
        rest += chunk
        batch = list[LogRecord]()
        try:
            while (end := rest.find(b"\n", max(searched, start))) >= 0:
                if raw := bytes(rest[start:end]).strip():
                    batch.append(parse_record(raw))
                start = end + 1
            del rest[:start]
            if len(rest) > RECORD_CAP:
                raise _bad(f"a record larger than {RECORD_CAP} bytes")
        finally:
            yield batch
    if rest.strip():
        raise _bad("half a record at its end")


def parse_record(raw: bytes) -> LogRecord:
    """One line of the stream.

    Raises:
        ContractError: it is no record of the contract.

    """
    try:
        data, twice = parse_json(raw)
    except ValueError as error:
        raise _bad(f"a line that is not JSON ({error})") from error
    kinds = [kind for kind in _KINDS if isinstance(data, dict) and kind in data]
    if len(kinds) != 1 or twice:
        raise _bad(f"a line that is no record: {shown(raw[:400].decode('utf-8', 'replace'), 80)!r}")
    try:
        record = _KINDS[kinds[0]].model_validate(data)
    except ValidationError as error:
        raise _bad(f"a record that breaks the contract ({problems(error)[0]})") from error
    if isinstance(record, LogLine) and len(record.line) > LINE_CAP:
        mark = f" [cut: {len(record.line) - LINE_CAP} characters more]"
        return record.model_copy(update={"line": record.line[:LINE_CAP] + mark})
    return record


def _bad(words: str, ray: str = "") -> ContractError:
    words, remedy = f"{CALL}: the stream carries {words}.", "Check the agent's extension `logs`."
    return ContractError(words, call=CALL, status=200, ray=ray, remedy=remedy)
