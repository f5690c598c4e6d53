"""The five steps of a deploy, in order and once each (AGT-1 to AGT-7)."""

from __future__ import annotations

import time
from collections import deque
from typing import Any, Final

from pytest_smokedeploy.agent.domain.container import (
    DEPLOY_LABEL,
    FOREIGN,
    KEY_LABEL,
    LABEL,
    LEASE_LABEL,
    Container,
    key_of,
)
from pytest_smokedeploy.agent.domain.deploys import Deploy
from pytest_smokedeploy.agent.domain.lease_manager import LeaseManager
from pytest_smokedeploy.agent.domain.policy import Terms
from pytest_smokedeploy.agent.domain.state import Stopping, Store
from pytest_smokedeploy.agent.engines.base import (
    ContainerSpec,
    ContainerState,
    CreatedContainer,
    Engine,
    MountSpec,
    utc_now,
)
from pytest_smokedeploy.agent.settings import AgentSettings
from pytest_smokedeploy.contract import LAST_LINES, StepName
from pytest_smokedeploy.support.errors import EngineError
from pytest_smokedeploy.support.redaction import Sanitiser

#: How long a container must keep running to count as running (AGT-5). Docker tells of one that ends at
#: once up to 0.13 s after its start (measured, on two busy processors); three times as long is waited.
SETTLE_SECONDS: Final = 0.4
#: How long a stop-only image may run before it counts as one that does not stop.
STOP_ONLY_SECONDS: Final = 10.0
_LOOK_SECONDS: Final = 0.05
#: Characters of each of a failed start's last lines; the whole log is served by `deploy_id`.
LINE_SHOWN: Final = 200


class FiveSteps:
    """Pull, stop, remove, start, running.

    Args:
        settings: what the server owns.
        engine: the engine.
        container: the one container.
        store: what outlives the agent.
        leases: gives the lease.

    """

    def __init__(
        self,
        settings: AgentSettings,
        engine: Engine,
        container: Container,
        store: Store,
        leases: LeaseManager,
    ) -> None:
        self._settings = settings
        self._engine = engine
        self._container = container
        self._store = store
        self._leases = leases
        self._mask = Sanitiser(settings.secrets).text

    def do(self, deploy: Deploy, terms: Terms) -> None:
        """Do them; the deploy's receipt tells how far they came.

        Raises:
            StepError: a step failed; what it started is the caller's to stop.

        """
        settings, engine, receipt = self._settings, self._engine, deploy.receipt
        mounts = (
            MountSpec("audit-events", str(settings.audit_events), settings.audit_events_target),
            MountSpec("snapshots", str(settings.snapshots), settings.snapshots_target),
        )
        receipt.facts = {
            "container_name": settings.container_name,
            "image": terms.image,
            "environment": settings.environment,
            "deploy_id": deploy.request.deploy_id,
        }
        receipt.facts["image_digest"] = receipt.do(
            StepName.PULL, lambda: engine.pull(terms.image, cancelled=deploy.cancelled, progress=receipt.told)
        )
        with self._container.acting:
            there = receipt.look(StepName.STOP, self._container.look)
            if there is not None and not there.ours:
                raise receipt.failed(StepName.STOP, utc_now(), FOREIGN)
            if there is not None and there.alive:
                key = key_of(there)
                receipt.do(StepName.STOP, lambda: self._stop(key, deploy.by))
            else:
                receipt.absent(StepName.STOP)
            if there is not None:
                receipt.do(StepName.REMOVE, self._container.remove)
            else:
                receipt.absent(StepName.REMOVE)
            made = receipt.do(StepName.START, lambda: self._start(deploy, terms, mounts))
            receipt.facts |= {
                "env": sorted(name for name, _ in made.env),
                "mounts": [mount.model_dump() for mount in made.mounts],
                "network": made.network,
                "health_check": made.health_check,
            }
            look = self._ran if terms.stop_only else self._settled
            state = receipt.do(StepName.RUNNING, lambda: look(deploy))
            receipt.facts |= {"container_id": state.container_id, "started_at": state.started_at}

    def left(self, deploy: Deploy) -> dict[str, Any]:
        """What is told of the container that a failed deploy started; {} where there is none.

        Raises:
            EngineError: the engine or the log can't be read.

        """
        state = self._container.look()
        if state is None or key_of(state) != deploy.key:
            return {}
        # Batch by batch, the last lines alone kept: what it wrote may be large.
        lines: deque[str] = deque(maxlen=LAST_LINES)
        for batch in self._engine.logs(None, follow=False):
            lines.extend(record.line for record in batch)
        return {
            "container_id": state.container_id,
            "started_at": state.started_at,
            "exit_code": state.exit_code,
            "last_lines": [self._mask(line)[:LINE_SHOWN] for line in lines],
        }

    def _start(self, deploy: Deploy, terms: Terms, mounts: tuple[MountSpec, ...]) -> CreatedContainer:
        lease = self._leases.give(deploy)
        labels = {
            LABEL: self._settings.container_name,
            KEY_LABEL: deploy.key,
            DEPLOY_LABEL: deploy.request.deploy_id or "",
            LEASE_LABEL: lease.expires_at if lease else "",
        }
        spec = ContainerSpec(terms.image, terms.env, mounts, labels, self._settings.network_mode)
        return self._engine.start(spec, deploy.cancelled)

    def _settled(self, deploy: Deploy) -> ContainerState:
        """The container, once it has kept running for a while."""
        # One look at the end: nothing starts it again (restart policy: no), so it ran all along.
        deploy.cancelled.wait(SETTLE_SECONDS)
        state = self._container.look()
        if deploy.cancelled.is_set():
            raise EngineError("cancelled", step="running")
        if state is not None and key_of(state) != deploy.key:
            raise EngineError(FOREIGN, step="running")
        if state is None or not state.running:
            raise EngineError(_not_running(state), step="running")
        return state

    def _ran(self, deploy: Deploy) -> ContainerState:
        """The container of a stop-only image, once it has run and left with 0."""
        deadline = time.monotonic() + STOP_ONLY_SECONDS
        while True:
            state = self._container.look()
            if state is None or not (state.running or (state.stopped and state.exit_code == 0)):
                raise EngineError(_not_running(state), step="running")
            if not state.running:
                return state
            if time.monotonic() >= deadline:
                words = f"the stop-only image still runs after {STOP_ONLY_SECONDS:.0f} s"
                raise EngineError(words, step="running", remedy="Name one that ends by itself.")
            if deploy.cancelled.wait(_LOOK_SECONDS):
                raise EngineError("cancelled", step="running")

    def _stop(self, key: str, by: str) -> None:
        """Stop the old container; a crash meanwhile is made good at the next start."""
        self._store.update(stopping=Stopping(key=key, by=by))
        if self._container.stop(key):
            self._store.tell("container.stopped", who=by, why="a new deploy takes its place", deploy_id=key)
        self._leases.end(key)


def _not_running(state: ContainerState | None) -> str:
    """Why a container that was started does not run."""
    if state is None:
        return "it is gone: somebody else removed it while it started"
    if not state.stopped:
        return f"it is {state.state}, and not running"
    return f"it exited while starting, exit code {state.exit_code}"
