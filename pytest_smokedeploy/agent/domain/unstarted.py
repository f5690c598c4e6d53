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

    One without a lease is left, and so is a foreign one. A stop that fails is tried again.

    Args:
        settings: what the server owns.
        engine: the engine.
        leaving: once it is set the container is stopped at once, in one attempt.
        say: takes each sentence for the operator.

    """
    container, said = Container(engine, settings.grace_seconds, settings.state), set[str]()
    while True:
        last, words = leaving.is_set(), list[str]()
        try:
            there = [(one, lease_of(one, None, settings.lease_max_seconds)) for one in container.alive()]
            for one, lease in there:
                whose = f"the container of the deploy {key_of(one) or 'nobody knows'}"
                if lease is None:
                    words.append(f"{whose} runs without a lease, and is left as it is.")
                    continue
                ends = lease.expires.text(now())
                if last or lease.expires.seconds_from(now()) <= 0:
                    container.stop(key_of(one))
                    why = "this agent was ended" if last else f"its first lease ran out at {ends}"
                    words.append(f"{whose} was stopped: {why}.")
                else:
                    words.append(f"{whose} runs within its first lease; it is stopped at {ends}.")
            last = last or not any(lease for _, lease in there)
        except EngineError as error:
            words.append(f"what runs is not known, and is asked again: {error}")
        for text in words:
            if text not in said:
                say(text)
        said.update(words)
        if last:
            return
        leaving.wait(_LOOK_SECONDS)
