"""The answer to ``GET /v1/status``: what runs, of which deploy, until when, and the hold."""

from typing import Any

from pytest_smokedeploy.agent.domain.container import DEPLOY_LABEL, key_of, name_of
from pytest_smokedeploy.agent.domain.files import StateError
from pytest_smokedeploy.agent.domain.flow import Flow
from pytest_smokedeploy.agent.domain.state import AGENT, Held, State
from pytest_smokedeploy.agent.engines.base import Engine, utc_now
from pytest_smokedeploy.contract import EngineState, Extension, LastDeploy
from pytest_smokedeploy.support.errors import EngineError


def state_of(flow: Flow) -> State:
    """What is kept; where that can't be read it counts as a hold, and deploys are refused all the same."""
    try:
        return flow.store.read()
    except StateError as error:
        return State(hold=Held(deploy_id=None, since=utc_now(), by=AGENT, reason=str(error), person=True))


def status(flow: Flow) -> dict[str, Any]:
    """The contract's `Status`; waits for no deploy and no stop.

    Raises:
        EngineError: the engine does not answer.

    """
    kept, there, settings = state_of(flow), flow.container.look(), flow.settings
    base: dict[str, Any] = {
        "container_name": name_of(there, settings.container_name),
        "running": bool(there and there.running),
        "state": str(there.state if there else EngineState.ABSENT),
        # This agent has every extension there is.
        "extensions": [str(extension) for extension in Extension],
        "environment": settings.environment,
        "execution_plane": settings.execution_plane,
        "hold": told_hold(flow, kept),
    }
    if kept.last_deploy != "unknown":
        base["last_deploy"] = flow.store.mask(_last(kept.last_deploy)) if kept.last_deploy else None
    if there is None:
        return base
    # What is watched counts, whatever became of the state file.
    lease = flow.leases.current
    lease = lease if lease and lease.key == key_of(there) and there.alive else None
    return base | {
        "image": there.image,
        "started_at": there.started_at,
        "container_id": there.container_id,
        "image_digest": there.digest,
        "exit_code": there.exit_code,
        "restart_count": there.restart_count,
        "oom_killed": there.oom_killed,
        "deploy_id": there.labels.get(DEPLOY_LABEL) or None,
        "lease_expires_at": flow.leases.text(lease) if lease else None,
        "activity": _activity(flow.engine) if there.running else None,
    }


def told_hold(flow: Flow, kept: State) -> dict[str, Any] | None:
    """The contract's `Hold`, with what `smokedeploy agent release` needs."""
    return kept.hold.told() | {"state_path": str(flow.settings.state)} if kept.hold else None


def _last(last: LastDeploy) -> dict[str, Any]:
    """`released` only where a person took its hold off."""
    return last.model_dump(exclude={"released"} if last.released is None else None)


def _activity(engine: Engine) -> dict[str, Any] | None:
    """The engine's counters; a status is answered without them where they can't be had."""
    try:
        activity = engine.activity()
    except EngineError:
        return None
    return activity.model_dump() if activity else None
