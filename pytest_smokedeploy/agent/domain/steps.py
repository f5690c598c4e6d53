"""The five steps of a deploy, in order and once each (AGT-1 to AGT-7)."""

import time
from collections import deque
from dataclasses import dataclass
from typing import Final

from pytest_smokedeploy.agent.domain import container as own
from pytest_smokedeploy.agent.domain.deploys import Deploy
from pytest_smokedeploy.agent.domain.leases import Leases, labels_of
from pytest_smokedeploy.agent.domain.parts import marked
from pytest_smokedeploy.agent.domain.policy import Terms
from pytest_smokedeploy.agent.domain.state import Stopping, Store
from pytest_smokedeploy.agent.engines.base import ContainerSpec, ContainerState, CreatedContainer, Engine
from pytest_smokedeploy.agent.settings import AgentSettings
from pytest_smokedeploy.contract import LAST_LINES, Outcome, StepName
from pytest_smokedeploy.support.errors import EngineError, SmokedeployError
from pytest_smokedeploy.support.redaction import Sanitiser

#: How long a container must keep running to count as running (AGT-5). Docker tells of one that ends at
#: once up to 0.13 s after its start (measured, on two busy processors); three times as long is waited.
SETTLE_SECONDS: Final = 0.4
#: How long a stop-only image may run before it counts as one that does not stop.
STOP_ONLY_SECONDS: Final = 10.0
_LOOK_SECONDS: Final = 0.05
#: Characters of each of a failed start's last lines; the whole log is served by `deploy_id`.
LINE_SHOWN: Final = 200


@dataclass
class FiveSteps:
    """Pull, stop, remove, start, running.

    Args:
        settings: what the server owns.
        engine: the engine.
        container: the one container.
        store: what outlives the agent.
        leases: gives the lease.

    """

    settings: AgentSettings
    engine: Engine
    container: own.Container
    store: Store
    leases: Leases

    def do(self, deploy: Deploy, terms: Terms) -> None:
        """Do them; `deploy` tells how far they came.

        Raises:
            SmokedeployError: a step failed; what it started is the caller's to stop.

        """
        image = deploy.asked.image
        deploy.facts = {
            "container_name": self.settings.container_name,
            "image": image,
            "environment": self.settings.environment,
            "deploy_id": deploy.asked.deploy_id,
        }
        with deploy.doing(StepName.PULL):
            digest = self.engine.pull(image, cancelled=deploy.cancelled, progress=deploy.told)
            deploy.facts["image_digest"] = digest
        with self.container.acting:
            with deploy.doing(StepName.STOP) as row:
                stopped = False
                # More than one is alive where somebody started an old one under another name.
                while (there := self._own()) is not None and there.alive:
                    # Here a stop that can't be kept is not begun.
                    self.store.update(stopping=Stopping(key=own.key_of(there), by=deploy.by))
                    self.leases.stop(own.key_of(there), deploy.by, "a new deploy takes its place")
                    stopped = True
                if not stopped:
                    row["outcome"] = str(Outcome.ABSENT)
            with deploy.doing(StepName.REMOVE) as row:
                # What somebody gave another name is kept: it is not in the way.
                if there is not None and not there.renamed:
                    self.engine.remove(there.container_id)
                else:
                    row["outcome"] = str(Outcome.ABSENT)
            with deploy.doing(StepName.START):
                deploy.started = True
                made = self._start(deploy, terms)
                deploy.facts |= {
                    "env": sorted(name for name, _ in made.env),
                    "mounts": [mount.model_dump() for mount in made.mounts],
                    "network": made.network,
                    "health_check": made.health_check,
                    "limits": made.limits.model_dump(mode="json"),
                }
            with deploy.doing(StepName.RUNNING):
                state = self._ran(deploy) if terms.stop_only else self._settled(deploy)
                deploy.facts |= {"container_id": state.container_id, "started_at": state.started_at}

    def look_at_what_is_left(self, deploy: Deploy) -> None:
        """Add to the facts of a failed deploy what is left of the container that it started.

        Raises:
            EngineError: the engine can't be asked, or the log is not whole; what was read of it is added.

        """
        state = self.container.look(deploy.key)
        if state is None:
            return
        deploy.facts |= {
            "container_id": state.container_id,
            "started_at": state.started_at,
            "exit_code": state.exit_code,
        }
        # Batch by batch, the last lines alone kept: what it wrote may be large.
        lines = deque[str](maxlen=LAST_LINES)
        try:
            log = self.engine.logs(None, follow=False, container_id=state.container_id)
            for batch in marked(log, Sanitiser(self.settings.secrets)):
                lines.extend(record.line for record in batch)
        finally:
            deploy.facts["last_lines"] = [line[:LINE_SHOWN] for line in self.store.mask([*lines])]

    def _own(self) -> ContainerState | None:
        """The container; one that this agent did not make fails the step."""
        there = self.container.look()
        if there is not None and not there.ours:
            raise SmokedeployError(own.FOREIGN)
        return there

    def _start(self, deploy: Deploy, terms: Terms) -> CreatedContainer:
        lease = self.leases.give(deploy)
        labels = {
            own.KEY_LABEL: deploy.key,
            own.DEPLOY_LABEL: deploy.asked.deploy_id or "",
            own.STATE_LABEL: str(self.settings.state),
            **labels_of(lease),
        }
        ours = self.settings
        spec = ContainerSpec(
            deploy.asked.image, terms.env, ours.mounts, labels, ours.network_mode, ours.limits
        )
        return self.engine.start(spec, deploy.cancelled)

    def _settled(self, deploy: Deploy) -> ContainerState:
        """The container, once it has kept running for a while."""
        # One look at the end: nothing starts it again (restart policy: no), so it ran all along.
        deploy.cancelled.wait(SETTLE_SECONDS)
        state = self.container.look(deploy.key)
        if deploy.cancelled.is_set():
            raise EngineError("cancelled")
        if state is None or not state.running:
            raise EngineError(_not_running(state))
        return state

    def _ran(self, deploy: Deploy) -> ContainerState:
        """The container of a stop-only image, once it has run and left with 0."""
        deadline = time.monotonic() + STOP_ONLY_SECONDS
        while True:
            state = self.container.look(deploy.key)
            if state is None or not (state.running or (state.stopped and state.exit_code == 0)):
                raise EngineError(_not_running(state))
            if not state.running:
                return state
            if time.monotonic() >= deadline:
                words = f"the stop-only image still runs after {STOP_ONLY_SECONDS:.0f} s"
                raise EngineError(words, remedy="Name one that ends by itself.")
            if deploy.cancelled.wait(_LOOK_SECONDS):
                raise EngineError("cancelled")


def _not_running(state: ContainerState | None) -> str:
    """Why a container that was started does not run."""
    if state is None:
        return "it is gone: somebody else removed it while it started"
    if not state.stopped:
        return f"it is {state.state}, and not running"
    return f"it exited while starting, exit code {state.exit_code}"
