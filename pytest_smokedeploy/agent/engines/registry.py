"""The container engines that an agent can run on, by the name in its setting ENGINE."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pytest_smokedeploy.agent.engines.base import Engine
    from pytest_smokedeploy.agent.settings import ContainerSettings


@dataclass(frozen=True, slots=True)
class EngineKind:
    """One engine.

    Attributes:
        make: makes it from the agent's settings.
        isolated: whether it runs a registry's images in containers; otherwise scripts of PROCESS_STORE where
            they lie, for rehearsals alone.

    """

    make: Callable[[ContainerSettings], Engine]
    isolated: bool = True


def _docker(settings: ContainerSettings) -> Engine:
    from pytest_smokedeploy.agent.engines.docker.engine import DockerEngine  # noqa: PLC0415 - one is loaded

    return DockerEngine(settings.container_name, settings.docker_host)


def _process(settings: ContainerSettings) -> Engine:
    from pytest_smokedeploy.agent.engines.process.engine import ProcessEngine  # noqa: PLC0415 - one is loaded

    return ProcessEngine(settings.process_store)


#: Each engine by its name; the first is the default.
ENGINES: Final[Mapping[str, EngineKind]] = {
    "docker": EngineKind(_docker),
    "process": EngineKind(_process, isolated=False),
}
