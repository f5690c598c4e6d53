"""The hold: no deploy until the one before is known to have passed, or a person looked (FLR-3).

Each change stands in the audit log before it counts.
"""

from pytest_smokedeploy.agent.domain.deploys import Deploy, keep_record, read_record
from pytest_smokedeploy.agent.domain.policy import RefusedError
from pytest_smokedeploy.agent.domain.state import Held, State, Store
from pytest_smokedeploy.agent.engines.base import ContainerState, utc_now
from pytest_smokedeploy.contract import REASON_CHARACTERS, LastDeploy, Released


def begun(store: Store, state: State, deploy: Deploy) -> None:
    """Give `state` the hold of a deploy that begins, which is the last one from now on.

    One without an id changes neither.

    Raises:
        StateError: the audit log can't be written.

    """
    request, by = deploy.request, deploy.by
    if request.deploy_id is None:
        return
    run = request.run
    whose = f" for run {run.run_id} (attempt {run.attempt}) of {run.repository}" if run else ""
    reason = f"a deploy of {request.image}{whose} began, and no passed outcome was reported since."
    state.hold = Held(deploy_id=request.deploy_id, since=utc_now(), by=by, reason=reason)
    store.audit("hold.set", who=by, why=reason, deploy_id=request.deploy_id)
    state.last_deploy = LastDeploy(deploy_id=request.deploy_id, run_id=(run.run_id if run else "") or None)


def passed(
    store: Store, deploy_id: str, by: str, under_way: Deploy | None, there: ContainerState | None
) -> None:
    """A run passed: its own hold comes off.

    Args:
        store: where the hold is kept.
        deploy_id: the run's deploy.
        by: who reports it.
        under_way: the deploy in flight, or None.
        there: what is there under the agent's name.

    Raises:
        RefusedError: 409; the hold is another's, or the deploy can't have passed.
        StateError: the change can't be kept.

    """
    record = read_record(store, deploy_id)
    with store.changing() as state:
        held = state.hold
        if held is None and record is not None and record.passed:
            return
        if held is None or held.deploy_id != deploy_id:
            whose = f"the hold is of {held.deploy_id or 'no deploy'}" if held else "there is no hold"
            raise RefusedError(409, f"{whose}: a passed {deploy_id} changes nothing.")
        if held.person:
            raise RefusedError(409, f"only a person lifts this hold: {held.reason}")
        in_flight = under_way is not None and under_way.key == deploy_id
        if in_flight or record is None or not record.deployed:
            raise RefusedError(409, "this deploy did not end in success; it can't have passed.")
        if there is not None and not there.stopped:
            raise RefusedError(409, "a container still runs: a deploy has passed once it is stopped.")
        why = "the run reported that it passed"
        store.audit("hold.lifted", who=by, why=why, deploy_id=deploy_id)
        keep_record(store, record.model_copy(update={"passed": True}))
        state.hold = None


def released(store: Store, reason: str, by: str) -> None:
    """A person looked and says what was found.

    Raises:
        RefusedError: 400 for no reason or too long a one, 409 without a hold or while the deploy goes on.
        StateError: the change can't be kept.

    """
    # The three dots that stand in the command as it is shown say nothing.
    if not any(map(str.isalnum, reason)):
        raise RefusedError(400, "reason: say what was found.")
    if len(reason) > REASON_CHARACTERS:
        raise RefusedError(400, f"reason: at most {REASON_CHARACTERS} characters.")
    with store.changing() as state:
        held = state.hold
        if held is None:
            raise RefusedError(409, "there is no hold to release.")
        if state.current is not None and state.current.deploy_id == held.deploy_id:
            raise RefusedError(409, "the deploy that set the hold is under way; stop it first.")
        store.audit("hold.released", who=by, why=reason, deploy_id=held.deploy_id)
        last = state.last_deploy
        if isinstance(last, LastDeploy) and last.deploy_id == held.deploy_id:
            released = Released(who=by, when=utc_now(), why=reason)
            state.last_deploy = last.model_copy(update={"released": released})
        state.hold = None


def for_a_person(store: Store, state: State, key: str, why: str) -> None:
    """Leave the hold of the deploy `key` in `state` to a person alone.

    Args:
        store: where the hold is kept.
        state: the state that is being changed.
        key: the deploy.
        why: what happened to it, without a full stop.

    """
    why, held = f"{why[0].upper()}{why[1:]}.", state.hold
    if held is not None and held.deploy_id == key and not held.person:
        store.audit("hold.kept", why=why, deploy_id=key)
        state.hold = held.model_copy(update={"person": True, "reason": f"{held.reason} {why}"})
