"""The container engines that an agent can run on, by the name in its setting ENGINE."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pytest_smokedeploy.agent.engines.base import Engine
    from pytest_smokedeploy.agent.settings import AgentSettings

#: The process engine: it isolates nothing and is for rehearsals alone.
PROCESS: Final = "process"


def _docker(settings: AgentSettings) -> Engine:
    from pytest_smokedeploy.agent.engines.docker.engine import DockerEngine  # noqa: PLC0415 - one is loaded

    return DockerEngine(settings.container_name, settings.docker_host)


def _process(settings: AgentSettings) -> Engine:
    from pytest_smokedeploy.agent.engines.process.engine import ProcessEngine  # noqa: PLC0415 - one is loaded

    return ProcessEngine(settings.process_store)


#: Makes each engine from the agent's settings; the first is the default.
ENGINES: Final[Mapping[str, Callable[[AgentSettings], Engine]]] = {"docker": _docker, PROCESS: _process}
