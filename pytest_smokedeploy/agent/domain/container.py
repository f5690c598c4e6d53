"""The agent's own container; it is stopped and removed only if it is the deploy's that is meant."""

import threading
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

from pytest_smokedeploy.agent.domain.state import claimed
from pytest_smokedeploy.agent.engines.base import NO_LABELS, ContainerState, Engine
from pytest_smokedeploy.contract import EngineState
from pytest_smokedeploy.support.errors import EngineError

DEPLOY_LABEL: Final = "smokedeploy.deploy_id"
KEY_LABEL: Final = "smokedeploy.key"
#: When the first lease ends: RFC 3339, and seconds of CLOCK_BOOTTIME behind the boot's id.
LEASE_LABEL: Final = "smokedeploy.lease_expires_at"
LEASE_BOOT_LABEL: Final = "smokedeploy.lease_expires_boot"
#: STATE_PATH of the agent that made it: two agents with one CONTAINER_NAME differ by it.
STATE_LABEL: Final = "smokedeploy.state_path"
FOREIGN: Final = "the name is taken by a container this agent did not make; it is left alone."


def key_of(state: ContainerState) -> str:
    """The key of the deploy that made a container of ours, or "" for none we know."""
    return state.labels.get(KEY_LABEL) or state.labels.get(DEPLOY_LABEL) or ""


def name_of(there: ContainerState | None, name: str) -> str:
    """The name that a container has: `name`, the agent's, unless somebody gave it another."""
    return (there and there.renamed) or name


class Container:
    """The one container, also under a name that somebody gave it, and what was started beside it by hand.

    Args:
        engine: the engine.
        grace_seconds: between SIGTERM and SIGKILL.
        state: the agent's STATE_PATH.

    Attributes:
        acting: held by whoever changes the container; nobody acts on what another is changing.

    """

    def __init__(self, engine: Engine, grace_seconds: int, state: Path) -> None:
        self.acting = threading.RLock()
        self._state = state
        self._engine = engine
        self._grace = grace_seconds

    def look(self, key: str = "") -> ContainerState | None:
        """The container now, or None; one that another agent made is not ours as long as that agent runs.

        Args:
            key: only the container of this deploy is looked for; "": whichever is there.

        Raises:
            EngineError: the engine does not answer.

        """
        there = self._engine.inspect({KEY_LABEL: key} if key else NO_LABELS)
        if there is not None and self._anothers(there.labels.get(STATE_LABEL, "")):
            # It knows the renewals of the lease, and this agent does not.
            return replace(there, ours=False, labels={})
        return there

    def alive(self) -> list[ContainerState]:
        """Each container of ours that is alive: beside the lent one somebody may start an old one by hand.

        Raises:
            EngineError: the engine does not answer.

        """
        there = self._engine.alive()
        return [one for one in there if not self._anothers(one.labels.get(STATE_LABEL, ""))]

    def _anothers(self, folder: str) -> bool:
        """Whether another agent than this one runs on the STATE_PATH `folder`."""
        if folder in {"", str(self._state)}:
            return False
        with suppress(OSError):
            if self._state.samefile(folder):
                return False
        return claimed(Path(folder))

    def stop(self, key: str) -> bool:
        """Stop the container of the deploy `key` and keep it; whether it was alive.

        One that was created and never started is removed: there is nothing of it to stop or to look at.

        Raises:
            EngineError: it can't be stopped, or removed.

        """
        with self.acting:
            state = self.look(key)
            if state is None or not state.ours or key != key_of(state):
                return False
            if state.state is EngineState.CREATED:
                self._engine.remove(state.container_id)
                return False
            # What does not run any more may have left processes of its own, and its last lines on their way.
            self._engine.stop(self._grace, state.container_id)
            after = self.look(key)
            if after is not None and after.container_id == state.container_id and after.alive:
                raise EngineError("it still runs after the stop")
            return state.alive
