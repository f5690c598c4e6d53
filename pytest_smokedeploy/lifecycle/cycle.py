"""One smoke deploy from the promise to stop to the confirmed stop (DESIGN 5)."""

import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass

from pytest_smokedeploy.client import AgentClient
from pytest_smokedeploy.contract import Extension
from pytest_smokedeploy.lifecycle import exiting, outcome
from pytest_smokedeploy.lifecycle.deploying import NAMING, Deployer
from pytest_smokedeploy.lifecycle.deployment import Deployment
from pytest_smokedeploy.lifecycle.observation import LogReading
from pytest_smokedeploy.lifecycle.recorder import FactRecorder
from pytest_smokedeploy.lifecycle.shutdown import Shutdown
from pytest_smokedeploy.lifecycle.stopping import Stopper
from pytest_smokedeploy.lifecycle.verification import StatusReading
from pytest_smokedeploy.lifecycle.watch import Watch
from pytest_smokedeploy.model import CLAUSE, Finding
from pytest_smokedeploy.settings import RunConfig
from pytest_smokedeploy.support.errors import AgentError, SmokedeployError


@dataclass(eq=False, repr=False)
class Lifecycle:
    """Deploys once, verifies, observes, and stops whatever happened.

    Args:
        run: the run's settings.
        client: the agent's client, or None where the endpoint is not set: then nothing is ever deployed.
        facts: records every fact.
        mask: the sanitiser's `text`, for the log's lines.
        shield: defers signals while a stop is under way.
        asked: returns the status that the preconditions rest on, None where there is none.

    """

    _run: RunConfig
    _client: AgentClient | None
    _facts: FactRecorder
    _mask: Callable[[str], str]
    _shield: Callable[[], AbstractContextManager[object]]
    _asked: Callable[[], Mapping[str, object] | None]

    def __post_init__(self) -> None:
        self.deploy_id = str(uuid.uuid4())
        self._agent: tuple[AgentClient, Deployer, Watch] | None = None
        if self._client is not None:
            shared = self._run, self._client, self._facts, self.deploy_id, time.monotonic
            self._agent = self._client, Deployer(*shared, self._asked), Watch(*shared, self._mask)
        self._deployment: Deployment | SmokedeployError | None = None
        self._status: StatusReading | None = None
        self._log: LogReading | None = None
        self._shutdown: Shutdown | None = None

    # -- deploy, verify, observe -----------------------------------------------------------

    def deployment(self) -> Deployment:
        """The deploy, sent at the first call and never again.

        Raises:
            SmokedeployError: it was not sent, refused, failed without a receipt, or its outcome is unknown.

        """
        if self._deployment is None:
            try:
                self._deployment = self._connected()[1].deploy()
            except SmokedeployError as error:
                self._deployment = error
        if isinstance(self._deployment, SmokedeployError):
            raise self._deployment
        return self._deployment

    def status(self) -> StatusReading:
        """The status after the deploy.

        Raises:
            SmokedeployError: there was no deploy, it failed, or the status call did not answer (VER-1).

        """
        if self._status is None:
            deployment = self.deployment()
            client, deployer, _ = self._connected()
            if deployment.failed:
                raise deployment.failed
            try:
                reading = self._facts.read("GET /v1/status after the deploy", client.status())
            except AgentError as error:
                error.clause = "VER-1"
                raise
            shared = deployer.before, deployer.extensions, deployer.sent_at
            self._status = StatusReading(self._run, deployment, reading, *shared, time.monotonic())
            self._facts.findings(self._status.breaches(), self._status.oddities())
        return self._status

    def log(self) -> LogReading:
        """The start-up log, followed to the end of the quiet window at the first call.

        Raises:
            SmokedeployError: there was no deploy.

        """
        if self._log is None:
            status, watch = self.status(), self._connected()[2]
            # Set before it is followed: after an interrupt the next check finds this log, not a new stream.
            self._log = LogReading(watch.log)
            watch.follow(status)
        return self._log

    def _connected(self) -> tuple[AgentClient, Deployer, Watch]:
        if self._agent is None:
            raise SmokedeployError("DEPLOY_ENDPOINT is not set: there is no agent to ask.", clause="PRE-4")
        return self._agent

    # -- stop ------------------------------------------------------------------------------

    def stop(self, why: str) -> Shutdown:
        """Stop the deploy, read the status twice and the log's tail. Never raises; at most once."""
        if self._shutdown is not None or self._agent is None or self._facts.record.deploy != "sent":
            return self._shutdown or Shutdown()
        # Independent of the checks that ran: a step that failed violates its clause.
        if isinstance(self._deployment, Deployment) and (failure := self._deployment.failure()):
            self._facts.finding(failure)
        with self._shield():
            self._shutdown = Shutdown(asked=True, failed="the stop was cut short")
            try:
                self._stop(*self._agent, why)
            except Exception as error:  # noqa: BLE001 - raising here would cost the report: a stop reports
                if self._shutdown.confirmed:
                    self._facts.note("run.spoiled", words=f"the stop is confirmed, and then: {error!r}")
                else:
                    self._shutdown.failed = self._shutdown.failed or repr(error)
                    self._facts.note("stop.unconfirmed", words=repr(error))
            except BaseException:
                # A time-out of another plug-in cut it short: the next call of `stop` tries again.
                self._shutdown = None
                raise
        return self._shutdown

    def _stop(self, client: AgentClient, deployer: Deployer, watch: Watch, why: str) -> None:
        deployer.lease.end()
        open_seconds = deployer.open_seconds()
        watch.stopping()
        named = bool(NAMING & deployer.extensions)
        receipt = self._deployment.receipt if isinstance(self._deployment, Deployment) else None
        shared = self._run, client, self._facts, self.deploy_id, time.monotonic
        stopper = Stopper(*shared, named, receipt.container_id if receipt else None)
        self._shutdown = stopper.stop(why, open_seconds)
        try:
            watch.tail(self._shutdown, deployer.extensions, self._status.earliest if self._status else None)
        finally:
            stopper.look_again()
        watch.ended_as_watched(self._shutdown)
        watch.recorded_to_the_end(self._shutdown, deployer.extensions)

    @property
    def holds(self) -> bool:
        """Whether the agent keeps a hold until it is told that the run passed (extension `hold`)."""
        return self._agent is not None and Extension.HOLD in self._agent[1].extensions

    def tell_outcome(self) -> str:
        """Tell the agent that the run passed, so that it releases its hold (FLR-3). Never raises.

        Only for a run that is proven whole and stopped, with its evidence on the disk.

        Returns:
            Why the agent is not known to have taken it, or "".

        """
        return outcome.tell(self._connected()[0], self.deploy_id, self._run)

    # -- exit ------------------------------------------------------------------------------

    def all_checks_passed(self) -> Finding:
        """EXT-2."""
        return exiting.all_checks_passed(self._facts.record)

    def container_was_stopped(self) -> Finding:
        """EXT-3."""
        return (self._shutdown or Shutdown()).was_confirmed()

    def nothing_undocumented(self) -> Finding:
        """EXT-4: log lines, exit code and answers are all documented ones."""
        if self._log is None or self._shutdown is None or self._agent is None:
            seen, remedy = "the run did not get that far", "Look at the first stage that failed."
            return Finding("EXT-4", None, CLAUSE["EXT-4"].text, seen, None, remedy=remedy)
        return exiting.nothing_undocumented(self._agent[2], self._shutdown)

    def close(self) -> None:
        """End the lease's thread and the log stream."""
        if self._agent:
            _, deployer, watch = self._agent
            deployer.lease.end()
            watch.close()
