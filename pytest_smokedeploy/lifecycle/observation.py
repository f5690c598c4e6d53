"""Follows the runtime's log as a stream, through idle and the quiet window, to the end of the stop."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Self

from pytest_smokedeploy.client import LogStream
from pytest_smokedeploy.contract import End, LogLine, parse_time
from pytest_smokedeploy.errors import AgentError
from pytest_smokedeploy.lifecycle.book import Book
from pytest_smokedeploy.model import Finding
from pytest_smokedeploy.startup_log import Line, Met, StartupLog

#: How long after idle the runtime may still settle before its counters are looked at.
REST_SECONDS: Final = 0.5
#: By how much two clocks may differ over a quiet window.
_GRAIN: Final = timedelta(seconds=0.2)
#: Lines of one kind that the journal and the report tell; ``startup.log`` holds all.
TOLD: Final = 100


class LogReading:
    """The log of one start-up, and what it says of each clause of the stage observe."""

    def __init__(self, log: StartupLog) -> None:
        self.log = log

    @property
    def lines(self) -> list[str]:
        """Every line so far, as it came."""
        return [line.text for line in self.log.lines]

    def shows(self, clause: str) -> Finding:
        """What the log says of `clause` (``"OBS-1"``)."""
        return self.log.finding(clause)


class Observer:
    """Reads a log stream into a StartupLog and the file ``startup.log``.

    Args:
        stream: the agent's log stream.
        log: takes the lines.
        book: takes milestones and violations as they come.
        file: ``startup.log``.
        mask: the sanitiser's `text`.
        clock: monotonic seconds.

    Attributes:
        since: when this deploy began, by the server's clock: no line of its log is older. None: not known.
        live: whether lines are shown as they come; what is read once, after the fact, stands in the file.

    """

    def __init__(  # noqa: PLR0913, PLR0917 - collaborators
        self,
        stream: LogStream,
        log: StartupLog,
        book: Book,
        file: Path,
        mask: Callable[[str], str],
        clock: Callable[[], float],
    ) -> None:
        self.log = log
        self.ended = False
        self.since: datetime | None = None
        self.live = True
        self._stream = stream
        self._book = book
        self._mask = mask
        self._clock = clock
        self._before_stop = 0
        self._idle_at: datetime | None = None
        self._quiet_until: datetime | None = None
        self._told: Counter[tuple[str, str]] = Counter()
        self._file = file.open("w", encoding="utf-8", errors="backslashreplace")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the stream and the file, and tell how many lines stand in it alone."""
        for (kind, clause), count in self._told.items():
            if kind in {"forbidden", "undocumented", "statement"} and count > TOLD:
                self._book.note("log.more", kind=kind, clause=clause, lines=count - TOLD)
        self._told.clear()
        self._stream.close()
        self._file.close()

    def until_quiet(
        self, startup_seconds: float, quiet_seconds: float, at_rest: Callable[[], None] | None = None
    ) -> None:
        """Read until idle and the quiet window passed, or a violation, the end, or the deadline.

        A forbidden line ends the observation the moment it arrives (RUN-6). `at_rest` is called once
        a little after idle, when what the runtime did to get there is over.
        """
        deadline = self._clock() + startup_seconds
        while not self.log.violated and not self.ended:
            waiting = self.log.phase == "starting"
            left = deadline - self._clock()
            if at_rest is not None and not waiting:
                rest = left - quiet_seconds + min(REST_SECONDS, quiet_seconds / 2)
                if rest <= 0:
                    at_rest()
                    at_rest = None
                    continue
                left = rest
            if left <= 0:
                if not waiting:
                    self.log.quiet(quiet_seconds)
                    if self._idle_at:
                        self._quiet_until = self._idle_at + timedelta(seconds=quiet_seconds) - _GRAIN
                    self._book.note("log.quiet", seconds=quiet_seconds)
                    self._book.announce(f"observe: quiet for {quiet_seconds:g} s after idle")
                return
            self._next(left)
            if waiting and self.log.phase == "idle":
                deadline = self._clock() + quiet_seconds

    def catch_up(self) -> None:
        """Read what has come by now, up to the first violation; waits for nothing."""
        for _ in range(self._stream.waiting):
            if not self.log.violated and not self.ended:
                self._next(0.0)

    def read_for(self, seconds: float) -> None:
        """Read what comes within `seconds`, up to the first violation."""
        deadline = self._clock() + seconds
        while not self.log.violated and not self.ended and (left := deadline - self._clock()) > 0:
            self._next(left)

    def stop_asked(self) -> None:
        """What has come by now came before the stop, and is judged so, though nobody reads it before.

        Unless something is violated already: then the observation was over, and what came since is no
        news of how the runtime keeps idle.
        """
        if self.log.violated:
            self.log.stopping()
        else:
            self._before_stop = self._stream.waiting

    def drain(self, seconds: float) -> None:
        """Read the tail until the container's end, or at most `seconds`."""
        deadline = self._clock() + seconds
        while not self.ended and (left := deadline - self._clock()) > 0:
            if self._before_stop == 0:
                self.log.stopping()
            self._before_stop -= 1
            self._next(left)

    def _next(self, seconds: float) -> None:
        try:
            record = self._stream.next(seconds)
        except AgentError as error:
            self.log.cut(str(error))
            self._book.note("log.cut", words=str(error))
            self.ended = True
            return
        if isinstance(record, LogLine):
            self._line(Line(record.time, record.stream, record.line))
        elif isinstance(record, End):
            self.log.end(record.exit_code)
            self._book.note("log.end", exit_code=record.exit_code)
            self.ended = True
        elif record is None and self._stream.ended:
            self.log.cut("the log stream ended without telling the container's end")
            self.ended = True

    def _line(self, line: Line) -> None:
        line = Line(line.time, line.stream, self._mask(line.text))
        if self.since and parse_time(line.time) < self.since:
            words = f"a line is dated {line.time}, before this deploy began at {self.since.isoformat()}"
            self.log.restarted(f"{words}: {line.text[:160]!r}")
        if self.log.phase == "stopping" and self._quiet_until and parse_time(line.time) < self._quiet_until:
            # Held back on the way, and told after the stop was asked; by the server's clock it was before.
            self.log.active("RUN-3", f"a line of the quiet window, dated {line.time}: {line.text[:160]!r}")
        met = self.log.feed(line)
        if met.kind == "milestone" and met.clause == "OBS-6":
            self._idle_at = parse_time(line.time)
        tag = met.clause or met.kind
        self._file.write(f"{line.time} {line.stream} [{tag}] {line.text}\n")
        self._file.flush()
        self._tell(met)

    def _tell(self, met: Met) -> None:
        self._told[met.kind, met.clause] += 1
        if self._told[met.kind, met.clause] > TOLD:
            return  # a flood would cost the run its time and the report its reader; the file has every line
        line = {"time": met.line.time, "stream": met.line.stream, "line": met.line.text[:2000]}
        if met.kind in {"milestone", "statement"}:
            self._book.note("log.milestone", clause=met.clause, **line)
            self._show(f"observe: {met.clause} {met.line.text[:160]}")
        elif met.kind == "forbidden":
            self._book.note("log.forbidden", clause=met.clause, why=met.why, **line)
            self._book.announce(f"observe: {met.clause} violated, {met.why}: {met.line.text[:160]}")
        elif met.kind == "undocumented":
            self._book.note("log.undocumented", **line)
            self._show(f"observe: undocumented line: {met.line.text[:160]}")

    def _show(self, line: str) -> None:
        if self.live:
            self._book.announce(line)
