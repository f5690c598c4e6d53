"""Settles what the last agent left, or what an engine left that went away and came back."""

import logging
import threading
from typing import Final

from pytest_smokedeploy.agent.domain import hold
from pytest_smokedeploy.agent.domain.clock import Clock, now
from pytest_smokedeploy.agent.domain.container import FOREIGN, key_of
from pytest_smokedeploy.agent.domain.deploys import keep_record, lost, read_record
from pytest_smokedeploy.agent.domain.flow import Flow
from pytest_smokedeploy.agent.domain.state import AGENT, Held, Lease, State, Store
from pytest_smokedeploy.agent.engines.base import ContainerState, Engine, utc_now
from pytest_smokedeploy.agent.settings import AgentSettings
from pytest_smokedeploy.support.errors import SmokedeployError
from pytest_smokedeploy.support.redaction import Sanitiser

#: How often an engine that is away is asked whether it is back, and a settling that failed is tried again.
_AGAIN_SECONDS: Final = 0.5
_LOG: Final = logging.getLogger("smokedeploy.agent")


def reconcile(settings: AgentSettings, engine: Engine, clock: Clock = now) -> Flow:
    """The flow of these settings, what the last agent left settled.

    A container whose deploy failed or never ended is stopped and kept; one that was being stopped is stopped;
    one whose lease ran out too. Any other is left as it is: one within its lease, one whose deploy ended well
    without one, and, with a hold, one that STATE_PATH knows nothing of. A foreign one is never touched.

    Raises:
        EngineError: the engine does not answer: nothing can be vouched for.
        TakenError: STATE_PATH is another agent's.
        StateError: it can't be used at all.

    """
    store = Store(settings.state, Sanitiser(settings.secrets).data)
    store.claim()
    flow = Flow(settings, engine, store, clock)
    state = store.read()
    words = _deploy(flow, state)
    said, lease = _container(flow, state)
    store.update(current=None, stopping=None, lease=lease)
    flow.leases.arm(lease)
    store.audit("agent.started", why="; ".join([*words, said]))
    return flow


def watch_engine(flow: Flow, closing: threading.Event) -> None:
    """Settle what the engine left each time it went away and came back, until `closing` is set.

    What is not settled by then the next agent settles.
    """
    while flow.engine.away(closing):
        said = "the engine is away; what runs is not known until it is back"
        _LOG.warning(said)
        flow.store.tell("engine.away", why=said)
        while not closing.is_set():
            try:
                flow.engine.ping()
                _resettle(flow)
            except Exception as error:  # noqa: BLE001 - a thread that dies would leave it unsettled
                if not isinstance(error, SmokedeployError):
                    _LOG.exception("what the engine left could not be settled")
                elif str(error) != said:
                    said = str(error)
                    _LOG.warning("not settled yet: %s", said)
                closing.wait(_AGAIN_SECONDS)
            else:
                break


def _resettle(flow: Flow) -> None:
    """As `reconcile` does, but for a deploy under way: that one ends by itself.

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
            said, lease = _container(flow, state)
            flow.store.update(stopping=None, lease=lease)
            flow.leases.arm(lease)
        flow.store.audit("engine.back", why=said)


def _cut_off(flow: Flow, state: State) -> str:
    """A leased container that ended unasked leaves the hold to a person; returns words on it, or ""."""
    lease = state.lease
    expected = {kept.key for kept in (flow.under_way, state.stopping) if kept is not None}
    if lease is None or lease.leftover or lease.key in expected:
        return ""
    words = f"the container of the deploy {lease.key} ended within its lease"
    words += ", and nobody had asked for its stop"
    hold.for_a_person(flow.store, lease.key, words)
    return f"; {words}"


def _deploy(flow: Flow, state: State) -> list[str]:
    """A deploy that was under way counts as failed, unless its end was kept."""
    current = state.current
    if current is None or read_record(flow.store, current.key) is not None:
        return []
    words = f"the agent ended during the step {current.step} of the deploy {current.key}"
    reason = f"{words}; what it had started by then does not run any more."
    keep_record(flow.store, lost(current, reason))
    flow.store.audit("deploy.failed", why=reason, deploy_id=current.key)
    return [words]


def _container(flow: Flow, state: State) -> tuple[str, Lease | None]:
    """Settle the container that is there; returns what was done, and the lease that goes on."""
    there = flow.container.look()
    if there is None or not there.ours:
        return f"{FOREIGN if there else 'no container is there'}{_cut_off(flow, state)}", None
    key = key_of(there)
    record = read_record(flow.store, key) if key else None
    if record is not None and not record.image:
        record = None  # damaged: it does not tell how the deploy ended
    lease = flow.leases.of(there, state.lease)
    within = lease is not None and not lease.leftover and flow.leases.seconds_left(lease) > 0
    ends = flow.leases.text(lease) if lease is not None else ""
    whose = f"the container of {f'the deploy {key}' if key else 'a deploy nobody knows'}"
    if record is not None and not record.deployed:
        return _failed(flow, there, f"{whose}, which did not end in success,"), None
    unknown = _unknown(flow, whose) if record is None else ""
    if not there.alive:
        return f"{whose} does not run{_cut_off(flow, state)}{unknown}", None
    if state.stopping is not None and state.stopping.key == key:
        why, who = "the stop that was under way was ended", state.stopping.by
    elif lease is not None and not within:
        why, who = f"its lease ran out at {ends}", AGENT
    else:
        until = f"within its lease, until {ends}" if lease is not None else "without a lease"
        return f"{whose} runs on {until}{unknown}", lease
    flow.container.stop(key)
    flow.store.audit("container.stopped", who=who, why=why, deploy_id=key or None)
    if lease is not None and not within:
        hold.for_a_person(flow.store, key, f"{why}; the agent stopped it when it came back")
    return f"{whose} was stopped: {why}{unknown}", None


def _failed(flow: Flow, there: ContainerState, whose: str) -> str:
    """Stop and keep a failed deploy's container, or remove one that never started; returns what was done."""
    key = key_of(there)
    if flow.container.stop(key):
        what, became = "container.stopped", "was stopped, and is kept"
    elif flow.container.look() is None:
        what, became = "container.removed", "never started, and was removed"
    else:
        return f"{whose} does not run, and is kept"
    words = f"{whose} {became}"
    flow.store.audit(what, why=words, deploy_id=key)
    return words


def _unknown(flow: Flow, whose: str) -> str:
    """Take a hold for a container that STATE_PATH knows nothing of; returns what is not known."""
    why = f"{whose} is there, and STATE_PATH does not tell how that deploy ended or whether it may run"
    with flow.store.changing() as state:
        if state.hold is None:
            reason = f"{why}. A person has to look."
            flow.store.audit("hold.set", why=reason)
            state.hold = Held(deploy_id=None, since=utc_now(), by=AGENT, reason=reason, person=True)
            state.last_deploy = "unknown"
    return f"; {why}"
