"""Watches the log and the status of one deploy, from its start to the end of the stop."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pytest_smokedeploy.client import Reading
from pytest_smokedeploy.contract import Extension
from pytest_smokedeploy.judging import StartupLog, may_not_deploy, runs
from pytest_smokedeploy.lifecycle.activity import counters, judge
from pytest_smokedeploy.lifecycle.deploying import NAMING
from pytest_smokedeploy.lifecycle.engine_record import RecordReader
from pytest_smokedeploy.lifecycle.observation import READING_SECONDS, Observer
from pytest_smokedeploy.lifecycle.part import DeployPart
from pytest_smokedeploy.lifecycle.shutdown import Shutdown
from pytest_smokedeploy.lifecycle.verification import StatusReading, belied, running_words
from pytest_smokedeploy.support.errors import AgentError

#: Seconds without a line after which the log's tail should have ended, once a status confirmed the stop.
TAIL_SECONDS: Final = 10.0
#: Status fields that are the same after the stop, as long as it is the same start of the same container.
_OUTLASTING: Final = ("started_at", "container_id", "restart_count", "deploy_id", "image_digest")
#: Status fields that do not change while it runs.
_LASTING: Final = (*_OUTLASTING, "image", "container_name")
#: Seconds before the stop within which a status read needs no repetition.
_JUST_NOW: Final = 1.0
#: Least seconds between the first status read and the observation's last (DESIGN 4). A restart policy
#: restarts a container within tenths of a second, so a loop shows another `started_at` by then.
APART_SECONDS: Final = 3.0


@dataclass(eq=False, repr=False)
class Watch(DeployPart):
    """Follows the log, reads the status around the quiet window, and reads the log's tail.

    Args:
        mask: the sanitiser's `text`, for the log's lines.

    """

    mask: Callable[[str], str]

    def __post_init__(self) -> None:
        self.log = StartupLog(self.run.settings.log_language(self.run.image_tag))
        self._observer: Observer | None = None
        self._at_rest: tuple[Reading, float] | None = None
        self._status: StatusReading | None = None
        self._looked = 0.0
        self._glances = 0
        self._told: set[str] = set()
        self._followed = False
        self.engine = RecordReader(self.run, self.client, self.facts, self.deploy_id, self.clock, self.log)

    @property
    def ended(self) -> bool:
        """Whether the log was read to the container's end."""
        return self._observer is not None and self._observer.ended and not self.log.broken

    def follow(self, status: StatusReading) -> None:
        """Follow the log through idle and the quiet window, or up to a violation."""
        deadlines, extensions = self.run.settings.deadlines, status.extensions
        self._followed, self.engine.status = True, status
        if Extension.LOGS not in extensions:
            self.log.cut("the agent does not offer the extension `logs`")
        elif observer := self._open(extensions, status.earliest, follow=True):
            observer.started, observer.look = status.started, lambda: self._glance(status)
            observer.at_rest = self._rest if Extension.ACTIVITY in extensions else None
            observer.until_quiet(deadlines.startup_seconds, self.run.settings.quiet_window_seconds)
            self.facts.note("status.watched", reads=self._glances)
        if not self.log.violated:
            self._wait(status.read_at + APART_SECONDS - self.clock())
        if not self.log.violated:
            self._still_the_same(status)
            self._status = status
        if not self.log.violated and Extension.EVENTS in extensions:
            self.engine.before_the_stop()
        self._tell_new()

    def stopping(self) -> None:
        """Mark the stop in the log, after one more status read where the last was long ago.

        Checks of a plug-in user may take their time between the two. A run that failed or was interrupted
        is stopped at once.
        """
        late = self.clock() - self._looked > _JUST_NOW
        if self._status is not None and late and may_not_deploy(self.facts.record) is None:
            try:
                if self._observer:
                    self._observer.catch_up()  # a line that names the cause comes before the status
                if not self.log.violated:
                    self._still_the_same(self._status)
            except Exception as error:  # noqa: BLE001 - no error of this read may prevent the stop
                self.log.cut(f"the last look before the stop: {error!r}")
            self._tell_new()
        self.engine.stop_at = self.clock()
        if self._observer is None:
            self.log.stopping()
        else:
            self._observer.stop_asked()

    def tail(self, shutdown: Shutdown, extensions: frozenset[str], since: datetime | None) -> None:
        """Read and judge the log up to the end of the stop.

        Args:
            shutdown: the stop.
            extensions: the agent's extensions.
            since: the deploy's beginning by the server's clock; None where nothing dates it.

        """
        # The log of a run that failed before it was followed is read once, for a person; not where neither
        # an id nor a time tells it from the log of an earlier container.
        known = NAMING & extensions or since is not None
        if self._observer is None and Extension.LOGS in extensions and known:
            self._open(extensions, since, follow=False)
        if self._observer is None:
            return
        whole = self._observer.drain(*((TAIL_SECONDS, READING_SECONDS) if shutdown.confirmed else (0.5, 0.5)))
        self._observer.close()
        self._left_with(shutdown)
        self._tell_new()
        if shutdown.confirmed and not whole and not self.log.violated:
            self.facts.oddities.append("the log stream did not end though the container is gone")

    def close(self) -> None:
        """Close the log stream."""
        if self._observer:
            self._observer.close()

    def ended_as_watched(self, shutdown: Shutdown) -> None:
        """Check that the watched container was stopped (DET-1), unless a stop-only image replaced it."""
        # A container that still runs, or runs again, violates STP-1 or STP-3 instead.
        stayed = shutdown.confirmed and shutdown.second_look is False
        if self._status is None or not stayed or self.run.settings.shutdown.by == "image":
            return
        for name in _OUTLASTING:
            before, after = self._status.raw.get(name), shutdown.last.get(name)
            # A value of another type breaks the contract, and is undocumented already.
            if isinstance(after, type(before)) and before is not None and before != after:
                words = f"{name} was {before!r}, and {after!r} once it was stopped"
                self.log.violate("DET-1", f"{words}: it is not the one that was watched"[:400])
                break
        self._tell_new()

    def recorded_to_the_end(self, shutdown: Shutdown, extensions: frozenset[str]) -> None:
        """Read the engine's record once more after a confirmed stop of what was watched."""
        wanted = Extension.EVENTS in extensions and self._followed and shutdown.confirmed
        if wanted and not self.facts.record.interrupted:
            self.engine.after_the_stop(shutdown)
            self._tell_new()

    # -- inside ----------------------------------------------------------------------------

    def _wait(self, seconds: float) -> None:
        """Let `seconds` pass, unless something is violated; the log is read meanwhile."""
        until = self.clock() + seconds
        if self._observer is not None:
            self._observer.read_for(seconds)
        if not self.log.violated and (left := until - self.clock()) > 0:
            threading.Event().wait(left)

    def _left_with(self, shutdown: Shutdown) -> None:
        """Set the exit code: the status's, or the log's where a stop-only image replaced the runtime."""
        told, by_log = shutdown.exit_code, self.log.exit_code
        replaced = self.run.settings.shutdown.by == "image"
        if None not in (told, by_log) and told != by_log and not replaced:
            self.facts.oddities.append(f"exit code {told} by the status, and {by_log} by the log")
        # The status would have the exit code of the stop-only image.
        shutdown.exit_code = by_log if replaced or told is None else told

    def _tell_new(self) -> None:
        """Record the violations that were not recorded yet."""
        for clause in self.log.violated:
            if clause not in self._told:
                self._told.add(clause)
                self.facts.finding(self.log.finding(clause))

    def _open(self, extensions: frozenset[str], since: datetime | None, *, follow: bool) -> Observer | None:
        """Open the log's stream, of this deploy's container where the agent knows ids; None on failure."""
        log, facts = self.log, self.facts
        try:
            deploy_id = self.deploy_id if NAMING & extensions else None
            stream = self.client.logs(follow=follow, deploy_id=deploy_id)
        except AgentError as error:
            log.cut(str(error))
            facts.note("log.cut", words=str(error))
            facts.announce(f"observe: the log can't be read: {error.message}")
            return None
        file = self.run.evidence / "startup.log"
        self._observer = Observer(stream, log, facts, file, self.mask, self.clock, since, live=follow)
        return self._observer

    def _read(self) -> Reading | None:
        """The status; None, and nothing more is proven by the log, where the call fails."""
        try:
            return self.client.status()
        except AgentError as error:
            self.log.cut(str(error))
            return None

    def _rest(self) -> None:
        """Read the counters once the runtime is idle, to compare later ones with."""
        if look := self._read():
            self._at_rest = (self.facts.read("GET /v1/status once idle", look), self.clock())

    def _glance(self, status: StatusReading) -> None:
        """Read the status within the quiet window; it is recorded where it has changed."""
        if look := self._read():
            self._glances += 1
            if not self._same(status, look):
                self.facts.read("GET /v1/status within the quiet window", look)

    def _still_the_same(self, status: StatusReading) -> None:
        """Check that one container, started once, ran all along (DET-1, OBS-6, VER-2), and its counters."""
        if (later := self._read()) is None:
            return
        self.facts.read("GET /v1/status after the quiet window", later)
        self._looked = self.clock()
        if self._at_rest and not self._same(status, self._at_rest[0]):
            return
        if not self._same(status, later):
            return
        if (apart := self._looked - status.read_at) >= APART_SECONDS:
            self.facts.finding(status.still_runs(apart))
        self._silence(later)

    def _same(self, status: StatusReading, look: Reading) -> bool:
        """Whether `look` shows the container that started, running; a difference is a violation."""
        first, raw = status.raw, look.raw
        self.facts.findings(belied(self.run, raw))
        for name in _LASTING:
            if first.get(name) != raw.get(name):
                words = f"{name} was {first.get(name)!r}, then {raw.get(name)!r}"
                self.log.violate("DET-1", f"{words}: it is not the one that started"[:400])
                return False
        if not runs(raw):
            at = f" at {look.date.isoformat().replace('+00:00', 'Z')}" if look.date else ""
            self.log.not_running(running_words(raw), at)
            return False
        if (code := raw.get("exit_code")) != first.get("exit_code"):
            self.log.violate("DET-1", f"exit_code was {first.get('exit_code')!r}, then {code!r}"[:400])
            return False
        return True

    def _silence(self, later: Reading) -> None:
        """Judge the engine's counters, where the agent has them (RUN-2, RUN-3, OBS-9)."""
        first, began = self._at_rest or (None, self.clock())
        idle, after = map(counters, (first.raw, later.raw) if first else ({}, {}))
        judged = judge(idle, after, self.clock() - began, self.run.settings.activity)
        self.log.counted = {clause: words for clause, (words, _) in judged.items()}
        self.log.uncounted = {clause: words for clause, (words, holds) in judged.items() if holds is None}
        violated = {clause: words for clause, (words, holds) in judged.items() if holds is False}
        self.facts.note("activity.judged", violated=violated, rests_on=self.log.counted)
        for clause, words in violated.items():
            self.log.violate(clause, words)
