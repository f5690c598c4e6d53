"""The lease of a container whose agent can't start because STATE_PATH can't be used."""

import threading
from collections.abc import Callable
from typing import Final

from pytest_smokedeploy.agent.domain.clock import now
from pytest_smokedeploy.agent.domain.container import Container, key_of
from pytest_smokedeploy.agent.domain.leases import lease_of
from pytest_smokedeploy.agent.engines.base import Engine
from pytest_smokedeploy.agent.settings import ContainerSettings
from pytest_smokedeploy.support.errors import EngineError

#: Seconds between two looks at the container: it may be stopped or removed by hand meanwhile.
_LOOK_SECONDS: Final = 1.0


def end_lease(
    settings: ContainerSettings, engine: Engine, leaving: threading.Event, say: Callable[[str], None]
) -> None:
    """Stop the agent's container at the end of the lease in its labels; wait for that end where it runs.

    A container without a lease is left, and so is a foreign one. A stop that fails is tried again.

    Args:
        settings: what the server owns.
        engine: the engine.
        leaving: once it is set the container is stopped at once, in one attempt.
        say: takes each sentence for the operator.

    """
    container, said = Container(engine, settings.grace_seconds, settings.state), ""
    while True:
        last = leaving.is_set()
        try:
            there = container.look()
            if there is None or not there.ours or not there.alive:
                return
            lease, whose = (
                lease_of(there, None, settings.lease_max_seconds),
                f"the container of the deploy {key_of(there) or 'nobody knows'}",
            )
            if lease is None:
                say(f"{whose} runs without a lease, and is left as it is.")
                return
            ends = lease.expires.text(now())
            if last or lease.expires.seconds_from(now()) <= 0:
                container.stop(key_of(there))
                why = "this agent was ended" if last else f"its first lease ran out at {ends}"
                say(f"{whose} was stopped: {why}.")
                return
            words = f"{whose} runs within its first lease; it is stopped at {ends}."
        except EngineError as error:
            words = f"what runs is not known, and is asked again: {error}"
        if words != said:
            say(words)
            said = words
        if last:
            return
        leaving.wait(_LOOK_SECONDS)
