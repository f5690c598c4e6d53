"""Reads what the engine itself told of the container, before the stop is asked and after it."""

from dataclasses import dataclass
from itertools import takewhile
from operator import eq
from typing import Final

from pytest_smokedeploy.contract import EngineEvent, EventRecord
from pytest_smokedeploy.judging import RecordTimes, StartupLog, in_words, judge_record
from pytest_smokedeploy.lifecycle.part import DeployPart
from pytest_smokedeploy.lifecycle.shutdown import Shutdown
from pytest_smokedeploy.lifecycle.verification import StatusReading
from pytest_smokedeploy.support.errors import AgentError

_FIND_OUT: Final = "Find out on the server who did it; the report lists all that the engine told."


@dataclass(eq=False, repr=False)
class RecordReader(DeployPart):
    """Both reads of the engine's record (extension `events`): what they violate stands in the log.

    Args:
        log: what is known of the start-up; it tells DET-1 and OBS-6.

    Attributes:
        status: the status after the deploy, which dates it; None before it was read.
        stop_at: time at which the stop was asked, in seconds of the run's clock; None before.

    """

    log: StartupLog
    status: StatusReading | None = None
    stop_at: float | None = None

    def __post_init__(self) -> None:
        self._told: list[EngineEvent] = []

    @property
    def words(self) -> str:
        """What the engine told last, for a person; "" for nothing."""
        return f"; the engine told {', '.join(event.action for event in self._told)}" if self._told else ""

    def before_the_stop(self) -> None:
        """Read it at the end of the quiet window: one create and one start, and nothing else."""
        if (record := self._read("before the stop")) is not None:
            self._judge(record, len(record.events))

    def after_the_stop(self, shutdown: Shutdown) -> None:
        """Read it once the stop is confirmed: what was told before, and its end."""
        if (record := self._read("after the stop")) is None:
            return
        before = len(list(takewhile(bool, map(eq, self._told, record.events))))
        if before < len(self._told):
            words = f"{in_words(self._told)}, and after it {in_words(record.events)}"
            self.facts.oddities.append(f"the engine's record was, before the stop, {words}"[:400])
        told = {event.exit_code for event in record.events if event.action == "die"} - {None}
        if shutdown.exit_code is not None and told - {shutdown.exit_code}:
            words = f"{', '.join(map(str, told))} by the engine's record"
            self.facts.oddities.append(f"exit code {shutdown.exit_code}, and {words}")
        self._judge(record, before, stopped=True)

    # -- inside ----------------------------------------------------------------------------

    def _read(self, when: str) -> EventRecord | None:
        """The record; None, and DET-1 is not proven, where it was not told."""
        try:
            reading = self.client.events(self.deploy_id)
        except AgentError as error:
            self.facts.note("events.read", when=when, words=str(error))
            self._unproven(f"the engine's record {when} could not be read: {error.message}")
            return None
        self.facts.note("events.read", when=when, answer=reading.raw, problems=list(reading.problems))
        self.facts.odd(f"GET /v1/events {when}", reading)
        record = reading.value
        if isinstance(record, EventRecord) and record.deploy_id == self.deploy_id:
            return record
        self._unproven(f"the engine's record {when} is not this deploy's by the contract")
        return None

    def _times(self) -> RecordTimes:
        """What the events of a record that was read now are held against."""
        if (status := self.status) is None:
            return RecordTimes()
        now = status.server_time(self.clock())
        stop = None if self.stop_at is None else status.server_time(self.stop_at)
        return RecordTimes(status.earliest, status.latest, stop and stop[0], now and now[1])

    def _judge(self, record: EventRecord, before: int, *, stopped: bool = False) -> None:
        replaced = stopped and self.run.settings.shutdown.by == "image"
        judged = judge_record(record, self._times(), before=before, stopped=stopped, replaced=replaced)
        for clause, words in judged.violated.items():
            self.log.violate(clause, words[:400], _FIND_OUT)
        self.facts.oddities += [odd for odd in judged.oddities if odd not in self.facts.oddities]
        self._told = record.events
        if judged.unproven:
            self._unproven(judged.unproven)
        else:
            self.log.recorded = ", confirmed by the engine's record"

    def _unproven(self, words: str) -> None:
        self.log.unrecorded = words[:400]
        if not self.log.violated:
            self.facts.finding(self.log.finding("DET-1"))
