"""The base of the classes that do one part of a deploy."""

from collections.abc import Callable
from dataclasses import dataclass

from pytest_smokedeploy.client import AgentClient
from pytest_smokedeploy.lifecycle.recorder import FactRecorder
from pytest_smokedeploy.settings import RunConfig


@dataclass(eq=False, repr=False)
class DeployPart:
    """One part of a deploy, with what all parts share.

    Args:
        run: the run's settings.
        client: the agent's client.
        facts: records every fact.
        deploy_id: the gate's own id for the deploy.
        clock: monotonic seconds.

    """

    run: RunConfig
    client: AgentClient
    facts: FactRecorder
    deploy_id: str
    clock: Callable[[], float]
