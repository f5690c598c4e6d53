"""Settles what the last agent left, or what an engine left that went away and came back."""

import logging
import threading
from typing import Final

from pytest_smokedeploy.agent.domain import hold
from pytest_smokedeploy.agent.domain.clock import Clock, now
from pytest_smokedeploy.agent.domain.container import FOREIGN, key_of
from pytest_smokedeploy.agent.domain.control import ContainerControl
from pytest_smokedeploy.agent.domain.deploys import keep_record, lost, read_record
from pytest_smokedeploy.agent.domain.state import AGENT, Held, Lease, State, Store
from pytest_smokedeploy.agent.engines.base import ContainerState, Engine, utc_now
from pytest_smokedeploy.agent.settings import ContainerSettings
from pytest_smokedeploy.support.errors import SmokedeployError

#: How often an engine that is away is asked whether it is back, and a settling that failed is tried again.
_AGAIN_SECONDS: Final = 0.5
#: How often a container that somebody started by hand beside the lent one is looked at.
_LOOK_SECONDS: Final = 1.0
#: Of a lent container that is not found: it may have been removed, or another name or engine been set.
_GONE: Final = "is not under this CONTAINER_NAME at this DOCKER_HOST any more (were they changed?)"
_LOG: Final = logging.getLogger("smokedeploy.agent")


def reconcile(settings: ContainerSettings, engine: Engine, clock: Clock = now) -> ContainerControl:
    """Settle what the last agent left; nothing else of the settings has to be right for it.

    A container whose deploy failed or never ended is stopped and kept; one that was being stopped is stopped;
    one whose lease ran out too. Any other is left as it is: one within its lease, one whose deploy ended well
    without one, and, with a hold, one that STATE_PATH knows nothing of. A foreign one is never touched.

    Raises:
        EngineError: the engine does not answer: nothing can be vouched for.
        TakenError: STATE_PATH is another agent's.
        StateError: it can't be used at all.

    """
    store = Store(settings.state)
    store.claim()
    control = ContainerControl(settings, engine, store, clock)
    state = store.read()
    words = _deploy(control, state)
    said, lease = _containers(control, state)
    store.update(current=None, stopping=None, lease=lease)
    control.leases.arm(lease)
    control.settled = "; ".join([*words, said])
    return control


def watch_engine(control: ContainerControl) -> None:
    """Settle what the engine left each time it went away and came back, until the agent leaves.

    What is not settled by then the next agent settles.
    """
    started = threading.Event()
    started.set()  # as the last agent left it
    threading.Thread(target=_watch_started, args=(control, started), name="started", daemon=True).start()
    while control.engine.away(control.closing, started.set):
        said = "the engine is away; what runs is not known until it is back"
        _LOG.warning(said)
        control.store.tell("engine.away", why=said)
        while not control.closing.is_set():
            try:
                control.engine.ping()
                _resettle(control)
            except Exception as error:  # noqa: BLE001 - a thread that dies would leave it unsettled
                if not isinstance(error, SmokedeployError):
                    _LOG.exception("what the engine left could not be settled")
                elif str(error) != said:
                    said = str(error)
                    _LOG.warning("not settled yet: %s", said)
                control.closing.wait(_AGAIN_SECONDS)
            else:
                break


def _watch_started(control: ContainerControl, started: threading.Event) -> None:
    """Watch what was started, once a deploy under way has ended; no event of the engine's waits for it."""
    again, said = False, ""
    while not control.closing.is_set():
        started.wait(_LOOK_SECONDS if again else None)
        started.clear()
        try:
            again = control.leases.started()
        except Exception as error:  # noqa: BLE001 - a thread that dies would leave it unwatched
            again = True
            if not isinstance(error, SmokedeployError):
                _LOG.exception("what was started could not be watched")
            elif str(error) != said:
                said = str(error)
                _LOG.warning("what was started is not known, and is looked at again: %s", said)


def _resettle(control: ContainerControl) -> None:
    """As `reconcile` does, but for a deploy under way: that one ends by itself.

    Raises:
        EngineError: the engine does not answer: nothing can be vouched for.
        StateError: it can't be kept.

    """
    with control.container.acting:
        state, deploy = control.store.read(), control.under_way
        there = control.container.look(deploy.key) if deploy is not None else None
        # What this agent lent it knows, whatever became of the state file.
        current = state.lease = control.leases.current
        if there is not None:
            said = f"the deploy {key_of(there)} is under way, and ends by itself"
        else:
            said, lease = _containers(control, state)
            if lease is not None and current is not None and lease.key == current.key:
                control.store.update(stopping=None)  # it may be renewed at the same moment
            else:
                control.store.update(stopping=None, lease=lease)
                control.leases.arm(lease)
        control.store.audit("engine.back", why=said)


def _cut_off(control: ContainerControl, state: State, became: str) -> str:
    """A leased container that ended unasked leaves the hold to a person; returns words on it, or ""."""
    lease = state.lease
    expected = {kept.key for kept in (control.under_way, state.stopping) if kept is not None}
    if lease is None or lease.leftover or lease.key in expected:
        return ""
    record = read_record(control.store, lease.key)
    if record is not None and not record.deployed:
        return ""  # it failed, and may never have started one
    if control.leases.seconds_left(lease) > 0:
        words = f"the container of the deploy {lease.key} {became}, and STATE_PATH tells of no stop of it"
    else:
        rests = became if became == _GONE else "does not run any more"
        words = f"the container of the deploy {lease.key} {rests}; its lease ran out at "
        words += f"{control.leases.text(lease)}, and whether it ended before that is not known"
    with control.store.changing() as kept:
        hold.for_a_person(control.store, kept, lease.key, words)
    return f"; {words}"


def _deploy(control: ContainerControl, state: State) -> list[str]:
    """A deploy that was under way counts as failed, unless its end was kept."""
    current = state.current
    if current is None or read_record(control.store, current.key) is not None:
        return []
    words = f"the agent ended during the step {current.step} of the deploy {current.key}"
    reason = f"{words}; what it had started by then does not run any more."
    keep_record(control.store, lost(current, reason))
    control.store.audit("deploy.failed", why=reason, deploy_id=current.key)
    return [words]


def _containers(control: ContainerControl, state: State) -> tuple[str, Lease | None]:
    """Settle each container that is there; returns what was done, and the lease that goes on.

    Somebody may have started an old one by hand beside the one that is lent.
    """
    lent = control.container.look(state.lease.key) if state.lease is not None else None
    first = lent or control.container.look()
    gone = _cut_off(control, state, _GONE) if lent is None else ""
    if first is None or not first.ours:
        return f"{FOREIGN if first else 'no container is there'}{gone}", None
    there = {one.container_id: one for one in (first, *control.container.alive())}
    settled = [_container(control, state, one) for one in there.values()]
    lease = next((lease for _, lease in settled if lease is not None), None)
    return f"{'; '.join(said for said, _ in settled)}{gone}", lease


def _container(control: ContainerControl, state: State, there: ContainerState) -> tuple[str, Lease | None]:
    """Settle one container of ours; returns what was done, and the lease that goes on."""
    key = key_of(there)
    record = read_record(control.store, key) if key else None
    if record is not None and not record.image:
        record = None  # damaged: it does not tell how the deploy ended
    lease = control.leases.of(there, state.lease)
    within = lease is not None and not lease.leftover and control.leases.seconds_left(lease) > 0
    ends = control.leases.text(lease) if lease is not None else ""
    whose = f"the container of {f'the deploy {key}' if key else 'a deploy nobody knows'}"
    whose += f" (renamed {there.renamed})" if there.renamed else ""
    if record is not None and not record.deployed:
        return _failed(control, there, f"{whose}, which did not end in success,"), None
    unknown = _unknown(control, whose) if record is None else ""
    if not there.alive:
        ended = state.lease is not None and state.lease.key == key
        cut = _cut_off(control, state, "ended within its lease") if ended else ""
        return f"{whose} does not run{cut}{unknown}", None
    if state.stopping is not None and state.stopping.key == key:
        why, who = "the stop that was under way was ended", state.stopping.by
    elif lease is not None and not within:
        why, who = f"its lease ran out at {ends}", AGENT
    else:
        until = f"within its lease, until {ends}" if lease is not None else "without a lease"
        return f"{whose} runs on {until}{unknown}", lease
    control.container.stop(key)
    with control.store.changing() as kept:
        control.store.audit("container.stopped", who=who, why=why, deploy_id=key or None)
        if lease is not None and not within:
            hold.for_a_person(control.store, kept, key, f"{why}; the agent stopped it when it came back")
    return f"{whose} was stopped: {why}{unknown}", None


def _failed(control: ContainerControl, there: ContainerState, whose: str) -> str:
    """Stop and keep a failed deploy's container, or remove one that never started; returns what was done."""
    key = key_of(there)
    if control.container.stop(key):
        what, became = "container.stopped", "was stopped, and is kept"
    elif control.container.look(key) is None:
        what, became = "container.removed", "never started, and was removed"
    else:
        return f"{whose} does not run, and is kept"
    words = f"{whose} {became}"
    control.store.audit(what, why=words, deploy_id=key)
    return words


def _unknown(control: ContainerControl, whose: str) -> str:
    """Take a hold for a container that STATE_PATH knows nothing of; returns what is not known."""
    why = f"{whose} is there, and STATE_PATH does not tell how that deploy ended or whether it may run"
    with control.store.changing() as state:
        if state.hold is None:
            reason = f"{why}. A person has to look."
            control.store.audit("hold.set", why=reason)
            state.hold = Held(deploy_id=None, since=utc_now(), by=AGENT, reason=reason, person=True)
            state.last_deploy = "unknown"
    return f"; {why}"
