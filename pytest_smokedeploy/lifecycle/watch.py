"""The log and the state of one deploy, from its start through the quiet window to the end of the stop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from pytest_smokedeploy.client import AgentClient, Reading
from pytest_smokedeploy.contract import Extension
from pytest_smokedeploy.errors import AgentError
from pytest_smokedeploy.lifecycle.activity import counters, judge
from pytest_smokedeploy.lifecycle.book import Book
from pytest_smokedeploy.lifecycle.observation import LogReading, Observer
from pytest_smokedeploy.lifecycle.shutdown import Shutdown
from pytest_smokedeploy.lifecycle.verification import StatusReading
from pytest_smokedeploy.settings import RunConfig
from pytest_smokedeploy.startup_log import Patterns, StartupLog

#: How long the tail of the log may take to end once a status read said that nothing runs.
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


class Watch:
    """Follows the log, looks at the status around the quiet window, and reads the log's tail.

    Args:
        run: the run's settings.
        client: the agent.
        book: takes every fact.
        mask: the sanitiser's `text`, for the log's lines.
        clock: monotonic seconds.

    """

    def __init__(
        self,
        run: RunConfig,
        client: AgentClient,
        book: Book,
        mask: Callable[[str], str],
        clock: Callable[[], float],
    ) -> None:
        wanted = run.settings.log
        self.log = StartupLog(Patterns.build(wanted.milestones, wanted.forbidden, wanted.documented))
        self._run = run
        self._client = client
        self._book = book
        self._mask = mask
        self._clock = clock
        self._observer: Observer | None = None
        self._at_rest: tuple[Reading, float] | None = None

    @property
    def ended(self) -> bool:
        """Whether the log was read to the container's end."""
        return self._observer is not None and self._observer.ended and not self.log.broken

    def follow(self, status: StatusReading, extensions: frozenset[str]) -> LogReading:
        """Follow the log through idle and the quiet window; what ends it early is in its findings."""
        if Extension.LOGS not in extensions:
            self.log.cut("the agent does not offer the extension `logs`")
            return LogReading(self.log)
        if self._open(follow=True) and self._observer is not None:
            self._observer.since = status.earliest
            counts = Extension.ACTIVITY in extensions
            self._observer.until_quiet(
                self._run.settings.deadlines.startup_seconds,
                self._run.settings.quiet_window_seconds,
                self._rest if counts else None,
            )
        if not self.log.violated:
            self._still_the_same(status)
        for clause in self.log.violated:
            self._book.finding(self.log.finding(clause))
        return LogReading(self.log)

    def stopping(self) -> None:
        """The stop is about to be asked: what the log says from here on belongs to the shutdown."""
        if self._observer is None:
            self.log.stopping()
        else:
            self._observer.stop_asked()

    def tail(self, shutdown: Shutdown, extensions: frozenset[str]) -> None:
        """What the log shows up to the end of the stop still counts, whatever was found before."""
        if self._observer is None and Extension.LOGS in extensions and shutdown.confirmed:
            # A run that failed before it followed the log reads it once, for whoever looks into it.
            self._open(follow=False)
        if self._observer is None:
            return
        already = set(self.log.violated)
        self._observer.drain(TAIL_SECONDS if shutdown.confirmed else 0.5)
        self._observer.close()
        shutdown.exit_code = self.log.exit_code if shutdown.exit_code is None else shutdown.exit_code
        for clause in self.log.violated:
            if clause not in already:
                self._book.finding(self.log.finding(clause))
        if shutdown.confirmed and not self._observer.ended and not self.log.violated:
            self._book.oddities.append("the log stream did not end though the container is gone")

    def close(self) -> None:
        """Close the log stream."""
        if self._observer:
            self._observer.close()

    # -- inside ----------------------------------------------------------------------------

    def _open(self, *, follow: bool) -> bool:
        """Open the log's stream; whether it opened."""
        try:
            stream = self._client.logs(since=None, follow=follow)
        except AgentError as error:
            self.log.cut(str(error))
            self._book.note("log.cut", words=str(error))
            return False
        file = self._run.evidence / "startup.log"
        self._observer = Observer(stream, self.log, self._book, file, self._mask, self._clock)
        return True

    def _rest(self) -> None:
        """The counters once the runtime is idle: what they show later has come since."""
        try:
            reading = self._book.read("GET /v1/status once idle", self._client.status())
        except AgentError as error:
            self.log.cut(str(error))
            return
        self._at_rest = (reading, self._clock())

    def _still_the_same(self, status: StatusReading) -> None:
        """DET-1: one container and one start across the window; `running` alone never tells (FACTS)."""
        try:
            later = self._book.read("GET /v1/status after the quiet window", self._client.status())
        except AgentError as error:
            self.log.cut(str(error))
            return
        looks = [self._at_rest[0].raw] if self._at_rest else []
        for raw in (*looks, later.raw):
            for name in _LASTING:
                if status.raw.get(name) != raw.get(name):
                    words = f"{name} was {status.raw.get(name)!r}, then {raw.get(name)!r}"
                    self.log.restarted(f"{words}: it is not the one that started"[:400])
                    return
            if raw.get("running") is not True:
                self.log.restarted(f"running is {raw.get('running')!r} while it was watched"[:400])
                return
        self._silence(later)

    def _silence(self, later: Reading) -> None:
        """RUN-2, RUN-3 and OBS-9 by the engine's counters, where the agent tells them."""
        first, began = self._at_rest or (None, self._clock())
        silence = judge(
            counters(first.raw) if first else None,
            counters(later.raw) if first else None,
            self._clock() - began,
            self._run.settings.activity,
        )
        self._book.note("activity.judged", violated=dict(silence.violated), rests_on=dict(silence.rests_on))
        self.log.counted(silence.rests_on)
        for clause, words in silence.violated.items():
            self.log.active(clause, words)
