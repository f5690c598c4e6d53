"""The five steps, in order and once each; one deploy at a time; a stop cancels one in flight."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from pytest_smokedeploy.agent.engines.base import ContainerSpec, ContainerState, Engine, MountSpec, utc_now
from pytest_smokedeploy.agent.settings import PLANE, AgentSettings
from pytest_smokedeploy.contract import DeployRequest, Outcome, StepName
from pytest_smokedeploy.errors import EngineError, SmokedeployError
from pytest_smokedeploy.image import ImageReference

T = TypeVar("T")
LABEL: Final = "smokedeploy.agent"
DEPLOY_LABEL: Final = "smokedeploy.deploy_id"
#: How long a container must keep running to count as running (AGT-5); crashes at once show within it.
SETTLE_SECONDS: Final = 0.4
_LOOK_SECONDS: Final = 0.05
#: Stops that came before their deploy are remembered: a stop may overtake it.
_REMEMBERED: Final = 256


class RefusedError(SmokedeployError):
    """A definite no: nothing was done.

    Attributes:
        status: the HTTP status.

    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class FailedError(SmokedeployError):
    """A step failed, and nothing of the new container is left.

    Attributes:
        step: the step.
        steps: the receipt so far.

    """

    def __init__(self, step: StepName, message: str, steps: list[dict[str, Any]]) -> None:
        super().__init__(message)
        self.step = step
        self.steps = steps


@dataclass(slots=True)
class _Flight:
    """A deploy under way."""

    deploy_id: str | None
    cancelled: threading.Event = field(default_factory=threading.Event)
    done: threading.Event = field(default_factory=threading.Event)


class Flow:
    """Deploys and stops the one container.

    Args:
        settings: what the server owns.
        engine: the engine.

    """

    def __init__(self, settings: AgentSettings, engine: Engine) -> None:
        self._settings = settings
        self._engine = engine
        self._lock = threading.Lock()
        self._flight: _Flight | None = None
        self._stopped: OrderedDict[str, None] = OrderedDict()

    # -- deploy ----------------------------------------------------------------------------

    def deploy(self, request: DeployRequest) -> dict[str, Any]:
        """Do the five steps; returns the answer with its receipt.

        Raises:
            RefusedError: nothing was done.
            FailedError: a step failed.

        """
        image = self._allowed(request)
        env = self._env(request)
        with self._lock:
            if self._flight is not None:
                raise RefusedError(409, "another deploy is under way.")
            if request.deploy_id in self._stopped:
                raise RefusedError(409, "this deploy was stopped before it arrived.")
            flight = self._flight = _Flight(request.deploy_id)
        try:
            return self._steps(request, image, env, flight)
        finally:
            with self._lock:
                self._flight = None
            flight.done.set()

    def _allowed(self, request: DeployRequest) -> str:
        settings = self._settings
        if request.environment != settings.environment:
            raise RefusedError(400, f"environment: this agent is {settings.environment}'s.")
        try:
            reference = ImageReference.parse(request.image)
        except ValueError as error:
            raise RefusedError(400, f"image: {error}.") from error
        if reference.repository not in settings.allowed_images:
            raise RefusedError(400, f"image: {reference.repository} is not among ALLOWED_IMAGES.")
        if reference.tag in {None, "latest"} and reference.digest is None:
            raise RefusedError(400, "image: a tag that can move (none, or latest) is never deployed.")
        return request.image

    def _env(self, request: DeployRequest) -> dict[str, str]:
        settings = self._settings
        env = {PLANE: settings.execution_plane, **settings.runtime_env}
        for name, value in (request.env or {}).items():
            if name not in settings.ci_env_keys or name in settings.runtime_env:
                raise RefusedError(400, f"env: {name} is the server's; CI injects none of it.")
            if name == PLANE and value not in settings.allowed_planes:
                raise RefusedError(400, f"env: {PLANE} {value} is not among ALLOW_EXECUTION_PLANE.")
            env[name] = value
        process = self._engine.kind == "process"
        env["AUDIT_EVENTS_PATH"] = str(settings.audit_events) if process else settings.audit_events_target
        env["SNAPSHOTS_PATH"] = str(settings.snapshots) if process else settings.snapshots_target
        return env

    def _steps(
        self, request: DeployRequest, image: str, env: dict[str, str], flight: _Flight
    ) -> dict[str, Any]:
        settings, engine = self._settings, self._engine
        receipt = _Receipt(flight)
        mounts = (
            MountSpec("audit-events", str(settings.audit_events), settings.audit_events_target),
            MountSpec("snapshots", str(settings.snapshots), settings.snapshots_target),
        )
        labels = {LABEL: settings.container_name, DEPLOY_LABEL: request.deploy_id or ""}
        spec = ContainerSpec(image, env, mounts, labels, settings.network_mode)
        digest = receipt.do(StepName.PULL, lambda: engine.pull(image, cancelled=flight.cancelled))
        there = receipt.look(StepName.STOP, engine.inspect)
        self._own(there, receipt)
        if there is not None and there.running:
            receipt.do(StepName.STOP, lambda: engine.stop(settings.grace_seconds))
        else:
            receipt.absent(StepName.STOP)
        if there is not None:
            receipt.do(StepName.REMOVE, engine.remove)
        else:
            receipt.absent(StepName.REMOVE)
        try:
            receipt.do(StepName.START, lambda: engine.start(spec))
            state = receipt.do(StepName.RUNNING, lambda: self._settled(flight))
        except BaseException:
            self._clear()
            raise
        return {
            "status": "deployed",
            "container_name": settings.container_name,
            "image": image,
            "environment": settings.environment,
            "deploy_id": request.deploy_id,
            "container_id": state.container_id,
            "image_digest": digest,
            "started_at": state.started_at,
            "env": sorted(env),
            "mounts": [
                {"name": m.name, "source": m.source, "target": m.target, "writable": True} for m in mounts
            ],
            "steps": receipt.steps,
        }

    @staticmethod
    def _own(there: ContainerState | None, receipt: _Receipt) -> None:
        if there is not None and not there.ours:
            words = "the name is taken by a container this agent did not make; it is left alone."
            raise receipt.failed(StepName.STOP, utc_now(), words)

    def _settled(self, flight: _Flight) -> ContainerState:
        """The container, once it has kept running for a while."""
        deadline = time.monotonic() + SETTLE_SECONDS
        while True:
            state = self._engine.inspect()
            if state is None or not state.running:
                raise EngineError(self._last_words(state), step="running")
            if time.monotonic() >= deadline:
                return state
            if flight.cancelled.wait(_LOOK_SECONDS):
                raise EngineError("the deploy was cancelled by a stop", step="running")

    def _last_words(self, state: ContainerState | None) -> str:
        """Why it does not run: its exit code, and its last lines."""
        code = state.exit_code if state else None
        # Batch by batch, the last alone kept: what it wrote may be large.
        lines: deque[str] = deque(maxlen=5)
        for batch in self._engine.logs(None, follow=False):
            lines.extend(record.line[:200] for record in batch)
        said = " | ".join(lines)
        return f"it exited while starting, exit code {code}; last lines: {said or 'none'}"

    def _clear(self) -> None:
        """Leave nothing of a failed deploy."""
        try:
            self._engine.stop(self._settings.grace_seconds)
            self._engine.remove()
        except EngineError:
            return  # the failed step is told; what is left is what status shows

    # -- stop ------------------------------------------------------------------------------

    def stop(self, deploy_id: str | None) -> None:
        """Stop the container; cancel a deploy in flight.

        Args:
            deploy_id: stop only this deploy; None: whatever runs.

        Raises:
            RefusedError: the container is another deploy's, or nobody's we know.
            EngineError: it can't be stopped.

        """
        with self._lock:
            if deploy_id is not None:
                self._stopped[deploy_id] = None
                while len(self._stopped) > _REMEMBERED:
                    self._stopped.popitem(last=False)
            flight = self._flight
        if flight is not None and deploy_id in {None, flight.deploy_id}:
            flight.cancelled.set()
            flight.done.wait()
        state = self._engine.inspect()
        if state is None:
            return
        if not state.ours:
            raise RefusedError(409, "the container of this name is not this agent's; it is left alone.")
        owner = state.labels.get(DEPLOY_LABEL) or None
        if deploy_id is not None and owner not in {None, deploy_id}:
            if state.running:
                raise RefusedError(409, "the container that runs is another deploy's; it is left alone.")
            return
        self._engine.stop(self._settings.grace_seconds)


class _Receipt:
    """Steps as they are done."""

    def __init__(self, flight: _Flight) -> None:
        self.steps: list[dict[str, Any]] = []
        self._flight = flight

    def do(self, step: StepName, act: Callable[[], T]) -> T:
        """Do one step, once."""
        began = utc_now()
        value = self.look(step, act)
        self._note(step, Outcome.DONE, began)
        return value

    def look(self, step: StepName, act: Callable[[], T]) -> T:
        """Do what belongs to a step without noting it done."""
        began = utc_now()
        if self._flight.cancelled.is_set():
            raise self.failed(step, began, "the deploy was cancelled by a stop.")
        try:
            return act()
        except EngineError as error:
            raise self.failed(step, began, str(error)) from error

    def absent(self, step: StepName) -> None:
        """There was nothing to do."""
        self._note(step, Outcome.ABSENT, utc_now())

    def failed(self, step: StepName, began: str, words: str) -> FailedError:
        """The step failed."""
        self._note(step, Outcome.FAILED, began, words)
        return FailedError(step, words, self.steps)

    def _note(self, step: StepName, outcome: Outcome, began: str, detail: str | None = None) -> None:
        row = {"step": str(step), "outcome": str(outcome), "started_at": began, "finished_at": utc_now()}
        self.steps.append({**row, "detail": detail} if detail else row)
