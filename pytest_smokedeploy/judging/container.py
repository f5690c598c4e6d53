"""What a status answer says of the container: it runs, it is stopped, or neither."""

from collections.abc import Mapping

from pytest_smokedeploy.contract import STOPPED_STATES, EngineState


def runs(raw: Mapping[str, object]) -> bool:
    """Whether a status answer says that the container runs; a paused or restarting one does not."""
    return raw.get("running") is True and raw.get("state") in (None, EngineState.RUNNING)


def rests(raw: Mapping[str, object]) -> bool:
    """Whether a status answer confirms a stop: `running` is false and `state`, if any, is a stopped one."""
    return raw.get("running") is False and raw.get("state") in (None, *STOPPED_STATES)
