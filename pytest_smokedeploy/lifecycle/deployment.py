"""Judges the agent's receipt of its five steps (AGT-1 to AGT-5)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pytest_smokedeploy.client import Reading
from pytest_smokedeploy.client.answer import shown
from pytest_smokedeploy.contract import (
    STEPS,
    Deployed,
    Failure,
    Mount,
    Outcome,
    Step,
    StepName,
    last_instant,
    parse_time,
)
from pytest_smokedeploy.model import CLAUSE, Basis, Finding, remedies
from pytest_smokedeploy.settings import RunConfig
from pytest_smokedeploy.settings.model import MountSettings
from pytest_smokedeploy.support.errors import AgentFailedError
from pytest_smokedeploy.support.image import ImageReference

#: The clause of each step.
CLAUSE_OF_STEP: Final = dict(zip(STEPS, ("AGT-1", "AGT-2", "AGT-3", "AGT-4", "AGT-5"), strict=True))
_MAY_BE_ABSENT: Final = frozenset({StepName.STOP, StepName.REMOVE})


def same_image(requested: str, said: object) -> bool:
    """Whether `said` names the requested image, in any spelling (``x``, ``docker.io/library/x``)."""
    if not isinstance(said, str):
        return False
    try:
        return ImageReference.parse(requested) == ImageReference.parse(said)
    except ValueError:
        return False


@dataclass(eq=False, repr=False)
class Deployment:
    """A deploy that the agent answered, with success or with a failed step.

    Args:
        run: the run's settings.
        deploy_id: the gate's own id for this deploy.
        reading: the agent's answer, by the model `Deployed` or `Failure`.
        promised: whether the agent lists the extension `receipt`: then an answer without one proves nothing.
        ran_before: whether a container ran when the deploy was sent.
        failed: the error that the answer is, None for a success.

    Attributes:
        raw: the answer as it came.
        receipt: the answer by the contract; empty where it breaks the contract.
        steps: the receipt's steps in the order done, None for an agent without receipts.

    """

    run: RunConfig
    deploy_id: str
    reading: Reading
    promised: bool = False
    ran_before: bool = False
    failed: AgentFailedError | None = None

    def __post_init__(self) -> None:
        self.raw, value = self.reading.raw, self.reading.value
        self.receipt = value if isinstance(value, Deployed | Failure) else Failure()
        self.steps = self.receipt.steps
        problems = "; ".join(self.reading.problems)
        self._breach = "" if self.receipt is value else f"no answer by the contract: {problems}"

    def pulled(self) -> Finding:
        """AGT-1."""
        said = self.raw.get("image", self.run.image if self.failed else None)
        if not same_image(self.run.image, said):
            return _violated("AGT-1", f"image {self.run.image}", f"the agent deployed {said!r}")
        other = self.raw.get("deploy_id", self.deploy_id)
        if other != self.deploy_id:
            return _violated("AGT-1", f"the deploy {self.deploy_id}", f"an answer about {other!r}"[:200])
        return self._step(StepName.PULL)

    def stopped_the_old(self) -> Finding:
        """AGT-2; a container that ran when the deploy was sent was there to be stopped."""
        finding = self._step(StepName.STOP)
        if finding and self.ran_before and self.steps and self.steps[1].outcome is Outcome.ABSENT:
            seen = "a container ran when the deploy was sent, and the receipt calls it absent"
            return _violated("AGT-2", "the container that ran stopped", seen)
        return finding

    def removed_the_old(self) -> Finding:
        """AGT-3."""
        return self._step(StepName.REMOVE)

    def started_the_new(self) -> Finding:
        """AGT-4: the server's name, the injected environment, both mounts."""
        name = self.run.settings.agent.container_name
        said = self.raw.get("container_name", name if self.steps is None else None)
        if said != name:
            return _violated("AGT-4", f"container_name {name!r}", repr(said))
        finding = self._step(StepName.START)
        expected = "environment and mounts as the settings declare them"
        if finding and (absent := self._absent()):
            remedy = remedies.VARIABLES[self.run.settings.runtime.injected_by]
            return _violated("AGT-4", expected, f"environment without {', '.join(absent)}", remedy=remedy)
        if finding and (unfit := self._mounted()):
            return _violated("AGT-4", expected, unfit, remedy=remedies.MOUNTS)
        return finding

    def is_running(self) -> Finding:
        """AGT-5."""
        if not self.failed and self.raw.get("status") != "deployed":
            return _violated("AGT-5", "status 'deployed'", repr(self.raw.get("status")))
        return self._step(StepName.RUNNING)

    def breaches(self) -> list[Finding]:
        """Violations of TGT-1, AGT-6 (a step twice) and AGT-7 (success with a failed step, or a reason)."""
        found, wanted, steps = [], self.run.environment, self.steps or []
        if (where := self.raw.get("environment", wanted)) != wanted:
            found.append(("TGT-1", f"environment {wanted!r}", f"{where!r}"[:200]))
        names = [step.step for step in steps]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            found.append(("AGT-6", "each step once", f"{', '.join(twice)} more than once"))
        if not self.failed:
            if failed := [step.step for step in steps if step.outcome is Outcome.FAILED]:
                found.append(("AGT-7", "no failed step in a success", f"{', '.join(failed)} failed"))
            for name in ("reason", "error"):
                if said := self.raw.get(name):
                    expected = "a success that gives no reason of a failure"
                    found.append(("AGT-7", expected, f"{name} {said!r} in a success"))
        return [_violated(*row) for row in found]

    def oddities(self) -> list[str]:
        """Fields missing in a promised receipt, and an active health check, one line each (EXT-4)."""
        # The engine runs a health check inside the container: its processes count as the runtime's (RUN-2).
        found = ["the receipt tells a health check that is on"] if self.raw.get("health_check") else []
        if self.promised and not self.failed:
            told = ("deploy_id", "container_id", "started_at")
            found += [f"the receipt tells no {name}" for name in told if self.raw.get(name) is None]
        return found

    def failure(self) -> Finding | None:
        """The violation of the failed step's clause, None for a success."""
        if self.failed is None:
            return None
        clause = self.failed.clause or CLAUSE_OF_STEP[StepName.RUNNING]
        return _violated(clause, CLAUSE[clause].text, self.failed.message)

    # -- inside ----------------------------------------------------------------------------

    def _step(self, name: StepName) -> Finding:
        clause = CLAUSE_OF_STEP[name]
        expected = CLAUSE[clause].text
        if self.steps is None:
            if self._breach:
                return Finding(clause, None, expected, self._breach, None)
            if self.promised:
                return _violated(clause, f"the step {name} in the receipt", "a receipt without steps")
            return Finding(clause, True, expected, "the agent's 200 says so; it gives no receipt", Basis.TOLD)
        names = [step.step for step in self.steps]
        place = STEPS.index(name)
        if name not in names and self.failed:
            seen = f"the deploy failed at {names[-1]}"
            return Finding(clause, None, expected, seen, None, remedy="Look at that step first.")
        if names[place : place + 1] != [name]:
            return _violated(clause, f"{name} as step {place + 1}", f"steps {', '.join(names)}")
        step = self.steps[place]
        if step.outcome is Outcome.FAILED or (step.outcome is Outcome.ABSENT and name not in _MAY_BE_ABSENT):
            return self._undone(clause, step)
        before = self.steps[place - 1].finished_at if place else step.started_at
        follows = parse_time(before) <= last_instant(step.started_at)
        if not (follows and parse_time(step.started_at) <= last_instant(step.finished_at)):
            times = f"{name} from {step.started_at} to {step.finished_at}, the step before until {before}"
            return _violated(clause, f"{name} after the step before it", times)
        return Finding(clause, True, expected, f"{name} {step.outcome} at {step.finished_at}", Basis.TOLD)

    def _undone(self, clause: str, step: Step) -> Finding:
        """The violation by a step that was not done; at the last step its cause is mostly the runtime."""
        named = f"step {STEPS.index(step.step) + 1} ({step.step})"
        seen = f"{named} {step.outcome}{f': {step.detail}' if step.detail else ''}"
        if step.step is not StepName.RUNNING:
            return _violated(clause, f"{named} done", seen)
        wrote = self.raw.get("last_lines")
        lines = [line for line in wrote if str(line).strip()] if isinstance(wrote, list) else []
        meaning, remedy = "The runtime did not keep running.", ""
        if lines:
            seen += f"; its last line: {shown(str(lines[-1]), 160)!r}"
            remedy = "Read its last lines in report.html, and in startup.log what was read of its log."
        return _violated(clause, f"{named} done", seen, meaning, remedy)

    def _absent(self) -> list[str]:
        """The settings' variables that the answer lacks; one without a receipt need not tell any."""
        if self.receipt.env is None and self.steps is None:
            return []
        return sorted(set(self.run.settings.runtime.environment) - set(self.receipt.env or ()))

    def _mounted(self) -> str:
        """Why the mounts are not the settings', or ""; an answer without a receipt need not tell any."""
        if self.receipt.mounts is None and self.steps is None:
            return ""
        told = self.receipt.mounts or []
        mounts = {mount.name: mount for mount in told}
        if len(mounts) != len(told):
            return "mounts of which two have one name"
        if faults := [words for want in self.run.settings.mounts if (words := _unfit(want, mounts))]:
            return ", ".join(faults)
        sources = [mounts[want.name].source for want in self.run.settings.mounts]
        if len(set(sources)) != len(sources):
            return f"two mounts of one source, {', '.join(sources)}"
        return ""


def _unfit(want: MountSettings, mounts: Mapping[str, Mount]) -> str:
    """Why the mount of the settings is not among those that were told, or ""."""
    if (mount := mounts.get(want.name)) is None:
        return f"no mount {want.name}"
    if mount.target != want.target:
        return f"mount {want.name} at {mount.target}, not at {want.target}"
    if not mount.writable:
        return f"mount {want.name} is read-only"
    return "" if mount.source else f"mount {want.name} has no source"


def _violated(clause: str, expected: str, seen: str, meaning: str = "", remedy: str = "") -> Finding:
    return Finding(clause, False, expected, seen, Basis.TOLD, meaning, remedy)
