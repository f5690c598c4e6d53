"""What a new agent finds, or a living one once its engine is back: settled, and the audit log says how."""

from __future__ import annotations

import time

from pytest_smokedeploy.agent.domain.audit import AGENT
from pytest_smokedeploy.agent.domain.container import FOREIGN, LEASE_LABEL, key_of
from pytest_smokedeploy.agent.domain.deploys import lost
from pytest_smokedeploy.agent.domain.flow import Flow
from pytest_smokedeploy.agent.domain.lease_timer import moment
from pytest_smokedeploy.agent.domain.state import Held, Lease, State, Store
from pytest_smokedeploy.agent.engines.base import ContainerState, Engine, utc_now
from pytest_smokedeploy.agent.settings import AgentSettings
from pytest_smokedeploy.support.redaction import Sanitiser


def reconcile(settings: AgentSettings, engine: Engine) -> Flow:
    """The flow of these settings, what the last agent left settled.

    Raises:
        EngineError: the engine does not answer: nothing can be vouched for.
        StateError: STATE_PATH can't be read or written, or is another agent's.

    """
    store = Store(settings.state, Sanitiser(settings.secrets).data)
    store.claim()
    flow = Flow(settings, engine, store)
    settle(flow)
    return flow


def settle(flow: Flow) -> None:
    """Bring deploy, stop and lease of the last agent to an end it can vouch for.

    A container whose deploy never ended is stopped and kept; one that was being stopped is stopped;
    one whose lease ran out too. One that runs within its lease, or whose deploy ended well without one,
    is left. A foreign one is never touched.

    Raises:
        EngineError: the engine does not answer: nothing can be vouched for.
        StateError: it can't be kept.

    """
    state = flow.store.read()
    words = _deploy(flow, state)
    said, lease = _found(flow, state, flow.container.look())
    flow.store.update(current=None, stopping=None, lease=lease)
    flow.leases.resume(lease)
    flow.store.audit.write("agent.started", who=AGENT, why="; ".join([*words, said]))


def resettle(flow: Flow) -> None:
    """Bring what an engine left that went away and came back under this agent to an end it can vouch for.

    As `settle` does, but for a deploy under way: that one ends by itself.

    Raises:
        EngineError: the engine does not answer: nothing can be vouched for.
        StateError: it can't be kept.

    """
    with flow.container.acting:
        state, there = flow.store.read(), flow.container.look()
        deploy = flow.under_way
        if deploy is not None and there is not None and key_of(there) == deploy.key:
            said = f"the deploy {deploy.key} is under way, and ends by itself"
        else:
            said, lease = _found(flow, state, there)
            flow.store.update(stopping=None, lease=lease)
            flow.leases.resume(lease)
        flow.store.audit.write("engine.back", who=AGENT, why=said)


def _found(flow: Flow, state: State, there: ContainerState | None) -> tuple[str, Lease | None]:
    """What becomes of what is there, in words, and the lease that goes on."""
    if there is None:
        return f"no container is there{_cut_off(flow, state)}", None
    if not there.ours:
        return f"{FOREIGN}{_cut_off(flow, state)}", None
    return _container(flow, state, there)


def _cut_off(flow: Flow, state: State) -> str:
    """What was lent does not run; where nobody asked for its stop the run can't have passed."""
    lease, stopping = state.lease, state.stopping
    deploy = flow.under_way
    if lease is None or lease.leftover or (deploy is not None and deploy.key == lease.key):
        return ""
    if stopping is not None and stopping.key == lease.key:
        return ""
    words = (
        f"the container of the deploy {lease.key} ended within its lease, and nobody had asked for its stop"
    )
    flow.holds.for_a_person(lease.key, f"{words[0].upper()}{words[1:]}.")
    return f"; {words}"


def _deploy(flow: Flow, state: State) -> list[str]:
    """A deploy that was under way counts as failed, unless its end was kept."""
    current = state.current
    if current is None or flow.records.get(current.key) is not None:
        return []
    words = f"the agent ended during the step {current.step} of the deploy {current.key}"
    asked = {"image": current.image, "environment": current.environment, "deploy_id": current.deploy_id}
    reason = f"{words}; what it had started by then does not run any more."
    flow.records.put(lost(current.key, reason, current.step, **asked))
    flow.store.audit.write("deploy.failed", who=AGENT, why=reason, deploy_id=current.key)
    return [words]


def _container(flow: Flow, state: State, there: ContainerState) -> tuple[str, Lease | None]:
    """What becomes of a container of ours, in words, and the lease that goes on."""
    key = key_of(there)
    record = flow.records.get(key) if key else None
    lease = state.lease if state.lease is not None and state.lease.key == key else _labelled(there, key)
    if record is None:
        _unknown(flow, key)
    within = lease is not None and not lease.leftover and moment(lease.expires_at) > time.time()
    ended_well = record is not None and record.deployed
    if not ended_well and not (record is None and within and there.alive):
        whose = f"deploy {key}, which did not end in success," if key else "deploy nobody knows"
        if flow.container.stop(key):
            what, became = "container.stopped", "was stopped, and is kept"
        elif flow.container.look() is None:
            what, became = "container.removed", "never started, and was removed"
        else:
            return f"the container of the {whose} does not run, and is kept", None
        words = f"the container of the {whose} {became}"
        flow.store.audit.write(what, who=AGENT, why=words, deploy_id=key or None)
        return words, None
    if not there.alive:
        return f"the container of the deploy {key} does not run{_cut_off(flow, state)}", None
    if state.stopping is not None and state.stopping.key == key:
        why, who = "the stop that was under way was ended", state.stopping.by
    elif lease is not None and not within:
        why, who = f"its lease ran out at {lease.expires_at}", AGENT
    else:
        until = f"within its lease, until {lease.expires_at}" if lease is not None else "without a lease"
        return f"the container of the deploy {key} runs on {until}", lease
    flow.container.stop(key)
    flow.store.audit.write("container.stopped", who=who, why=why, deploy_id=key)
    if lease is not None and not within:
        flow.holds.for_a_person(key, f"{why[0].upper()}{why[1:]}; the agent stopped it when it came back.")
    return f"the container of the deploy {key} was stopped: {why}", None


def _labelled(there: ContainerState, key: str) -> Lease | None:
    """The lease as the container's own label tells it, where the state does not know of one."""
    try:
        until = there.labels.get(LEASE_LABEL, "")
        moment(until)
    except ValueError:
        return None
    return Lease(key=key, deploy_id=key, expires_at=until, ends_at=until)


def _unknown(flow: Flow, key: str) -> None:
    """A container of ours that the state knows nothing of: the state was lost, so a person looks."""
    why = f"a container of the deploy {key or 'nobody knows'} is there, and STATE_PATH knows nothing of it."

    def act(state: State) -> State:
        if state.hold is not None:
            return state
        flow.store.audit.write("hold.set", who=AGENT, why=why)
        held = Held(deploy_id=None, since=utc_now(), by=AGENT, reason=why, person=True)
        return state.model_copy(update={"hold": held, "last_deploy": "unknown"})

    flow.store.change(act)
