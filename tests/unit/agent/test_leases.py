"""No lease is longer than it was given, nor than LEASE_MAX_SECONDS in all, by any clock."""

import fcntl
import json
import threading
from contextlib import contextmanager
from dataclasses import replace

import pytest

from pytest_smokedeploy.agent.domain import files, leases, locks, reconcile, state
from pytest_smokedeploy.agent.domain.clock import Moment
from pytest_smokedeploy.agent.domain.container import KEY_LABEL, Container
from pytest_smokedeploy.agent.domain.control import ContainerControl
from pytest_smokedeploy.agent.domain.deploys import Deploy, keep_record, lost
from pytest_smokedeploy.agent.domain.leases import Leases, labels_of, lease_of
from pytest_smokedeploy.agent.domain.policy import RefusedError
from pytest_smokedeploy.agent.domain.state import Asked, Held, Store
from pytest_smokedeploy.agent.engines.base import NO_LABELS, ContainerState
from pytest_smokedeploy.agent.settings import ContainerSettings
from pytest_smokedeploy.contract import DeployRequest, EngineState, StepName

ID = "00000000-0000-4000-8000-000000000001"
HOUR = 3600.0
MOST = 20
SETTINGS = {"CONTAINER_NAME": "runtime", "STATE_PATH": "/nowhere"}
BEGAN = Moment(wall=1_800_000_000.0, boot=500.0, boot_id="first")


class SetClock:
    """A clock that stands still until it is set."""

    def __init__(self):
        self.moment = BEGAN

    def __call__(self):
        return self.moment

    def pass_by(self, seconds, *, wall=0.0):
        """`seconds` pass, and the wall clock is set by `wall` beside."""
        moment = self.moment.after(seconds)
        self.moment = moment.model_copy(update={"wall": moment.wall + wall})


class Runtime:
    """The engine's part that a lease needs: one container, which runs until it is stopped, and others."""

    def __init__(self):
        self.others = []
        labels = {KEY_LABEL: ID}
        runs = EngineState.RUNNING
        self.state = ContainerState("c", "i", None, runs, BEGAN.text(), None, ours=True, labels=labels)
        self.stopped = threading.Event()

    def inspect(self, labels=NO_LABELS):
        # A name's container comes first, as with any engine.
        there = [*self.others, self.state]
        return next((one for one in there if labels.items() <= one.labels.items()), None)

    def alive(self):
        return [one for one in (*self.others, self.state) if one.alive]

    def stop(self, _grace_seconds, container_id="c"):
        if container_id == "c":
            self.state = replace(self.state, state=EngineState.EXITED)
            self.stopped.set()
        self.others = [
            replace(one, state=EngineState.EXITED) if one.container_id == container_id else one
            for one in self.others
        ]


@pytest.fixture
def clock():
    return SetClock()


@pytest.fixture
def runtime():
    return Runtime()


@pytest.fixture
def lent(agents, folder, clock, runtime):
    """lent(seconds) -> leases of which one was given for so long."""
    made = []

    def give(seconds):
        store = agents(folder)
        made.append(Leases(store, Container(runtime, 0, folder), MOST, lambda: None, clock))
        request = DeployRequest(image="a/b:1", environment="dev", deploy_id=ID, lease_seconds=seconds)
        made[-1].give(Deploy(request, "robot", store))
        return made[-1]

    yield give
    for one in made:
        one.close(0.0)


def left(given):
    return given.seconds_left(given._lease)


@pytest.mark.parametrize("wall", [0.0, -HOUR, HOUR])
def test_it_ends_by_the_clock_that_comes_to_its_end_first(lent, clock, wall):
    given = lent(10)
    clock.pass_by(4, wall=wall)
    assert left(given) == min(6, 6 - wall)


def test_it_is_told_as_the_servers_clock_is_set_now(lent, clock):
    given = lent(10)
    assert given.text(given._lease) == BEGAN.after(10).text()
    clock.pass_by(4, wall=-HOUR)
    assert given.text(given._lease) == clock().after(6).text()


def test_after_another_start_of_the_machine_the_wall_clock_alone_counts(lent, clock):
    given = lent(10)
    clock.moment = Moment(wall=BEGAN.wall + 4, boot=3.0, boot_id="second")
    assert left(given) == 6


def test_a_clock_set_back_lets_no_renewal_past_the_total(lent, clock):
    given = lent(5)
    for _ in range(5):
        clock.pass_by(3, wall=-HOUR)
        given.renew(ID, 5)
    assert left(given) == MOST - 15
    clock.pass_by(4)
    given.renew(ID, 600)
    assert left(given) == 1


def test_a_renewal_before_the_start_is_bounded_as_well(agents, folder, clock, runtime):
    store = agents(folder)
    request = DeployRequest(image="a/b:1", environment="dev", deploy_id=ID, lease_seconds=5)
    deploy = Deploy(request, "robot", store)
    given = Leases(store, Container(runtime, 0, folder), MOST, lambda: deploy, clock)
    given.renew(ID, 600)
    clock.pass_by(4, wall=-HOUR)
    given.give(deploy)
    assert left(given) == MOST - 4
    given.close(0.0)


@pytest.mark.way_out("the server's clock is set back or forward", "lease")
def test_a_clock_that_is_set_is_seen_while_it_runs(lent, clock, runtime, monkeypatch):
    monkeypatch.setattr(leases, "_LOOK_SECONDS", 0.01)
    lent(10)
    assert runtime.state.alive
    clock.pass_by(11, wall=-HOUR)
    assert runtime.stopped.wait(30)


def test_an_agent_that_starts_anew_ends_it_by_either_clock(lent, clock, runtime, folder):
    given = lent(10)
    kept = given._store.read().lease
    clock.pass_by(11, wall=-HOUR)
    anew = Leases(Store(folder), Container(runtime, 0, folder), MOST, lambda: None, clock)
    assert anew.seconds_left(anew.of(runtime.state, kept)) == -1


def test_with_the_state_lost_the_labels_count_by_both_clocks(lent, clock, runtime):
    given = lent(10)
    there = replace(runtime.state, labels={KEY_LABEL: ID} | labels_of(given._lease))
    clock.pass_by(11, wall=-HOUR)
    assert given.seconds_left(given.of(there, None)) == -1


def test_one_that_is_started_again_by_hand_has_its_first_lease(lent, clock, runtime):
    given = lent(10)
    runtime.state = replace(runtime.state, labels={KEY_LABEL: ID} | labels_of(given._lease))
    clock.pass_by(4)
    given.renew(ID, 10)
    given.started()
    assert left(given) == 10, "one that is lent keeps its renewals"
    given.stop(ID, "robot", "it is asked for")
    given.started()
    assert given._lease is None, "nothing runs"
    runtime.state = replace(runtime.state, state=EngineState.RUNNING)
    given.started()
    assert left(given) == 6


def test_no_container_is_older_than_the_total_by_its_own_start(clock, runtime):
    ends = BEGAN.after(600)
    there = replace(runtime.state, labels=labels_of(leases.Lease(key=ID, expires=ends, ends=ends)))
    assert lease_of(there, None, MOST).expires.wall == BEGAN.wall + MOST
    assert lease_of(replace(there, started_at=None), None, MOST).expires == ends


@pytest.mark.parametrize("labels", [{}, {"smokedeploy.lease_expires_at": "soon"}, labels_of(None)])
def test_labels_that_tell_no_time_tell_no_lease(runtime, labels):
    assert lease_of(replace(runtime.state, labels=labels), None, MOST) is None


def test_without_a_lease_no_label_of_the_image_tells_one():
    ends = BEGAN.after(10)
    assert labels_of(None).keys() == labels_of(leases.Lease(key=ID, expires=ends, ends=ends)).keys()


def test_what_ran_out_is_not_renewed(lent, clock, runtime):
    given = lent(10)
    runtime.stop(0)
    with pytest.raises(RefusedError):
        given.renew(ID, 5)


def ran_out(clock, given):
    """Look at the lease once its end has passed, as its timer does."""
    clock.pass_by(11)
    given._look(given._lease)


@pytest.fixture
def locked(folder, monkeypatch):
    """locked() holds the lock of STATE_PATH during the block, as a suspended command does."""
    monkeypatch.setattr(locks, "LOCK_SECONDS", 0.0)

    @contextmanager
    def hold():
        with (folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    return hold


def audited(folder):
    file = folder / "audit.jsonl"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


@pytest.fixture
def held(lent, monkeypatch):
    """A lease of 10 s, on hold of its deploy; looked at by the test alone."""
    monkeypatch.setattr(leases, "_LOOK_SECONDS", HOUR)
    given = lent(10)
    given._store.update(hold=Held(deploy_id=ID, since=BEGAN.text(), by="robot", reason="It began."))
    return given


def test_whoever_holds_the_states_lock_keeps_no_container_running(held, clock, runtime, locked, folder):
    with locked():
        ran_out(clock, held)
        assert runtime.stopped.is_set()
        assert held.current is not None, "it is still to be written down"
        with pytest.raises(RefusedError):
            held.renew(ID, 5)
        held._look(held.current)
    held._look(held.current)
    assert held.current is None
    assert [row["what"] for row in audited(folder)] == ["lease.ran_out", "hold.kept"]
    assert all("the container was stopped" in row["why"] for row in audited(folder))
    state = held._store.read()
    assert (state.lease, state.hold.person) == (None, True)
    assert state.hold.reason.count("the container was stopped") == 1


def test_a_stop_is_done_though_the_states_lock_is_held(held, runtime, locked):
    with locked():
        held.stop(ID, "robot", "a stop was asked for")
        assert runtime.stopped.is_set()
    assert held.current is None


@pytest.mark.parametrize("seconds", [0, 11])
def test_whoever_leaves_stops_though_the_states_lock_is_held(held, clock, runtime, locked, seconds):
    with locked():
        clock.pass_by(seconds)
        held.close(0.0)
        assert runtime.stopped.is_set()


def test_a_lease_that_ran_out_while_its_renewal_waited_does_not_come_back(
    held, clock, runtime, folder, monkeypatch
):
    replacing = files.replacing

    @contextmanager
    def slow(file, data):
        with replacing(file, data):
            clock.pass_by(11)
            yield

    monkeypatch.setattr(state, "replacing", slow)
    with pytest.raises(RefusedError, match="ran out"):
        held.renew(ID, 600)
    monkeypatch.undo()
    held._look(held.current)
    assert runtime.stopped.is_set()
    assert held._store.read().lease is None


def test_a_lease_whose_end_was_not_written_down_is_told_as_not_known(held, clock, runtime, locked):
    with locked():
        ran_out(clock, held)
    kept = held._store.read()
    control = ContainerControl(ContainerSettings.from_environ(SETTINGS), runtime, held._store, clock)
    said, lease = reconcile._containers(control, kept)
    assert (runtime.state.alive, lease) == (False, None)
    assert "whether it ended before that is not known" in said
    assert "whether it ended before that is not known" in held._store.read().hold.reason


OTHER = "00000000-0000-4000-8000-000000000002"


def beside(runtime, seconds):
    """An old container of the agent's that somebody started under its name, with such a first lease."""
    first = leases.Lease(key=OTHER, expires=BEGAN.after(seconds), ends=BEGAN.after(seconds))
    labels = {KEY_LABEL: OTHER} | labels_of(first)
    runtime.others = [replace(runtime.state, container_id="o", labels=labels)]


def states(runtime):
    return [one.alive for one in (runtime.state, *runtime.others)]


def test_a_lent_container_is_stopped_though_another_has_its_name(held, clock, runtime, folder):
    beside(runtime, 600)
    held.renew(ID, 10)
    ran_out(clock, held)
    assert states(runtime) == [False, True]
    assert all("the container was stopped" in row["why"] for row in audited(folder))


def test_one_that_was_started_beside_it_is_watched_by_its_first_lease(held, clock, runtime, folder):
    beside(runtime, 5)
    assert held.started() is True
    clock.pass_by(6)
    assert held.started() is False
    assert states(runtime) == [True, False]
    assert held.current.key == ID
    assert [row["what"] for row in audited(folder)] == ["container.stopped"]


def test_one_that_was_started_beside_it_is_watched_once_the_lent_one_has_ended(held, clock, runtime):
    beside(runtime, 15)
    held.stop(ID, "robot", "it is asked for")
    assert held.started() is False
    assert (held.current.key, left(held)) == (OTHER, 15)


def test_who_leaves_stops_both(held, runtime):
    beside(runtime, 15)
    held.started()
    held.close(0.0)
    assert states(runtime) == [False, False]


def test_who_starts_anew_watches_the_lent_one_though_another_has_its_name(held, clock, runtime):
    beside(runtime, 600)
    control = ContainerControl(ContainerSettings.from_environ(SETTINGS), runtime, held._store, clock)
    said, lease = reconcile._containers(control, held._store.read())
    assert lease.key == ID
    assert f"{ID} runs on within its lease" in said
    assert f"{OTHER} runs on within its lease" in said


def test_a_deploy_that_failed_before_it_had_a_container_is_not_told_as_one_that_lost_it(
    held, clock, runtime, monkeypatch
):
    """As where the agent was killed between the lease and the container's creation."""
    keep_record(held._store, lost(Asked(key=ID, deploy_id=ID, step=StepName.START), "it was cut off"))
    monkeypatch.setattr(runtime, "inspect", lambda _labels: None)
    control = ContainerControl(ContainerSettings.from_environ(SETTINGS), runtime, held._store, clock)
    assert reconcile._containers(control, held._store.read()) == ("no container is there", None)
    assert held._store.read().hold.reason == "It began."
