"""Follows the runtime's log as a stream, through idle and the quiet window, to the end of the stop."""

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from pytest_smokedeploy.client import LogRecord, LogStream
from pytest_smokedeploy.contract import HEARTBEAT_SECONDS, End, Heartbeat, LogLine, last_instant, parse_time
from pytest_smokedeploy.judging import Line, LineMatch, StartupLog
from pytest_smokedeploy.lifecycle.log_file import LogFile
from pytest_smokedeploy.lifecycle.recorder import FactRecorder
from pytest_smokedeploy.model import Finding
from pytest_smokedeploy.support.disk import ROOM
from pytest_smokedeploy.support.errors import AgentError

#: Seconds between idle and the first read of the counters, in which the runtime may still finish its start.
REST_SECONDS: Final = 0.5
#: Seconds between two status reads within the quiet window.
LOOK_SECONDS: Final = 1.0
#: Seconds for which a log that still arrives is read beyond the time by which it was due (chosen: 100,000
#: JSON lines take that long on a busy machine; well within a job's time-out). After them nothing is proven.
READING_SECONDS: Final = 120.0
#: Seconds between writing and arrival, or without any line, that mean a slow connection and not a silent
#: runtime (chosen: longer than any pause of a connection that works).
LAG_SECONDS: Final = 3.0
#: Seconds without any record in which a heartbeat, late by a quarter, would have come.
_STALLED_SECONDS: Final = 1.25 * HEARTBEAT_SECONDS
#: Seconds by which two clocks may drift apart over a quiet window (chosen).
_GRAIN_SECONDS: Final = 0.2
#: Lines of one kind in the journal and the report; ``startup.log`` has all.
TOLD: Final = 100


class LogReading:
    """The log of one start-up, with a finding for each clause of the stage observe."""

    def __init__(self, log: StartupLog) -> None:
        self.log = log

    @property
    def lines(self) -> list[str]:
        """Every line so far, as it came."""
        return [line.text for line in self.log.lines]

    def shows(self, clause: str) -> Finding:
        """The finding of `clause` (``"OBS-1"``)."""
        return self.log.finding(clause)


@dataclass(eq=False, repr=False)
class Observer:
    """Reads a log stream into a StartupLog and the file ``startup.log``.

    Args:
        stream: the agent's log stream.
        log: judges the lines.
        facts: records milestones and violations as they come.
        file: ``startup.log``.
        mask: the sanitiser's `text`.
        clock: monotonic seconds.
        since: the deploy's beginning by the server's clock: no line of its log is older. None: not known.
        started: the container's start by the server's clock, from which idle is due. None: not known.
        live: whether lines are shown as they come; a log that is read once afterwards is in the file.
        at_rest: called once, `REST_SECONDS` after idle.
        look: called every `LOOK_SECONDS` of the quiet window, since a paused container is silent too.

    """

    stream: LogStream
    log: StartupLog
    facts: FactRecorder
    file: Path
    mask: Callable[[str], str]
    clock: Callable[[], float]
    since: datetime | None = None
    started: datetime | None = None
    live: bool = True
    at_rest: Callable[[], None] | None = None
    look: Callable[[], None] = lambda: None

    def __post_init__(self) -> None:
        self.ended = False
        self._before_stop = 0
        self._startup_seconds = 0.0
        # Seconds since 1970 by the server's clock: of the last record, of the last line, and a time before
        # the stop was asked; then the time at which idle is due.
        self._at = self._written = self._stop_at = -math.inf
        self._due = math.inf
        # Seconds of the gate's clock at which the last line and the last record were taken.
        self._spoke = self._heard = self.clock()
        # Seconds from a record's time to its arrival: the least of each kind, and the last one beyond it.
        self._least: dict[type[LogRecord], float] = {}
        self._behind = 0.0
        self._told: Counter[tuple[str, str]] = Counter()
        self._kept = LogFile(self.file, self._not_kept)

    def close(self) -> None:
        """Close the stream and the file, and record how many lines stand in the file alone."""
        for (kind, clause), count in self._told.items():
            if count > TOLD:
                self.facts.note("log.more", kind=kind, clause=clause, lines=count - TOLD)
        self._told.clear()
        self.stream.close()
        self._kept.close()

    def until_quiet(self, startup_seconds: float, quiet_seconds: float) -> None:
        """Read through idle and the quiet window, up to a violation, the log's end, or the deadline.

        A forbidden line ends the observation as it arrives (RUN-6).

        Args:
            startup_seconds: from the container's start to idle, by the server's times; by the gate's clock
                where no line comes.
            quiet_seconds: from the arrival of idle.

        """
        if self._until_idle(startup_seconds):
            self._through_window(quiet_seconds)
        self._kept.flush()

    def _until_idle(self, seconds: float) -> bool:
        """Read until idle; False where it was not reached. A line written in time may come late."""
        self._startup_seconds = seconds
        if self.started:
            self._due = self.started.timestamp() + seconds
        deadline = self.clock() + seconds
        while self.log.phase == "starting" and not self.log.violated and not self.ended:
            left = deadline - self.clock()
            if left <= -READING_SECONDS:
                self._overrun(READING_SECONDS, "idle was due")
                return False
            if left <= 0 and not self.stream.waiting and (left := self._under_way()) <= 0:
                self.log.overdue_seconds = seconds
                return False
            self._next(max(0.0, left))
        return self.log.phase == "idle"

    def _under_way(self) -> float:
        """Seconds to wait for lines that were written in time and may still come; 0 where none can."""
        if self._at > self._due:
            return 0.0
        now = self.clock()
        if self._behind > LAG_SECONDS or now - self._heard > _STALLED_SECONDS:
            return LAG_SECONDS
        return self._spoke + LAG_SECONDS - now

    def _through_window(self, seconds: float) -> None:
        idle = looked = self.clock()
        rest = idle + min(REST_SECONDS, seconds / 2)
        while not self.log.violated and not self.ended:
            now = self.clock()
            if self.at_rest and now >= rest:
                self.at_rest()
                self.at_rest = None
                continue
            if now - looked >= LOOK_SECONDS:
                self.look()
                looked = self.clock()
                continue
            left = (rest if self.at_rest else idle + seconds) - now
            if left <= -READING_SECONDS:
                self._overrun(READING_SECONDS, "the quiet window was over")
                return
            if left <= 0 and not self.stream.waiting:
                self.log.quiet_seconds = seconds
                self.facts.note("log.quiet", seconds=seconds)
                self.facts.announce(f"observe: quiet for {seconds:g} s after idle")
                return
            self._next(max(0.0, min(left, looked + LOOK_SECONDS - now)))

    def catch_up(self) -> None:
        """Read the records that have come, up to the first violation, without waiting."""
        for _ in range(self.stream.waiting):
            if not self.log.violated and not self.ended:
                self._next(0.0)

    def read_for(self, seconds: float) -> None:
        """Read the records that come within `seconds`, up to the first violation."""
        deadline = self.clock() + seconds
        while not self.log.violated and not self.ended and (left := deadline - self.clock()) > 0:
            self._next(left)

    def stop_asked(self) -> None:
        """Mark the stop: lines received by now, or dated before it while idle, count as before it.

        After a violation the observation is over, and later lines say nothing about staying idle.
        """
        if self.log.violated:
            self.log.stopping()
            return
        self._before_stop = self.stream.waiting
        if self.log.phase == "idle":
            # The time since the last line was taken is less than the time since it was written.
            self._stop_at = self._written + self.clock() - self._spoke - _GRAIN_SECONDS

    def drain(self, silence: float, most: float) -> bool:
        """Read the tail to the container's end; False where the log became silent without one.

        Args:
            silence: seconds without a line after which no more is expected.
            most: seconds after which reading ends; at most `silence` in an interrupted run, which is
                killed soon.

        """
        began = self.clock()
        while not self.ended:
            now = self.clock()
            left = max(began, self._spoke) + silence - now
            if left <= 0 and not self.stream.waiting:
                return False
            bound = min(most, silence) if self.facts.record.interrupted else most
            if now >= began + bound:
                self._overrun(bound, "the stop")
                break
            record = self._take(max(0.0, min(left, began + bound - now)))
            self._before_stop -= 1
            if self._before_stop < 0:
                self.log.stopping()
            self._judge(record)
        self._kept.flush()
        return True

    def _overrun(self, seconds: float, since: str) -> None:
        self._cut(f"the log could not be read in time: it still arrived {seconds:g} s after {since}")

    def _cut(self, words: str) -> None:
        self.log.cut(words)
        self.facts.note("log.cut", words=words)

    def _not_kept(self, error: OSError) -> None:
        words = f"startup.log can't be written ({error.strerror or error}): not every line is kept. {ROOM}"
        self.facts.note("run.spoiled", words=words, remedy=ROOM)

    def _next(self, seconds: float) -> None:
        self._judge(self._take(seconds))

    def _take(self, seconds: float) -> LogRecord | None:
        """The next record within `seconds`, its times kept; None where none came."""
        if not self.stream.waiting:
            self._kept.flush()
        try:
            record = self.stream.next(seconds)
        except AgentError as error:
            self._cut(str(error))
            self.ended = True
            return None
        if isinstance(record, LogLine | Heartbeat):
            self._heard = self.clock()
            when = record.heartbeat if isinstance(record, Heartbeat) else record.time
            self._at = parse_time(when).timestamp()
            if isinstance(record, LogLine):
                self._spoke = self._heard
            # Each kind by itself: the engine's clock dates lines, the agent's dates heartbeats.
            apart, kind = self._heard - self._at, type(record)
            self._least[kind] = min(apart, self._least.get(kind, apart))
            self._behind = apart - self._least[kind]
        return record

    def _judge(self, record: LogRecord | None) -> None:
        if isinstance(record, LogLine):
            self._line(Line(record.time, record.stream, self.mask(record.line)))
        elif isinstance(record, End):
            self.log.end(record.exit_code)
            self.facts.note("log.end", exit_code=record.exit_code)
            self.ended = True
        elif record is None and self.stream.ended and not self.ended:
            self.log.cut("the log stream ended without telling the container's end")
            self.ended = True

    def _line(self, line: Line) -> None:
        self._written = self._at
        latest = last_instant(line.time)
        if self.since and latest < self.since:
            words = f"a line is dated {line.time}, before this deploy began at {self.since.isoformat()}"
            self.log.violate("DET-1", f"{words}: {line.text[:160]!r}")
        if self.log.phase == "stopping" and latest.timestamp() < self._stop_at:
            # It arrived after the stop was asked, and was written before by the server's clock.
            self.log.violate("RUN-3", f"a line from before the stop, dated {line.time}: {line.text[:160]!r}")
        late = self.log.phase == "starting" and self._at > self._due
        match = self.log.feed(line)
        if late:
            self.log.late(match, self._at - self._due + self._startup_seconds, self._startup_seconds)
        self._kept.write(f"{line.time} {line.stream} [{','.join(match.clauses) or match.kind}] {line.text}\n")
        self._tell(match)

    def _tell(self, match: LineMatch) -> None:
        """Record and show a line of a kind that matters, the first `TOLD` of each kind and clause."""
        if match.kind in {"documented", "blank"}:
            return
        self._told[match.kind, match.clause] += 1
        if self._told[match.kind, match.clause] > TOLD:
            return  # a flood would cost the run its time and make the report unreadable
        line = {"time": match.line.time, "stream": match.line.stream, "line": match.line.text[:2000]}
        for clause in match.clauses or ("",):
            told = ({"clause": clause} if clause else {}) | ({"why": match.why} if match.why else {})
            self.facts.note(f"log.{match.kind}", **told, **line)
            words = {
                "milestone": clause,
                "forbidden": f"{clause} violated, {match.why}:",
                "excepted": f"excepted line ({clause}):",
                "undocumented": "undocumented line:",
            }[match.kind]
            if self.live or match.kind == "forbidden":
                self.facts.announce(f"observe: {words} {match.line.text[:160]}")
