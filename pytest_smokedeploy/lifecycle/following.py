"""Follows a deploy that the agent answered with 202, to its end (extension `async`)."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from pytest_smokedeploy.client import Reading
from pytest_smokedeploy.client.answer import shown
from pytest_smokedeploy.contract import DEPLOYS, STEPS, Deployed, DeployState, Outcome, StepName
from pytest_smokedeploy.lifecycle.part import DeployPart
from pytest_smokedeploy.model import Basis, Finding
from pytest_smokedeploy.support.errors import AgentError, AgentFailedError

#: Least seconds between two reads, by when they are asked. Where the one before brought nothing new, as of an
#: agent that answers at once, it is a tenth of what has passed, up to the longest.
SHORTEST_PAUSE: Final = 0.2
LONGEST_PAUSE: Final = 2.0
#: The longest that a read waits for a step's end, and thus the seconds between two looks at a pull.
READ_SECONDS: Final = 2


def pause(seconds: float) -> None:
    """Wait; an interrupt ends it."""
    threading.Event().wait(max(0.0, seconds))


@dataclass(eq=False, repr=False)
class Follower(DeployPart):
    """Reads the progress of one deploy and shows it.

    Several reads are observations, not retries; a read that fails ends the run, as every lost answer does.
    """

    def __post_init__(self) -> None:
        self._call = f"GET {DEPLOYS}/{self.deploy_id}"
        self._told = 0
        self._place = 0
        self._failed = ""
        self._under_way = ""
        self._pulled: set[str] = set()

    def follow(self, began: float, seconds: float) -> Reading:
        """The whole receipt, once the state is `deployed`; nothing else is success.

        Args:
            began: time at which the deploy was sent, by the clock.
            seconds: its deadline from then on.

        Raises:
            AgentFailedError: a step failed.
            AgentError: the outcome is unknown.

        """
        try:
            return self._followed(began, seconds)
        finally:
            self.facts.progress("")

    def _followed(self, began: float, seconds: float) -> Reading:
        due = began
        while True:
            pause(min(due, began + seconds) - self.clock())
            asked = self.clock()
            passed = asked - began
            if passed >= seconds:
                at = f"; it stood at the step {self._under_way}" if self._under_way else ""
                raise self._lost(f"The deploy was not done within {seconds:g} seconds{at}.")
            before = (self._under_way, self._told)
            # The first read waits for nothing: it tells the step under way.
            wait = min(READ_SECONDS, int(seconds - passed)) if due > began else 0
            try:
                reading = self.client.progress(self.deploy_id, wait)
            except AgentError as error:
                words = f"The deploy's progress could not be read, and nothing is asked twice: {error}"
                raise self._lost(words, error) from error
            state, rows = reading.raw.get("state"), reading.raw.get("steps")
            done = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
            self._once(reading.raw, done)
            self._tell(reading.raw, done)
            if state == DeployState.DEPLOYED:
                # The receipt has its deploy's id, and is judged with it.
                return reading.held_against(Deployed)
            self.ours(reading)
            if state == DeployState.FAILED:
                raise self._step_failed(reading)
            if state != DeployState.DEPLOYING:
                raise self._lost(f"The deploy's state is {state!r}, which is not the contract's.")
            news = before != (self._under_way, self._told)
            due = asked + (SHORTEST_PAUSE if news else min(max(passed / 10, SHORTEST_PAUSE), LONGEST_PAUSE))

    def _once(self, raw: Mapping[str, Any], done: list[dict[str, Any]]) -> None:
        """Find a deploy that goes on after a failed step, or a step that is repeated (AGT-6).

        An agent may report the failed step a while before the deploy's end: it stops what it started.
        """
        outcomes = [row.get("outcome") for row in done]
        step, under_way = str(raw.get("step")), raw.get("state") == DeployState.DEPLOYING
        place = STEPS.index(StepName(step)) if step in STEPS else self._place
        seen = ""
        if self._failed and outcomes[-1:] != [Outcome.FAILED]:
            seen = f"the step {self._failed} failed, and the deploy went on"
        elif under_way and place < self._place:
            seen = f"the step {step} under way after the step {STEPS[self._place]}"
        elif Outcome.FAILED in outcomes:
            self._failed = str(done[outcomes.index(Outcome.FAILED)].get("step"))
        self._place = max(place, self._place)
        if seen:
            self.facts.finding(Finding("AGT-6", False, "each step once", seen, Basis.TOLD))

    def ours(self, reading: Reading) -> None:
        """Check that an answer is about this deploy.

        Raises:
            AgentError: it is about another.

        """
        if (said := reading.raw.get("deploy_id")) != self.deploy_id:
            raise self._lost(f"The agent answered for the deploy {said!r}, and {self.deploy_id} was asked.")

    def _step_failed(self, reading: Reading) -> AgentFailedError:
        raw, status = reading.raw, reading.status
        step, reason = raw.get("step"), shown(str(raw.get("reason") or ""), 500)
        step = shown(step, 40) if isinstance(step, str) else ""
        words = f"The agent failed to deploy{f' at the step {step}' if step else ''}: {reason or 'no reason'}"
        return AgentFailedError(words, call=self._call, status=status, reason=reason, step=step, answer=raw)

    def _lost(self, words: str, error: AgentError | None = None) -> AgentError:
        """The error of an unknown outcome; not definite, even where the failed read was."""
        return AgentError(words[:600], call=self._call, status=error.status if error else None)

    def _tell(self, raw: Mapping[str, Any], done: list[dict[str, Any]]) -> None:
        """Show the steps as they are done."""
        for row in done[self._told :]:
            step, outcome = str(row.get("step")), str(row.get("outcome"))
            if step in set(StepName) and outcome in set(Outcome):
                self.facts.announce(f"deploy: {step} {outcome}")
        step = str(raw.get("step") or "")
        if len(done) > self._told or step != self._under_way:
            self.facts.note("deploy.progress", state=raw.get("state"), step=step, done=len(done))
        if step != self._under_way and step in set(StepName) and raw.get("state") == DeployState.DEPLOYING:
            self.facts.announce(f"deploy: {step} under way")
        self._told, self._under_way = max(self._told, len(done)), step
        if step == StepName.PULL:
            self._tell_pull(raw.get("progress"))

    def _tell_pull(self, lines: object) -> None:
        """Show a layer that has progressed, so that a long pull does not look like a hang."""
        layers = [line for line in lines if isinstance(line, str)] if isinstance(lines, list) else []
        moving = next((line for line in layers if line not in self._pulled), "")
        self._pulled = set(layers)
        if moving:
            count = f"{len(layers)} layer{'s' if len(layers) > 1 else ''}"
            self.facts.progress(f"deploy: {count}, {shown(moving, 120)}")
