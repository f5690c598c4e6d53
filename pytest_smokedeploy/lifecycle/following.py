"""Follows a deploy that the agent took with a 202, to its end (extension `async`)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any, Final

from pytest_smokedeploy.client import AgentClient, Reading
from pytest_smokedeploy.client.answer import shown
from pytest_smokedeploy.contract import DEPLOYS, Deployed, DeployState, Outcome, StepName
from pytest_smokedeploy.lifecycle.recorder import FactRecorder
from pytest_smokedeploy.model import Basis, Finding
from pytest_smokedeploy.support.errors import AgentError, AgentFailedError

#: Seconds between two reads: short at first, then a tenth of what has passed.
SHORTEST_PAUSE: Final = 0.2
LONGEST_PAUSE: Final = 2.0
#: Seconds between two words on the pull.
PULL_TOLD_SECONDS: Final = 5.0


class Follower:
    """Reads how far one deploy is, and tells whoever watches.

    A read of its progress is an observation, and several are no retry; but one that fails ends the
    run, as every lost answer does: nothing is asked a second time until it fits.

    Args:
        client: the agent.
        facts: takes what is read.
        deploy_id: the gate's own id for this deploy.
        clock: monotonic seconds.

    """

    def __init__(
        self, client: AgentClient, facts: FactRecorder, deploy_id: str, clock: Callable[[], float]
    ) -> None:
        self._client = client
        self._facts = facts
        self._deploy_id = deploy_id
        self._clock = clock
        self._told = 0
        self._place = 0
        self._failed = ""
        self._under_way = ""
        self._pulled: set[str] = set()
        self._pull_told = clock()

    def follow(self, began: float, seconds: float) -> Reading:
        """The whole receipt, once the state is `deployed`; nothing else is success.

        Args:
            began: when the deploy was sent, by the clock.
            seconds: how long it may take in all.

        Raises:
            AgentFailedError: a step failed.
            AgentError: the outcome is unknown.

        """
        while True:
            passed = self._clock() - began
            if passed >= seconds:
                at = f"; it stood at the step {self._under_way}" if self._under_way else ""
                raise self._lost(f"The deploy was not done within {seconds:g} seconds{at}.")
            pause = min(max(passed / 10, SHORTEST_PAUSE), LONGEST_PAUSE, seconds - passed)
            threading.Event().wait(pause)
            try:
                reading = self._client.progress(self._deploy_id)
            except AgentError as error:
                words = f"The deploy's progress could not be read, and nothing is asked twice: {error}"
                raise self._lost(words, error) from error
            state = reading.raw.get("state")
            self._once(reading.raw)
            self._tell(reading.raw)
            if state == DeployState.DEPLOYED:
                # Whose it is stands in the receipt, and is judged with it.
                return reading.held_against(Deployed)
            self.ours(reading)
            if state == DeployState.FAILED:
                raise self._step_failed(reading)
            if state != DeployState.DEPLOYING:
                raise self._lost(f"The deploy's state is {state!r}, which is not the contract's.")

    def _once(self, raw: Mapping[str, Any]) -> None:
        """AGT-6: a step that failed ends the deploy, and none comes again once a later one is under way.

        An agent may tell the failed step a while before the deploy's end: it stops what it started.
        """
        rows = raw.get("steps")
        done = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
        outcomes = [row.get("outcome") for row in done]
        step, under_way = str(raw.get("step")), raw.get("state") == DeployState.DEPLOYING
        place = list(StepName).index(StepName(step)) if step in set(StepName) else self._place
        seen = ""
        if self._failed and (Outcome.FAILED not in outcomes or outcomes[-1] != Outcome.FAILED):
            seen = f"the step {self._failed} failed, and the deploy went on"
        elif under_way and place < self._place:
            seen = f"the step {step} under way after the step {list(StepName)[self._place]}"
        elif Outcome.FAILED in outcomes:
            self._failed = str(done[outcomes.index(Outcome.FAILED)].get("step"))
        self._place = max(place, self._place)
        if seen:
            meaning = "The agent tried again what had failed, or its receipt is not what happened."
            remedy = "Look at the agent's log before the next run."
            self._facts.finding(Finding("AGT-6", False, "each step once", seen, Basis.TOLD, meaning, remedy))

    def ours(self, reading: Reading) -> None:
        """Whether an answer is about this deploy.

        Raises:
            AgentError: it is about another.

        """
        if (said := reading.raw.get("deploy_id")) != self._deploy_id:
            raise self._lost(f"The agent answered for the deploy {said!r}, and {self._deploy_id} was asked.")

    def _step_failed(self, reading: Reading) -> AgentFailedError:
        step, reason = reading.raw.get("step"), shown(str(reading.raw.get("reason") or ""), 500)
        step = shown(step, 40) if isinstance(step, str) else ""
        words = f"The agent failed to deploy{f' at the step {step}' if step else ''}: {reason or 'no reason'}"
        call = f"GET {DEPLOYS}/{self._deploy_id}"
        return AgentFailedError(
            words[:600],
            call=call,
            status=reading.status,
            reason=reason,
            step=step,
            answer=reading.raw,
        )

    def _lost(self, words: str, error: AgentError | None = None) -> AgentError:
        """An outcome that is unknown: never definite, whatever the failed read itself was."""
        call = error.call if error else f"GET {DEPLOYS}/{self._deploy_id}"
        return AgentError(words[:600], call=call, status=error.status if error else None)

    def _tell(self, raw: Mapping[str, Any]) -> None:
        """Show the steps as they are done."""
        rows = raw.get("steps")
        done = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
        for row in done[self._told :]:
            step, outcome = str(row.get("step")), str(row.get("outcome"))
            if step in set(StepName) and outcome in set(Outcome):
                self._facts.announce(f"deploy: {step} {outcome}")
        step = str(raw.get("step") or "")
        if len(done) > self._told or step != self._under_way:
            self._facts.note("deploy.progress", state=raw.get("state"), step=step, done=len(done))
        if step != self._under_way and step in set(StepName) and raw.get("state") == DeployState.DEPLOYING:
            self._facts.announce(f"deploy: {step} under way")
        self._told, self._under_way = max(self._told, len(done)), step
        self._tell_pull(raw.get("progress"))

    def _tell_pull(self, lines: object) -> None:
        """Now and then, a layer that is still on its way: a long pull must not look like one that hangs."""
        if not isinstance(lines, list) or self._clock() - self._pull_told < PULL_TOLD_SECONDS:
            return
        moving = [line for line in lines if isinstance(line, str) and line not in self._pulled]
        self._pulled = {line for line in lines if isinstance(line, str)}
        if moving:
            self._pull_told = self._clock()
            self._facts.announce(f"deploy: {len(lines)} layers, {shown(moving[0], 120)}")
