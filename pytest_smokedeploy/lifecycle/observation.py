"""Follows the runtime's log as a stream, through idle and the quiet window, to the end of the stop."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final, Self

from pytest_smokedeploy.client import LogRecord, LogStream
from pytest_smokedeploy.contract import HEARTBEAT_SECONDS, End, Heartbeat, LogLine, parse_time
from pytest_smokedeploy.judging import Line, LineMatch, StartupLog
from pytest_smokedeploy.lifecycle.recorder import FactRecorder
from pytest_smokedeploy.model import Finding
from pytest_smokedeploy.support.errors import AgentError

#: How long after idle the runtime may still settle before its counters are looked at.
REST_SECONDS: Final = 0.5
#: Seconds between two looks at the status within the quiet window.
LOOK_SECONDS: Final = 1.0
#: Seconds for which a log that still arrives is read beyond the time by which it was due (chosen: 100,000
#: JSON lines take that long on a busy machine; well within a job's time-out). Past it nothing is proven.
READING_SECONDS: Final = 120.0
#: A line that comes so many seconds after it was written, or a log so many seconds without one, tells a slow
#: way from a silent runtime (chosen: longer than any pause of a way that works).
LAG_SECONDS: Final = 3.0
#: Seconds without any record in which a heartbeat, late by a quarter, would have come.
_STALLED_SECONDS: Final = 1.25 * HEARTBEAT_SECONDS
#: By how much two clocks may differ over a quiet window.
_GRAIN_SECONDS: Final = 0.2
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
        facts: takes milestones and violations as they come.
        file: ``startup.log``.
        mask: the sanitiser's `text`.
        clock: monotonic seconds.

    Attributes:
        since: when this deploy began, by the server's clock: no line of its log is older. None: not known.
        live: whether lines are shown as they come; what is read once, after the fact, stands in the file.
        started: when the container started, by the server's clock: idle is due by it. None: not known.

    """

    def __init__(  # noqa: PLR0913, PLR0917 - collaborators
        self,
        stream: LogStream,
        log: StartupLog,
        facts: FactRecorder,
        file: Path,
        mask: Callable[[str], str],
        clock: Callable[[], float],
    ) -> None:
        self.log = log
        self.ended = False
        self.since: datetime | None = None
        self.live = True
        self.started: datetime | None = None
        self._stream = stream
        self._facts = facts
        self._mask = mask
        self._clock = clock
        self._before_stop = 0
        self._startup_seconds = 0.0
        # Seconds since 1970 by the server's clock: of the last record and line, when idle is due, and no
        # later than the stop was asked.
        self._at = self._written = self._stop_at = -math.inf
        self._due = math.inf
        # Seconds of the gate's clock: when a line and when a record was taken last.
        self._spoke = self._heard = clock()
        # Seconds between the two: the least of a kind's records, and what the last is beyond it.
        self._least: dict[type[LogRecord], float] = {}
        self._behind = 0.0
        self._told: Counter[tuple[str, str]] = Counter()
        self._file = file.open("w", encoding="utf-8", errors="backslashreplace")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the stream and the file, and tell how many lines stand in it alone."""
        for (kind, clause), count in self._told.items():
            if kind in {"forbidden", "undocumented", "milestone"} and count > TOLD:
                self._facts.note("log.more", kind=kind, clause=clause, lines=count - TOLD)
        self._told.clear()
        self._stream.close()
        self._file.close()

    def until_quiet(
        self,
        startup_seconds: float,
        quiet_seconds: float,
        at_rest: Callable[[], None] | None = None,
        look: Callable[[], None] = lambda: None,
    ) -> None:
        """Read until idle and the quiet window passed, or a violation, the end, or the deadline.

        A forbidden line ends the observation the moment it arrives (RUN-6).

        Args:
            startup_seconds: from the container's start to idle, by the server's times; by the gate's clock
                where nothing comes.
            quiet_seconds: from idle, as it arrives.
            at_rest: called once a little after idle, when what the runtime did to get there is over.
            look: called every second of the quiet window: nothing happens in a container that is paused.

        """
        if self._until_idle(startup_seconds):
            self._through_window(quiet_seconds, at_rest, look)
        self._file.flush()

    def _until_idle(self, seconds: float) -> bool:
        """Read until idle; False where it was not reached. What was written in time is read, however late."""
        self._startup_seconds = seconds
        if self.started:
            self._due = self.started.timestamp() + seconds
        deadline = self._clock() + seconds
        while self.log.phase == "starting" and not self.log.violated and not self.ended:
            left = deadline - self._clock()
            if left <= -READING_SECONDS:
                self._overrun(READING_SECONDS, "idle was due")
                return False
            if left <= 0 and not self._stream.waiting and (left := self._under_way()) <= 0:
                self.log.overdue(seconds)
                return False
            self._next(max(0.0, left))
        return self.log.phase == "idle"

    def _under_way(self) -> float:
        """Seconds to wait for lines that were written in time and may still come; 0 where none can."""
        if self._at > self._due:
            return 0.0
        now = self._clock()
        if self._behind > LAG_SECONDS or now - self._heard > _STALLED_SECONDS:
            return LAG_SECONDS
        return self._spoke + LAG_SECONDS - now

    def _through_window(
        self, seconds: float, at_rest: Callable[[], None] | None, look: Callable[[], None]
    ) -> None:
        idle = looked = self._clock()
        rest = idle + min(REST_SECONDS, seconds / 2)
        while not self.log.violated and not self.ended:
            now = self._clock()
            if at_rest is not None and now >= rest:
                at_rest()
                at_rest = None
                continue
            if now - looked >= LOOK_SECONDS:
                look()
                looked = self._clock()
                continue
            left = (idle + seconds if at_rest is None else rest) - now
            if left <= -READING_SECONDS:
                self._overrun(READING_SECONDS, "the quiet window was over")
                return
            if left <= 0 and not self._stream.waiting:
                self.log.quiet(seconds)
                self._facts.note("log.quiet", seconds=seconds)
                self._facts.announce(f"observe: quiet for {seconds:g} s after idle")
                return
            self._next(max(0.0, min(left, looked + LOOK_SECONDS - now)))

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
        """Lines received by now, or of an idle runtime and older by the server's clock, came before the stop.

        Unless something is violated already: then the observation was over, and what came since is no
        news of how the runtime keeps idle.
        """
        if self.log.violated:
            self.log.stopping()
            return
        self._before_stop = self._stream.waiting
        if self.log.phase == "idle":
            # What passed since the last line was taken is less than what passed since it was written.
            self._stop_at = self._written + self._clock() - self._spoke - _GRAIN_SECONDS

    def drain(self, silence: float, most: float) -> bool:
        """Read the tail to the container's end; False where the log fell silent without one.

        Args:
            silence: seconds without a line after which none is expected any more.
            most: seconds after which no more is read; `silence` of them once the run is interrupted, since
                whoever interrupts it kills it soon.

        """
        began = self._clock()
        while not self.ended:
            now = self._clock()
            left = max(began, self._spoke) + silence - now
            if left <= 0 and not self._stream.waiting:
                return False
            bound = min(most, silence) if self._facts.record.interrupted else most
            if now >= began + bound:
                self._overrun(bound, "the stop")
                break
            record = self._take(max(0.0, min(left, began + bound - now)))
            self._before_stop -= 1
            if self._before_stop < 0:
                self.log.stopping()
            self._judge(record)
        self._file.flush()
        return True

    def _overrun(self, seconds: float, since: str) -> None:
        words = f"the log could not be read in time: it still arrived {seconds:g} s after {since}"
        self.log.cut(words)
        self._facts.note("log.cut", words=words)

    def _next(self, seconds: float) -> None:
        self._judge(self._take(seconds))

    def _take(self, seconds: float) -> LogRecord | None:
        """The next record within `seconds`, its time noted; None where none came."""
        if not self._stream.waiting:
            self._file.flush()
        try:
            record = self._stream.next(seconds)
        except AgentError as error:
            self.log.cut(str(error))
            self._facts.note("log.cut", words=str(error))
            self.ended = True
            return None
        if isinstance(record, LogLine | Heartbeat):
            self._heard = self._clock()
            if isinstance(record, LogLine):
                self._spoke = self._heard
            self._at = parse_time(
                record.time if isinstance(record, LogLine) else record.heartbeat
            ).timestamp()
            # A kind by itself: the engine's clock dates lines, the agent's heartbeats.
            apart, kind = self._heard - self._at, type(record)
            self._least[kind] = min(apart, self._least.get(kind, apart))
            self._behind = apart - self._least[kind]
        return record

    def _judge(self, record: LogRecord | None) -> None:
        if isinstance(record, LogLine):
            self._line(Line(record.time, record.stream, self._mask(record.line)))
        elif isinstance(record, End):
            self.log.end(record.exit_code)
            self._facts.note("log.end", exit_code=record.exit_code)
            self.ended = True
        elif record is None and self._stream.ended and not self.ended:
            self.log.cut("the log stream ended without telling the container's end")
            self.ended = True

    def _line(self, line: Line) -> None:
        self._written = self._at
        if self.since and self._at < self.since.timestamp():
            words = f"a line is dated {line.time}, before this deploy began at {self.since.isoformat()}"
            self.log.restarted(f"{words}: {line.text[:160]!r}")
        if self.log.phase == "stopping" and self._at < self._stop_at:
            # Held back on the way, and told after the stop was asked; by the server's clock it was before.
            self.log.active("RUN-3", f"a line from before the stop, dated {line.time}: {line.text[:160]!r}")
        late = self.log.phase == "starting" and self._at > self._due
        match = self.log.feed(line)
        if late:
            what = "idle" if "OBS-6" in match.clauses else "a line before idle"
            took = self._at - self._due + self._startup_seconds
            words = f"{what} came {took:.1f} s after the container's start, by the server's times"
            self.log.late(
                f"{words}; {self._startup_seconds:g} s are allowed: {line.text[:160]!r} at {line.time}"
            )
        tag = ",".join(match.clauses) or match.kind
        self._file.write(f"{line.time} {line.stream} [{tag}] {line.text}\n")
        self._tell(match)

    def _tell(self, match: LineMatch) -> None:
        self._told[match.kind, match.clause] += 1
        if self._told[match.kind, match.clause] > TOLD:
            return  # a flood would cost the run its time and the report its reader; the file has every line
        line = {"time": match.line.time, "stream": match.line.stream, "line": match.line.text[:2000]}
        shown = match.line.text[:160]
        if match.kind == "milestone":
            for clause in match.clauses:
                self._facts.note("log.milestone", clause=clause, **line)
                self._show(f"observe: {clause} {shown}")
        elif match.kind == "forbidden":
            self._facts.note("log.forbidden", clause=match.clause, why=match.why, **line)
            self._facts.announce(f"observe: {match.clause} violated, {match.why}: {shown}")
        elif match.kind == "excepted":
            self._facts.note("log.excepted", clause=match.clause, **line)
            self._show(f"observe: excepted line ({match.clause}): {shown}")
        elif match.kind == "undocumented":
            self._facts.note("log.undocumented", **line)
            self._show(f"observe: undocumented line: {shown}")

    def _show(self, line: str) -> None:
        if self.live:
            self._facts.announce(line)
