"""A container's state as its engine tells it, in the contract's words."""

from typing import Any, Final

from pytest_smokedeploy.contract import EngineState
from pytest_smokedeploy.support.errors import EngineError

#: Podman's own words. While one is `stopping` its processes run, though Podman says `Running: false`.
_PODMANS: Final = {
    "configured": EngineState.CREATED,
    "initialized": EngineState.CREATED,
    "stopping": EngineState.RUNNING,
    "stopped": EngineState.EXITED,
}


def engine_state(attrs: dict[str, Any]) -> EngineState:
    """The state in what the engine tells of a container.

    Raises:
        EngineError: no state that is known.

    """
    word = attrs["State"]["Status"]
    try:
        return _PODMANS.get(word) or EngineState(word)
    except ValueError as error:
        words = f"the engine says the container is {word!r}, which this agent does not know."
        raise EngineError(words, remedy="Look at the container on the server.") from error
