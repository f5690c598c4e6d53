"""The log and the state of one deploy, from its start through the quiet window to the end of the stop."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from typing import Final

from pytest_smokedeploy.client import AgentClient, Reading
from pytest_smokedeploy.contract import Extension
from pytest_smokedeploy.judging import StartupLog, may_not_deploy
from pytest_smokedeploy.lifecycle.activity import counters, judge
from pytest_smokedeploy.lifecycle.deploying import NAMING
from pytest_smokedeploy.lifecycle.observation import READING_SECONDS, LogReading, Observer
from pytest_smokedeploy.lifecycle.recorder import FactRecorder
from pytest_smokedeploy.lifecycle.shutdown import Shutdown
from pytest_smokedeploy.lifecycle.verification import StatusReading, belied, running_words, runs
from pytest_smokedeploy.settings import RunConfig
from pytest_smokedeploy.support.errors import AgentError

#: Seconds without a line after which the log's tail should have ended, once a status said that nothing runs.
TAIL_SECONDS: Final = 10.0
#: Fields of a status that one container keeps as long as it is that one, started once.
_LASTING: Final = (
    "started_at",
    "container_id",
    "restart_count",
    "deploy_id",
    "image",
    "image_digest",
    "container_name",
)
#: What of them a container that was stopped still has.
_OUTLASTING: Final = ("started_at", "container_id", "restart_count", "deploy_id", "image_digest")
#: What happens within it of the last look happens as good as at it (seconds).
_JUST_NOW: Final = 1.0
#: Seconds between the first status read and the observation's last, at the least (DESIGN 4). What exits is
#: restarted by a policy within tenths of a second, so a loop shows another `started_at` by then.
APART_SECONDS: Final = 3.0


class Watch:
    """Follows the log, looks at the status around the quiet window, and reads the log's tail.

    Args:
        run: the run's settings.
        client: the agent.
        facts: takes every fact.
        mask: the sanitiser's `text`, for the log's lines.
        clock: monotonic seconds.
        deploy_id: the deploy whose log is read.

    """

    def __init__(  # noqa: PLR0913, PLR0917 - collaborators
        self,
        run: RunConfig,
        client: AgentClient,
        facts: FactRecorder,
        mask: Callable[[str], str],
        clock: Callable[[], float],
        deploy_id: str,
    ) -> None:
        self._deploy_id = deploy_id
        self.log = StartupLog(run.settings.log_language(run.image_tag))
        self._run = run
        self._client = client
        self._facts = facts
        self._mask = mask
        self._clock = clock
        self._observer: Observer | None = None
        self._at_rest: tuple[Reading, float] | None = None
        self._status: StatusReading | None = None
        self._looked = 0.0
        self._glances = 0

    @property
    def ended(self) -> bool:
        """Whether the log was read to the container's end."""
        return self._observer is not None and self._observer.ended and not self.log.broken

    def follow(self, status: StatusReading, extensions: frozenset[str]) -> LogReading:
        """Follow the log through idle and the quiet window; what ends it early is in its findings."""
        if Extension.LOGS not in extensions:
            self.log.cut("the agent does not offer the extension `logs`")
        elif self._open(extensions, follow=True) and self._observer is not None:
            self._observer.since, self._observer.started = status.earliest, status.started
            counts = Extension.ACTIVITY in extensions
            self._observer.until_quiet(
                self._run.settings.deadlines.startup_seconds,
                self._run.settings.quiet_window_seconds,
                self._rest if counts else None,
                lambda: self._glance(status),
            )
            self._facts.note("status.watched", reads=self._glances)
        if not self.log.violated:
            self._wait(status.read_at + APART_SECONDS - self._clock())
        if not self.log.violated:
            self._still_the_same(status)
            self._status = status
        for clause in self.log.violated:
            self._facts.finding(self.log.finding(clause))
        return LogReading(self.log)

    def stopping(self) -> None:
        """The stop is about to be asked: what the log says from here on belongs to the shutdown.

        Where checks of somebody's own took their time since the last look, one more is due. A run that
        failed or was interrupted already is stopped at once.
        """
        late = self._status is not None and self._clock() - self._looked > _JUST_NOW
        if self._status is not None and late and may_not_deploy(self._facts.record) is None:
            already = set(self.log.violated)
            try:
                if self._observer:
                    self._observer.catch_up()  # where the log tells what happened, it is named by that
                if not self.log.violated:
                    self._still_the_same(self._status)
            except Exception as error:  # noqa: BLE001 - whatever a look meets, it must not cost the stop
                self.log.cut(f"the last look before the stop: {error!r}")
            self._tell_new(already)
        if self._observer is None:
            self.log.stopping()
        else:
            self._observer.stop_asked()

    def tail(self, shutdown: Shutdown, extensions: frozenset[str], since: datetime | None) -> None:
        """What the log shows up to the end of the stop still counts, whatever was found before.

        Args:
            shutdown: the stop.
            extensions: what the agent lists.
            since: when this deploy began, by the server's clock; None where nothing tells it.

        """
        # A run that failed before it followed the log reads it once, for whoever looks into it; not where
        # nothing tells this deploy's log from that of a container before it.
        known = NAMING & extensions or since is not None
        if self._observer is None and Extension.LOGS in extensions and known:
            self._open(extensions, follow=False)
            if self._observer is not None:
                self._observer.since = since
        if self._observer is None:
            return
        already = set(self.log.violated)
        whole = self._observer.drain(*((TAIL_SECONDS, READING_SECONDS) if shutdown.confirmed else (0.5, 0.5)))
        self._observer.close()
        self._left_with(shutdown)
        self._tell_new(already)
        if shutdown.confirmed and not whole and not self.log.violated:
            self._facts.oddities.append("the log stream did not end though the container is gone")

    def close(self) -> None:
        """Close the log stream."""
        if self._observer:
            self._observer.close()

    def ended_as_watched(self, shutdown: Shutdown) -> None:
        """DET-1: what was stopped is what was watched; not asked where a stop-only image took its place."""
        # What still runs, or runs again, is named by STP-1 and STP-3.
        stayed = shutdown.confirmed and shutdown.second_look is False
        if self._status is None or not stayed or self._run.settings.shutdown.by == "image":
            return
        already = set(self.log.violated)
        for name in _OUTLASTING:
            before, after = self._status.raw.get(name), shutdown.last.get(name)
            # A value of another type breaks the contract, and is undocumented already.
            if isinstance(after, type(before)) and before is not None and before != after:
                words = f"{name} was {before!r}, and {after!r} once it was stopped"
                self.log.restarted(f"{words}: it is not the one that was watched"[:400])
                break
        self._tell_new(already)

    # -- inside ----------------------------------------------------------------------------

    def _wait(self, seconds: float) -> None:
        """Let `seconds` pass, unless something is violated; the log is read meanwhile, while it lasts."""
        until = self._clock() + seconds
        if self._observer is not None:
            self._observer.read_for(seconds)
        if not self.log.violated and (left := until - self._clock()) > 0:
            threading.Event().wait(left)

    def _left_with(self, shutdown: Shutdown) -> None:
        """The exit code: the log's own where another image took the runtime's place, else both agree."""
        told, by_log = shutdown.exit_code, self.log.exit_code
        replaced = self._run.settings.shutdown.by == "image"
        if None not in (told, by_log) and told != by_log and not replaced:
            self._facts.oddities.append(f"exit code {told} by the status, and {by_log} by the log")
        # By the status it would be the stop-only image's own.
        shutdown.exit_code = by_log if replaced or told is None else told

    def _tell_new(self, already: set[str]) -> None:
        for clause in self.log.violated:
            if clause not in already:
                self._facts.finding(self.log.finding(clause))

    def _open(self, extensions: frozenset[str], *, follow: bool) -> bool:
        """Open the log's stream, of this deploy's container where the agent knows ids; whether it opened."""
        deploy_id = self._deploy_id if NAMING & extensions else None
        try:
            stream = self._client.logs(since=None, follow=follow, deploy_id=deploy_id)
        except AgentError as error:
            self.log.cut(str(error))
            self._facts.note("log.cut", words=str(error))
            self._facts.announce(f"observe: the log can't be read: {error.message}")
            return False
        file = self._run.evidence / "startup.log"
        self._observer = Observer(stream, self.log, self._facts, file, self._mask, self._clock)
        self._observer.live = follow
        return True

    def _rest(self) -> None:
        """The counters once the runtime is idle: what they show later has come since."""
        try:
            reading = self._facts.read("GET /v1/status once idle", self._client.status())
        except AgentError as error:
            self.log.cut(str(error))
            return
        self._at_rest = (reading, self._clock())

    def _still_the_same(self, status: StatusReading) -> None:
        """DET-1, OBS-6, VER-2: one container, one start, running all along; `running` alone never tells."""
        try:
            later = self._facts.read("GET /v1/status after the quiet window", self._client.status())
        except AgentError as error:
            self.log.cut(str(error))
            return
        self._looked = self._clock()
        for look in (*([self._at_rest[0]] if self._at_rest else []), later):
            if not self._same(status, look):
                return
        if (apart := self._looked - status.read_at) >= APART_SECONDS:
            self._facts.finding(status.still_runs(apart))
        self._silence(later)

    def _same(self, status: StatusReading, look: Reading) -> bool:
        """Whether a look sees the container that started, running; what it sees else is violated."""
        raw = look.raw
        for breach in belied(self._run, raw):
            self._facts.finding(breach)
        for name in _LASTING:
            if status.raw.get(name) != raw.get(name):
                words = f"{name} was {status.raw.get(name)!r}, then {raw.get(name)!r}"
                self.log.restarted(f"{words}: it is not the one that started"[:400])
                return False
        if not runs(raw):
            said = f"a status read{_at(look)} said {running_words(raw)}"
            self.log.left(f"while it was watched {said}"[:400])
            return False
        if (code := raw.get("exit_code")) != status.raw.get("exit_code"):
            self.log.restarted(f"exit_code was {status.raw.get('exit_code')!r}, then {code!r}"[:400])
            return False
        return True

    def _glance(self, status: StatusReading) -> None:
        """One look within the quiet window; it is written down where it sees something else."""
        try:
            look = self._client.status()
        except AgentError as error:
            self.log.cut(str(error))
            return
        self._glances += 1
        if not self._same(status, look):
            self._facts.read("GET /v1/status within the quiet window", look)

    def _silence(self, later: Reading) -> None:
        """RUN-2, RUN-3 and OBS-9 by the engine's counters, where the agent tells them."""
        first, began = self._at_rest or (None, self._clock())
        silence = judge(
            counters(first.raw) if first else None,
            counters(later.raw) if first else None,
            self._clock() - began,
            self._run.settings.activity,
        )
        self._facts.note("activity.judged", violated=dict(silence.violated), rests_on=dict(silence.rests_on))
        self.log.counted(silence.rests_on)
        self.log.uncounted(silence.lost)
        for clause, words in silence.violated.items():
            self.log.active(clause, words)


def _at(reading: Reading) -> str:
    """When an answer was given, by the server's clock; "" where it tells no Date."""
    return f" at {reading.date.isoformat().replace('+00:00', 'Z')}" if reading.date else ""
