"""Sends the one deploy of a run and follows it to its end (AGT-1 to AGT-5)."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from pytest_smokedeploy.client import Reading, hold
from pytest_smokedeploy.client.answer import shown
from pytest_smokedeploy.contract import LAST_LINES, DeployRequest, Extension, Failure, Run, StepName
from pytest_smokedeploy.judging import may_not_deploy, rests
from pytest_smokedeploy.lifecycle.deployment import CLAUSE_OF_STEP, Deployment
from pytest_smokedeploy.lifecycle.following import Follower
from pytest_smokedeploy.lifecycle.lease_renewal import LeaseRenewal
from pytest_smokedeploy.lifecycle.part import DeployPart
from pytest_smokedeploy.lifecycle.verification import belied, running_words
from pytest_smokedeploy.model import Basis, Finding
from pytest_smokedeploy.settings import RunConfig
from pytest_smokedeploy.support.errors import AgentError, AgentFailedError, SmokedeployError
from pytest_smokedeploy.support.redaction import Sanitiser

#: Extensions whose calls name a deploy by its id.
NAMING: Final = frozenset(
    {Extension.RECEIPT, Extension.ASYNC, Extension.LEASE, Extension.HOLD, Extension.EVENTS}
)
#: Seconds after which the edge ends a call (documented by Cloudflare): the most for a synchronous deploy.
EDGE_SECONDS: Final = 100.0
_OVERDUE_SECONDS: Final = 60.0
_ALONE: Final = "Wait until nobody else deploys."
_NO_CLAUSE: Final = {401: "PRE-6", 403: "PRE-6", 423: "FLR-3"}


@dataclass(eq=False, repr=False)
class Deployer(DeployPart):
    """One deploy, sent once.

    Args:
        asked: returns the status that the preconditions rest on, None where there is none.

    Attributes:
        extensions: the agent's extensions, from the status before the deploy.
        before: the status before the deploy.
        sent_at: time of its sending, in seconds of the run's clock.
        lease: renewed from the moment the agent has accepted the deploy.

    """

    asked: Callable[[], Mapping[str, object] | None]
    extensions: frozenset[str] = frozenset()
    before: Reading | None = None
    sent_at: float = 0.0
    lease: LeaseRenewal = field(init=False)
    _open: bool = False

    def __post_init__(self) -> None:
        seconds = self.run.settings.deadlines.lease_seconds
        self.lease = LeaseRenewal(self.client, self.facts, self.deploy_id, seconds)

    def deploy(self) -> Deployment:
        """Send the deploy and wait for its end; a failed one is returned too where its answer has a receipt.

        Raises:
            SmokedeployError: it was not sent, refused, failed without a receipt, or its outcome is unknown.

        """
        if self.facts.record.deploy != "not sent":
            # An interrupt or a time-out inside the call leaves no answer; the deploy is never sent again.
            raise SmokedeployError("A deploy was sent already, and none is sent twice.", clause="FLR-4")
        if why := may_not_deploy(self.facts.record):
            self.facts.note("deploy.not_sent", words=why)
            raise SmokedeployError(f"Nothing was deployed: {why}")
        self.before = before = self.facts.read("GET /v1/status before the deploy", self.client.status())
        listed = before.raw.get("extensions")
        self.extensions = frozenset(map(str, listed)) if isinstance(listed, list) else frozenset()
        self._still_fit(before.raw)
        request = self._request()
        self._promise()
        failed = None
        try:
            reading = self._sent(request)
            answer, problems = reading.raw, list(reading.problems)
            self.facts.note("deploy.answered", status=reading.status, answer=answer, problems=problems)
        except AgentError as error:
            self._failed(error)
            if not isinstance(error, AgentFailedError) or (receipt := _receipt(error)) is None:
                raise
            failed, reading = error, receipt
        self.facts.odd("POST /v1/deploy", reading)
        promised, ran = Extension.RECEIPT in self.extensions, before.raw.get("running") is True
        deployment = Deployment(self.run, self.deploy_id, reading, promised, ran, failed)
        self.facts.findings(deployment.breaches(), deployment.oddities())
        return deployment

    def open_seconds(self) -> float:
        """Seconds for which a deploy without an answer may still be under way; 0 where it is over."""
        if not self._open:
            return 0.0
        return max(0.0, self.sent_at + overdue(self.run) - self.clock())

    def _still_fit(self, raw: Mapping[str, object]) -> None:
        """Check that the status is still as the preconditions saw it (PRE-7).

        Raises:
            SmokedeployError: it has changed; nothing is sent.

        """
        found = belied(self.run, raw)
        asked = self.asked()
        if raw.get("hold") is not None:
            words = hold.sentence(raw, self.run.client_id.reveal(), self.run.github.url_of)
            seen, remedy = f"since the preconditions asked, {words}", hold.release(raw, self.run.endpoint)
            found.append(Finding("FLR-3", False, "no hold on the agent", seen, remedy=remedy))
        elif asked is not None and raw.get("last_deploy", ...) != asked.get("last_deploy", ...):
            words = "the last smoke deploy to be the one that the preconditions asked about"
            seen = "the agent tells another since"
            meaning = "Somebody else deployed meanwhile, and nobody asked how that ended."
            found.append(Finding("FLR-3", False, words, seen, meaning=meaning, remedy=_ALONE))
        self.facts.findings(found)
        if found:
            raise SmokedeployError(f"Nothing was deployed: {found[0]}", clause=found[0].clause)

    # -- sending ---------------------------------------------------------------------------

    def _promise(self) -> None:
        """Record the stop as owed before the deploy is sent (DESIGN 5, layer 1)."""
        self.facts.note(
            "deploy.promised",
            named=bool(NAMING & self.extensions),
            hold=Extension.HOLD in self.extensions,
            deploy_id=self.deploy_id,
            image=self.run.image,
            extensions=sorted(self.extensions),
        )
        if why := self.facts.journal.broken:
            self.facts.note("deploy.refused", words=why)
            words = f"Nothing was deployed: the journal that promises the stop can't be written ({why})."
            raise SmokedeployError(words, clause="FLR-2", remedy="Mend the evidence folder's disk.")
        self.facts.announce(f"deploy: {self.run.image} asked of {self.run.endpoint_host}")
        self.facts.note("deploy.sent", deploy_id=self.deploy_id)

    def _request(self) -> DeployRequest:
        """The base contract's fields, and those of the extensions that the agent lists."""
        run, github = self.run, self.run.github
        env = dict(run.settings.runtime.environment) if run.settings.runtime.injected_by == "ci" else None
        ci_run = None
        if Extension.RECEIPT in self.extensions:
            ci_run = Run(
                repository=github.repository,
                workflow=github.workflow_ref,
                run_id=github.run_id,
                attempt=github.run_attempt,
                actor=github.actor,
                commit=github.sha,
            )
        deadlines = run.settings.deadlines
        lease = deadlines.lease_seconds
        if Extension.ASYNC not in self.extensions:
            # A synchronous deploy can't be renewed before its answer.
            lease += math.ceil(min(deadlines.deploy_seconds, EDGE_SECONDS))
        return DeployRequest(
            image=run.image,
            environment=run.environment,
            env=env,
            deploy_id=self.deploy_id if NAMING & self.extensions else None,
            run=ci_run,
            lease_seconds=lease if Extension.LEASE in self.extensions else None,
        )

    def _sent(self, request: DeployRequest) -> Reading:
        began, seconds = self.clock(), self.run.settings.deadlines.deploy_seconds
        self.sent_at, self._open = began, True
        wanted = Extension.ASYNC in self.extensions
        reading = self.client.deploy(request, seconds=seconds, respond_async=wanted)
        if Extension.LEASE in self.extensions:
            self.lease.start()
        if reading.status == 202:  # noqa: PLR2004 - taken only where it was asked for
            self.facts.note("deploy.accepted", answer=reading.raw, problems=list(reading.problems))
            follower = Follower(self.run, self.client, self.facts, self.deploy_id, self.clock)
            follower.ours(reading)
            reading = follower.follow(began, seconds)
        self._open = False
        self.facts.announce(f"deploy: done in {self.clock() - began:.1f} s")
        return reading

    # -- failing ---------------------------------------------------------------------------

    def _failed(self, error: AgentError) -> None:
        """Record how the deploy failed, and set the clause that the error violates."""
        if error.definite or isinstance(error, AgentFailedError):
            self._open = False
        if error.definite:
            error.clause = error.clause or _NO_CLAUSE.get(error.status or 0, "AGT-1")
            self.facts.note("deploy.refused", status=error.status, words=str(error))
        elif isinstance(error, AgentFailedError):
            # Before any of it is cut: the piece of a short secret is not found again.
            error.answer = Sanitiser(self.run.named_secrets().values()).data(error.answer)
            step = StepName(error.step) if error.step in set(StepName) else StepName.RUNNING
            error.clause = CLAUSE_OF_STEP[step]
            told = {"status": error.status, "words": str(error), "step": error.step, "answer": error.answer}
            self.facts.note("deploy.failed", **told)
            self.facts.announce(f"deploy: {shown(error.message, 600)}")
            lines = error.answer.get("last_lines")
            for line in lines[-LAST_LINES:] if isinstance(lines, list) else []:
                self.facts.announce(f"deploy: | {shown(str(line))}")
            self._look_for_leftovers()
        else:
            # It may run: the answer was lost or cut, or the edge ended the call (524, 502).
            error.clause = "AGT-5"
            self.facts.note("deploy.unknown", status=error.status, words=str(error))
            error.message += f" {self._looked_up()}"

    def _look_for_leftovers(self) -> None:
        """Find a failed deploy that still runs (AGT-7), where the status has the deploy's id."""
        if not {Extension.RECEIPT, Extension.STATUS} & self.extensions:
            return
        try:
            reading = self.facts.read("GET /v1/status after the failed deploy", self.client.status())
        except AgentError:
            return  # the stop that follows reads the status again, and fails the run
        if not rests(reading.raw) and reading.raw.get("deploy_id") == self.deploy_id:
            expected = "nothing of the new container running after a failed deploy"
            seen = f"the deploy was told failed, and its container's status says {running_words(reading.raw)}"
            meaning = "The agent lets run what it could not finish."
            self.facts.finding(Finding("AGT-7", False, expected, seen, Basis.SEEN, meaning))

    def _looked_up(self) -> str:
        """The outcome by a second read, in words for a person; the run stops it and fails all the same."""
        known = Extension.ASYNC in self.extensions
        if not known and not {Extension.RECEIPT, Extension.STATUS} & self.extensions:
            return "The agent's contract tells no deploy by its id, so it can't be looked up."
        try:
            reading = self.client.progress(self.deploy_id) if known else self.client.status()
        except AgentError as error:
            self.facts.note("deploy.looked_up", words=str(error))
            return f"Looked up by its id it stays unknown: {error.message}"
        raw = reading.raw
        self.facts.note("deploy.looked_up", answer=raw)
        if known:
            at = f" at the step {raw['step']}" if isinstance(raw.get("step"), str) else ""
            return f"Looked up by its id it is {str(raw.get('state'))[:40]!r}{at}."
        whose = "this deploy's" if raw.get("deploy_id") == self.deploy_id else "not this deploy's"
        return f"Looked up, the status says running {str(raw.get('running'))[:40]}, {whose} container."


def _receipt(error: AgentFailedError) -> Reading | None:
    """The failed deploy's answer, None where it has no steps by the contract."""
    answer = Reading(dict(error.answer), None, (), error.status or 0, error.ray, None)
    reading = answer.held_against(Failure)
    return reading if isinstance(reading.value, Failure) and reading.value.steps else None


def overdue(run: RunConfig) -> float:
    """Seconds from its sending after which a deploy without an answer counts as over.

    Its deadline, and as much again up to a minute (chosen: an answer may be late).
    """
    seconds = min(run.settings.deadlines.deploy_seconds, EDGE_SECONDS)
    return seconds + min(seconds, _OVERDUE_SECONDS)
