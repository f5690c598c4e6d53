"""One smoke deploy from the promise to stop to the confirmed stop (DESIGN 5)."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime

from pytest_smokedeploy.client import AgentClient, Reading
from pytest_smokedeploy.contract import DeployRequest, Extension, Run, StepName
from pytest_smokedeploy.errors import AgentError, AgentFailedError, SmokedeployError
from pytest_smokedeploy.lifecycle.book import Book
from pytest_smokedeploy.lifecycle.deployment import CLAUSE_OF_STEP, Deployment
from pytest_smokedeploy.lifecycle.observation import LogReading, Observer
from pytest_smokedeploy.lifecycle.shutdown import Shutdown
from pytest_smokedeploy.lifecycle.stopping import Stopper
from pytest_smokedeploy.lifecycle.verification import StatusReading
from pytest_smokedeploy.model import CLAUSE, Basis, Finding
from pytest_smokedeploy.settings import RunConfig
from pytest_smokedeploy.startup_log import Patterns, StartupLog

#: How long the tail of the log may take to end once a status read said that nothing runs.
TAIL_SECONDS = 10.0
_NO_CLAUSE = {401: "PRE-6", 403: "PRE-6", 423: "FLR-3"}


class Lifecycle:
    """Deploys once, looks, and stops whatever happened.

    Args:
        run: the run's settings.
        client: the agent, or None where the endpoint is not set: then nothing is ever deployed.
        book: takes every fact.
        mask: the sanitiser's `text`, for the log's lines.
        shield: holds signals off while a stop is under way.
        clock: monotonic seconds.

    """

    def __init__(  # noqa: PLR0913 - collaborators
        self,
        run: RunConfig,
        client: AgentClient | None,
        book: Book,
        *,
        mask: Callable[[str], str],
        shield: Callable[[], AbstractContextManager[object]] = nullcontext,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.deploy_id = str(uuid.uuid4())
        self.extensions: frozenset[str] = frozenset()
        self.oddities: list[str] = []
        self._run = run
        self._agent = client
        self._book = book
        self._mask = mask
        self._shield = shield
        self._clock = clock
        self._before: datetime | None = None
        self._deployment: Deployment | SmokedeployError | None = None
        self._status: StatusReading | None = None
        self._observer: Observer | None = None
        self._log: LogReading | None = None
        self._shutdown: Shutdown | None = None

    @property
    def _client(self) -> AgentClient:
        if self._agent is None:
            raise SmokedeployError("DEPLOY_ENDPOINT is not set: there is no agent to ask.", clause="PRE-4")
        return self._agent

    # -- deploy ----------------------------------------------------------------------------

    def deployment(self) -> Deployment:
        """The deploy, sent at the first call and never again.

        Raises:
            SmokedeployError: it was not sent, was refused, failed, or its outcome is unknown.

        """
        if self._deployment is None:
            try:
                self._deployment = self._deploy()
            except SmokedeployError as error:
                self._deployment = error
        if isinstance(self._deployment, SmokedeployError):
            raise self._deployment
        return self._deployment

    def _deploy(self) -> Deployment:
        if why := self._book.gate.may_not_deploy():
            self._book.note("deploy.not_sent", words=why)
            raise SmokedeployError(f"Nothing was deployed: {why}")
        before = self._read("GET /v1/status before the deploy", self._client.status())
        self._before = before.date
        said = before.raw.get("extensions")
        self.extensions = frozenset(str(name) for name in said) if isinstance(said, list) else frozenset()
        request = self._request()
        # From here on a stop is owed, whatever becomes of the call (DESIGN 5, layer 1).
        self._book.deploy("sent", "deploy.promised", deploy_id=self.deploy_id, image=self._run.image)
        self._book.announce(f"deploy: {self._run.image} asked of {self._run.endpoint_host}")
        self._book.note("deploy.sent", deploy_id=self.deploy_id)
        try:
            reading = self._client.deploy(request, seconds=self._run.settings.deadlines.deploy_seconds)
        except AgentError as error:
            raise self._failed(error) from error
        self._book.note(
            "deploy.answered", status=reading.status, answer=reading.raw, problems=list(reading.problems)
        )
        self._read("POST /v1/deploy", reading, note=False)
        deployment = Deployment(self._run, self.deploy_id, reading)
        for breach in deployment.breaches():
            self._book.finding(breach)
        self._book.announce(f"deploy: answered in {reading.seconds:.1f} s")
        return deployment

    def _request(self) -> DeployRequest:
        """The base contract's fields, and the receipt's where the agent gives one."""
        run, github = self._run, self._run.github
        env = dict(run.settings.runtime.environment) if run.settings.runtime.injected_by == "ci" else None
        request = DeployRequest(image=run.image, environment=run.environment, env=env)
        if Extension.RECEIPT not in self.extensions:
            return request
        who = Run(
            repository=github.repository,
            workflow=github.workflow_ref,
            run_id=github.run_id,
            attempt=github.run_attempt,
            actor=github.actor,
            commit=github.sha,
        )
        return request.model_copy(update={"deploy_id": self.deploy_id, "run": who})

    def _failed(self, error: AgentError) -> AgentError:
        """Write down what became of the deploy, and name the clause it violates."""
        words = str(error)
        if error.definite:
            error.clause = error.clause or _NO_CLAUSE.get(error.status or 0, "AGT-1")
            self._book.deploy("refused", "deploy.refused", status=error.status, words=words)
        elif isinstance(error, AgentFailedError):
            step = StepName(error.step) if error.step in set(StepName) else StepName.RUNNING
            error.clause = CLAUSE_OF_STEP[step]
            self._book.note("deploy.failed", status=error.status, words=words, step=error.step)
        else:
            # It may run: a lost answer, an edge that gave up, half a body (FACTS: 524, 502).
            error.clause = "AGT-5"
            self._book.note("deploy.unknown", status=error.status, words=words)
        return error

    # -- verify and observe ----------------------------------------------------------------

    def status(self) -> StatusReading:
        """The status after the deploy.

        Raises:
            SmokedeployError: there was no deploy, or the status call did not answer (VER-1).

        """
        if self._status is None:
            deployment = self.deployment()
            try:
                reading = self._read("GET /v1/status after the deploy", self._client.status())
            except AgentError as error:
                error.clause = "VER-1"
                raise
            self._status = StatusReading(self._run, deployment, reading, self._before)
        return self._status

    def log(self) -> LogReading:
        """The start-up log, followed to the end of the quiet window at the first call.

        Raises:
            SmokedeployError: there was no deploy.

        """
        if self._log is None:
            status = self.status()
            log = self._new_log()
            self._log = LogReading(log)
            if Extension.LOGS not in self.extensions:
                log.cut("the agent does not offer the extension `logs`")
                return self._log
            self._observe(log)
            if not log.violated:
                self._same_start(log, status)
            for clause in log.violated:
                self._book.finding(log.finding(clause))
        return self._log

    def _new_log(self) -> StartupLog:
        wanted = self._run.settings.log
        return StartupLog(Patterns.build(wanted.milestones, wanted.forbidden, wanted.documented))

    def _observe(self, log: StartupLog) -> None:
        deadlines, quiet = self._run.settings.deadlines, self._run.settings.quiet_window_seconds
        if self._open(log, follow=True) and self._observer is not None:
            self._observer.until_quiet(deadlines.startup_seconds, quiet)

    def _open(self, log: StartupLog, *, follow: bool) -> bool:
        """Open the log's stream; whether it opened."""
        try:
            stream = self._client.logs(since=None, follow=follow)
        except AgentError as error:
            log.cut(str(error))
            self._book.note("log.cut", words=str(error))
            return False
        file = self._run.evidence / "startup.log"
        self._observer = Observer(stream, log, self._book, file, self._mask, self._clock)
        return True

    def _same_start(self, log: StartupLog, status: StatusReading) -> None:
        """DET-1: one container and one start across the window; `running` alone never tells (FACTS)."""
        try:
            later = self._read("GET /v1/status after the quiet window", self._client.status()).raw
        except AgentError as error:
            log.cut(str(error))
            return
        for name in ("started_at", "container_id", "restart_count"):
            if status.raw.get(name) != later.get(name):
                log.restarted(
                    f"{name} was {status.raw.get(name)!r}, then {later.get(name)!r}: it started again"
                )
                return
        if later.get("running") is not True:
            log.restarted(f"running is {later.get('running')!r} after the quiet window")

    # -- stop ------------------------------------------------------------------------------

    def stop(self, why: str) -> Shutdown:
        """Stop what was deployed, look twice, read the log's tail. Never raises; at most once."""
        if self._shutdown is not None or self._book.gate.deploy != "sent":
            return self._shutdown or Shutdown()
        with self._shield():
            if self._observer:
                self._observer.log.stopping()
            stopper = Stopper(self._run, self._client, self._book, self.deploy_id, self.extensions)
            self._shutdown = Shutdown(asked=True, failed="the stop was cut short")
            try:
                self._shutdown = stopper.stop(why)
                self._tail(self._shutdown)
                stopper.look_again(self._shutdown)
            except Exception as error:  # noqa: BLE001 - raising here would cost the report (TRAP: a stop reports)
                self._shutdown.failed = self._shutdown.failed or repr(error)
                self._book.stop_confirmed(confirmed=False, words=repr(error))
            self.oddities += stopper.oddities
        return self._shutdown

    def _tail(self, shutdown: Shutdown) -> None:
        """What the log shows up to the end of the stop still counts, whatever was found before."""
        if self._observer is None:
            self._late(shutdown)
        if self._observer is None:
            return
        log = self._observer.log
        already = set(log.violated)
        self._observer.drain(TAIL_SECONDS if shutdown.confirmed else 0.5)
        self._observer.close()
        shutdown.exit_code = log.exit_code if shutdown.exit_code is None else shutdown.exit_code
        for clause in log.violated:
            if clause not in already:
                self._book.finding(log.finding(clause))
        if shutdown.confirmed and not self._observer.ended and not log.violated:
            self.oddities.append("the log stream did not end though the container is gone")

    def _late(self, shutdown: Shutdown) -> None:
        """A run that failed before it followed the log reads it once, for whoever looks into it."""
        if Extension.LOGS not in self.extensions or not shutdown.confirmed:
            return
        log = self._new_log()
        log.stopping()
        self._open(log, follow=False)

    # -- exit ------------------------------------------------------------------------------

    def all_checks_passed(self) -> Finding:
        """EXT-2: every check of the earlier stages ran and passed, and nothing came to light since."""
        rows = self._book.gate.outstanding()
        expected = CLAUSE["EXT-2"].text
        # The log's tail is read after the log's checks, so a clause can be violated though its check passed.
        if (since := self._book.gate.violations()) and not rows:
            words = f"{', '.join(since)} violated since; {next(iter(since.values()))}"
            return Finding("EXT-2", False, expected, words[:400])
        if not rows:
            return Finding("EXT-2", True, expected, "every check of the earlier stages passed")
        failed = [f"{check.title} ({outcome})" for check, outcome, _ in rows if outcome == "failed"]
        seen = "; ".join(failed or [f"{check.title} ({outcome})" for check, outcome, _ in rows])
        return Finding("EXT-2", False if failed else None, expected, seen[:400])

    def container_was_stopped(self) -> Finding:
        """EXT-3."""
        return (self._shutdown or Shutdown()).was_confirmed()

    def nothing_undocumented(self) -> Finding:
        """EXT-4: log lines, exit code and answers are all documented ones."""
        expected = CLAUSE["EXT-4"].text
        if self._log is None or self._shutdown is None:
            return Finding("EXT-4", None, expected, "the run did not get that far", None)
        log = self._log.log
        found = [f"undocumented line {line.text[:160]!r}" for line in log.undocumented]
        code = self._shutdown.exit_code
        if code is not None and code not in self._run.settings.log.exit_codes:
            found.append(f"exit code {code}, documented are {sorted(self._run.settings.log.exit_codes)}")
        found += self.oddities
        if found:
            meaning = "Something happened that nobody wrote down."
            remedy = "Understand it; then document it under log.documented in smokedeploy.yml, or mend it."
            return Finding("EXT-4", False, expected, "; ".join(found)[:600], Basis.SEEN, meaning, remedy)
        if not self._observer or not self._observer.ended or code is None:
            return Finding(
                "EXT-4", None, expected, "the log or the exit code could not be read to its end", None
            )
        return Finding(
            "EXT-4", True, expected, f"{len(log.lines)} log lines and exit code {code}, all documented"
        )

    def close(self) -> None:
        """Close the log stream."""
        if self._observer:
            self._observer.close()

    def _read(self, why: str, reading: Reading, *, note: bool = True) -> Reading:
        if note:
            self._book.note("status.read", why=why, answer=reading.raw, problems=list(reading.problems))
        self.oddities += [f"{why}: {problem}" for problem in reading.problems]
        return reading
