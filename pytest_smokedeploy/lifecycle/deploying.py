"""Sends the one deploy of a run, follows it to its end, and tells what became of it (AGT-1 to AGT-5)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Final

from pytest_smokedeploy.client import AgentClient, Reading, hold
from pytest_smokedeploy.client.answer import shown
from pytest_smokedeploy.contract import (
    LAST_LINES,
    DeployRequest,
    Extension,
    Failure,
    Run,
    StepName,
)
from pytest_smokedeploy.judging import may_not_deploy
from pytest_smokedeploy.lifecycle.deployment import CLAUSE_OF_STEP, Deployment
from pytest_smokedeploy.lifecycle.following import Follower
from pytest_smokedeploy.lifecycle.lease_renewal import LeaseRenewal
from pytest_smokedeploy.lifecycle.recorder import FactRecorder
from pytest_smokedeploy.lifecycle.verification import belied, rests, running_words
from pytest_smokedeploy.model import Basis, Finding
from pytest_smokedeploy.settings import RunConfig
from pytest_smokedeploy.support.errors import AgentError, AgentFailedError, SmokedeployError

#: Extensions whose calls know a deploy by its id.
NAMING: Final = frozenset({Extension.RECEIPT, Extension.ASYNC, Extension.LEASE, Extension.HOLD})
#: The edge gives a call up after about this long (FACTS): a deploy that answers at its end has no more.
EDGE_SECONDS: Final = 100.0
_OVERDUE_SECONDS: Final = 60.0
_ANEW: Final = "Start anew by hand once nobody else deploys."
_LEFT: Final = "It is stopped by this run; look at the agent's log before the next."
_NO_CLAUSE: Final = {401: "PRE-6", 403: "PRE-6", 423: "FLR-3"}


class Deployer:
    """One deploy, sent once.

    Args:
        run: the run's settings.
        client: the agent.
        facts: takes every fact.
        deploy_id: the gate's own id for this deploy.
        clock: monotonic seconds.
        asked: the status that the preconditions rest on, None where there is none.

    Attributes:
        extensions: what the agent lists, once it was asked.
        before: the status before the deploy.
        lease: kept from the moment the agent has the deploy.

    """

    def __init__(  # noqa: PLR0913 - collaborators
        self,
        run: RunConfig,
        client: AgentClient,
        facts: FactRecorder,
        deploy_id: str,
        clock: Callable[[], float],
        *,
        asked: Callable[[], Mapping[str, object] | None],
    ) -> None:
        self.extensions: frozenset[str] = frozenset()
        self.before: Reading | None = None
        self.lease = LeaseRenewal(client, facts, deploy_id, run.settings.deadlines.lease_seconds)
        self._run = run
        self._client = client
        self._facts = facts
        self._deploy_id = deploy_id
        self._clock = clock
        self._asked = asked
        self._sent_at: float | None = None

    def deploy(self) -> Deployment:
        """Send it, and wait for its end; one that failed is told by its receipt where the agent gives one.

        Raises:
            SmokedeployError: it was not sent, refused, failed without a receipt, or its outcome is unknown.

        """
        if self._facts.record.deploy != "not sent":
            # An interrupt or a time-out inside the call leaves no answer here; it is never sent again.
            raise SmokedeployError("A deploy was sent already, and none is sent twice.", clause="FLR-4")
        if why := may_not_deploy(self._facts.record):
            self._facts.note("deploy.not_sent", words=why)
            raise SmokedeployError(f"Nothing was deployed: {why}")
        before = self._facts.read("GET /v1/status before the deploy", self._client.status())
        self.before = before
        self.extensions = listed(before.raw)
        self._still_fit(before.raw)
        request = self._request()
        self._promise()
        failed = None
        try:
            reading = self._sent(request)
        except AgentError as error:
            self._failed(error)
            failed, answer = (error, _receipt(error)) if isinstance(error, AgentFailedError) else (None, None)
            if answer is None:
                raise
            reading = answer
        else:
            self._facts.note(
                "deploy.answered", status=reading.status, answer=reading.raw, problems=list(reading.problems)
            )
        self._facts.odd("POST /v1/deploy", reading)
        deployment = Deployment(
            self._run,
            self._deploy_id,
            reading,
            promised=Extension.RECEIPT in self.extensions,
            ran_before=before.raw.get("running") is True,
            failed=failed,
        )
        self._facts.oddities += deployment.oddities()
        for breach in deployment.breaches():
            self._facts.finding(breach)
        return deployment

    def open_seconds(self) -> float:
        """How long a deploy that was sent and never answered may still be under way; 0 where it is over."""
        if self._sent_at is None:
            return 0.0
        return max(0.0, self._sent_at + overdue(self._run) - self._clock())

    def _still_fit(self, raw: Mapping[str, object]) -> None:
        """What the preconditions saw may have changed since (PRE-7).

        Raises:
            SmokedeployError: it has; nothing is sent.

        """
        found = belied(self._run, raw)
        asked = self._asked()
        if raw.get("hold") is not None:
            words = hold.sentence(raw["hold"], self._run.client_id.reveal())
            seen = f"since the preconditions asked, {words}"
            found.append(Finding("FLR-3", False, "no hold on the agent", seen, remedy=hold.RELEASE))
        elif asked is not None and raw.get("last_deploy", ...) != asked.get("last_deploy", ...):
            words = "the last smoke deploy to be the one that the preconditions asked about"
            seen = "the agent tells another since"
            meaning = "Somebody else deployed meanwhile, and nobody asked how that ended."
            found.append(Finding("FLR-3", False, words, seen, meaning=meaning, remedy=_ANEW))
        for finding in found:
            self._facts.finding(finding)
        if found:
            raise SmokedeployError(f"Nothing was deployed: {found[0]}", clause=found[0].clause)

    # -- sending ---------------------------------------------------------------------------

    def _promise(self) -> None:
        """The stop is owed before the deploy is sent, whatever becomes of the call (DESIGN 5, layer 1)."""
        self._facts.promised(
            named=bool(NAMING & self.extensions),
            held=Extension.HOLD in self.extensions,
            deploy_id=self._deploy_id,
            image=self._run.image,
            extensions=sorted(self.extensions),
        )
        if why := self._facts.journal.broken:
            self._facts.refused(words=why)
            words = f"Nothing was deployed: the journal that promises the stop can't be written ({why})."
            raise SmokedeployError(words, clause="FLR-2", remedy="Mend the evidence folder's disk.")
        self._facts.announce(f"deploy: {self._run.image} asked of {self._run.endpoint_host}")
        self._facts.note("deploy.sent", deploy_id=self._deploy_id)

    def _request(self) -> DeployRequest:
        """The base contract's fields, and those of the extensions that the agent lists."""
        run, github = self._run, self._run.github
        env = dict(run.settings.runtime.environment) if run.settings.runtime.injected_by == "ci" else None
        request = DeployRequest(image=run.image, environment=run.environment, env=env)
        more: dict[str, object] = {}
        if NAMING & self.extensions:
            more["deploy_id"] = self._deploy_id
        if Extension.RECEIPT in self.extensions:
            more["run"] = Run(
                repository=github.repository,
                workflow=github.workflow_ref,
                run_id=github.run_id,
                attempt=github.run_attempt,
                actor=github.actor,
                commit=github.sha,
            )
        if Extension.LEASE in self.extensions:
            more["lease_seconds"] = self._lease_seconds()
        return request.model_copy(update=more)

    def _lease_seconds(self) -> int:
        """What is asked for, and no more; a call that answers at its end can't be renewed before it."""
        deadlines = self._run.settings.deadlines
        if Extension.ASYNC in self.extensions:
            return deadlines.lease_seconds
        return deadlines.lease_seconds + math.ceil(min(deadlines.deploy_seconds, EDGE_SECONDS))

    def _sent(self, request: DeployRequest) -> Reading:
        began, seconds = self._clock(), self._run.settings.deadlines.deploy_seconds
        self._sent_at = began
        wanted = Extension.ASYNC in self.extensions
        reading = self._client.deploy(request, seconds=seconds, respond_async=wanted)
        if Extension.LEASE in self.extensions:
            self.lease.start()
        if reading.status == 202:  # noqa: PLR2004 - taken only where it was asked for
            self._facts.note("deploy.accepted", answer=reading.raw, problems=list(reading.problems))
            follower = Follower(self._client, self._facts, self._deploy_id, self._clock)
            follower.ours(reading)
            reading = follower.follow(began, seconds)
        self._sent_at = None
        self._facts.announce(f"deploy: done in {self._clock() - began:.1f} s")
        return reading

    # -- failing ---------------------------------------------------------------------------

    def _failed(self, error: AgentError) -> None:
        """Write down what became of the deploy, and name the clause it violates."""
        if error.definite or isinstance(error, AgentFailedError):
            self._sent_at = None
        if error.definite:
            error.clause = error.clause or _NO_CLAUSE.get(error.status or 0, "AGT-1")
            self._facts.refused(status=error.status, words=str(error))
        elif isinstance(error, AgentFailedError):
            step = StepName(error.step) if error.step in set(StepName) else StepName.RUNNING
            error.clause = CLAUSE_OF_STEP[step]
            self._facts.note(
                "deploy.failed", status=error.status, words=str(error), step=error.step, answer=error.answer
            )
            self._tell(error)
            self._look_for_leftovers()
        else:
            # It may run: a lost answer, an edge that gave up, half a body (FACTS: 524, 502).
            error.clause = "AGT-5"
            self._facts.note("deploy.unknown", status=error.status, words=str(error))
            error.message += f" {self._looked_up()}"

    def _tell(self, error: AgentFailedError) -> None:
        """Show the failure and the last lines of what was started, while whoever watches still does."""
        self._facts.announce(f"deploy: {shown(error.message, 600)}")
        lines = error.answer.get("last_lines")
        for line in lines[-LAST_LINES:] if isinstance(lines, list) else []:
            self._facts.announce(f"deploy: | {shown(str(line))}")

    def _look_for_leftovers(self) -> None:
        """AGT-7: a failed deploy that still runs is a partial success; told where the agent knows ids."""
        if not {Extension.RECEIPT, Extension.STATUS} & self.extensions:
            return
        try:
            reading = self._facts.read("GET /v1/status after the failed deploy", self._client.status())
        except AgentError:
            return  # the stop that follows looks again, and fails loudly
        if not rests(reading.raw) and reading.raw.get("deploy_id") == self._deploy_id:
            expected = "nothing of the new container running after a failed deploy"
            said = running_words(reading.raw)
            seen = f"the deploy was told failed, and its container's status says {said}"
            meaning = "The agent lets run what it could not finish."
            self._facts.finding(Finding("AGT-7", False, expected, seen, Basis.SEEN, meaning, _LEFT))

    def _looked_up(self) -> str:
        """What became of it, for whoever looks into it; it is stopped and fails, whatever this says."""
        known = Extension.ASYNC in self.extensions
        if not known and not {Extension.RECEIPT, Extension.STATUS} & self.extensions:
            return "The agent's contract tells no deploy by its id, so it can't be looked up."
        try:
            reading = self._client.progress(self._deploy_id) if known else self._client.status()
        except AgentError as error:
            self._facts.note("deploy.looked_up", words=str(error))
            return f"Looked up by its id it stays unknown: {error.message}"
        raw = reading.raw
        self._facts.note("deploy.looked_up", answer=raw)
        if known:
            at = f" at the step {raw['step']}" if isinstance(raw.get("step"), str) else ""
            return f"Looked up by its id it is {str(raw.get('state'))[:40]!r}{at}."
        whose = "this deploy's" if raw.get("deploy_id") == self._deploy_id else "not this deploy's"
        return f"Looked up, the status says running {str(raw.get('running'))[:40]}, {whose} container."


def _receipt(error: AgentFailedError) -> Reading | None:
    """The failed deploy's answer, None where it tells no steps by the contract."""
    reading = Reading(dict(error.answer), None, (), error.status or 0, error.ray, 0.0, None)
    reading = reading.held_against(Failure)
    return reading if isinstance(reading.value, Failure) and reading.value.steps else None


def overdue(run: RunConfig) -> float:
    """Seconds from its sending after which a deploy without an answer is given up for good.

    Its deadline, and as much again up to a minute: what was late once may come a little later still.
    """
    seconds = min(run.settings.deadlines.deploy_seconds, EDGE_SECONDS)
    return seconds + min(seconds, _OVERDUE_SECONDS)


def listed(status: Mapping[str, object]) -> frozenset[str]:
    """The extensions that a status answer lists."""
    said = status.get("extensions")
    return frozenset(str(name) for name in said) if isinstance(said, list) else frozenset()
