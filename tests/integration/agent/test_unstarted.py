"""An agent that can't start, on each engine: what becomes of the container."""

import signal
import socket
from datetime import UTC, datetime

import pytest

from pytest_smokedeploy.contract import parse_time
from tests.support.agent_process import until


@pytest.mark.way_out("the agent is started anew, and its port is taken", "start")
def test_an_agent_whose_port_is_taken_stops_a_lent_container(crash, new_id):
    one = new_id()
    crash.deployed("1.0.0", one, lease_seconds=600)
    crash.kill()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        status, said = crash.not_started(PORT=str(taken.getsockname()[1]))
    assert (status, "can't be bound" in said) == (1, True)
    assert crash.there == [(False, one)]


#: A setting that is wrong, and what is said of it; the last is a number that stopping takes.
WRONG = {
    "MEMORY_LIMIT_MB": ("much", "MEMORY_LIMIT_MB: is 'much'"),
    "RUNTIME_ENV_FILE": ("/nowhere", "RUNTIME_ENV_FILE: can't be read"),
    "STOP_GRACE_SECONDS": ("soon", "STOP_GRACE_SECONDS: is 'soon'"),
}


def wrong(crash, name):
    """Kill it, and start it anew with that setting wrong: it leaves with 1 and says so."""
    crash.kill()
    value, words = WRONG[name]
    status, said = crash.not_started(**{name: value})
    assert (status, words in said) == (1, True), said


@pytest.mark.way_out("the agent is started anew, with a wrong setting", "start")
@pytest.mark.parametrize("name", ["RUNTIME_ENV_FILE", "STOP_GRACE_SECONDS"])
def test_with_a_wrong_setting_a_lent_container_is_stopped(crash, new_id, name):
    one = new_id()
    crash.deployed("1.0.0", one, lease_seconds=600)
    wrong(crash, name)
    assert crash.there == [(False, one)]
    assert "agent was ended within its lease" in crash.audited("container.stopped")[-1]["why"]
    started = len(crash.audited("agent.started"))
    crash.start()
    assert len(crash.audited("agent.started")) == started + 1, "it counts as started where it serves"
    assert crash.passed(one).status_code == 409


def test_with_a_wrong_setting_one_without_a_lease_is_left(crash, new_id):
    one = new_id()
    crash.deployed("1.0.0", one)
    wrong(crash, "MEMORY_LIMIT_MB")
    assert crash.there == [(True, one)]


def test_with_a_wrong_setting_another_agents_container_is_left(crash, new_id):
    one = new_id()
    crash.deployed("1.0.0", one, lease_seconds=600)
    status, said = crash.not_started(MEMORY_LIMIT_MB="much")
    assert (status, "another agent runs on STATE_PATH" in said) == (1, True), said
    assert crash.there == [(True, one)]


@pytest.mark.way_out("the agent is started anew, and its engine is away", "engine back")
def test_without_its_engine_it_leaves_and_the_next_start_ends_the_lease(crash, new_id):
    one = new_id()
    crash.deployed("1.0.0", one, lease_seconds=4)
    ends = parse_time(crash.status()["lease_expires_at"])
    crash.kill()
    crash.proxy.cut()
    status, said = crash.not_started()
    assert (status, "the Docker engine at" in said) == (1, True), said
    until(lambda: datetime.now(UTC) > ends)
    crash.proxy.mend()
    crash.start()
    assert crash.there == [(False, one)]
    assert "its lease ran out" in crash.said_at_start


@pytest.fixture
def stateless(crash):
    """stateless(sign=None): start it anew on a STATE_PATH that is no folder; its exit status and words."""

    def start(sign=None):
        crash.kill()
        crash.lose_state()
        (crash.folder / "state").write_text("")
        return crash.not_started(sign)

    return start


@pytest.mark.way_out("the agent is started anew, and its STATE_PATH can't be used", "first lease")
def test_without_a_state_folder_a_lent_container_is_stopped_at_the_end_of_its_lease(crash, new_id, stateless):
    one = new_id()
    crash.deployed("1.0.0", one, lease_seconds=5)
    ends = parse_time(crash.status()["lease_expires_at"])
    status, said = stateless()
    assert (status, crash.there) == (1, [(False, one)])
    assert datetime.now(UTC) >= ends
    assert "STATE_PATH" in said
    assert f"the container of the deploy {one} was stopped: its first lease ran out" in said


def test_without_a_state_folder_an_agent_that_is_ended_stops_a_lent_container(crash, new_id, stateless):
    one = new_id()
    crash.deployed("1.0.0", one, lease_seconds=600)
    status, said = stateless(signal.SIGTERM)
    assert (status, crash.there) == (1, [(False, one)])
    assert "was stopped: this agent was ended" in said


def test_without_a_state_folder_one_without_a_lease_is_left(crash, new_id, stateless):
    one = new_id()
    crash.deployed("1.0.0", one)
    status, said = stateless()
    assert (status, crash.there) == (1, [(True, one)])
    assert "runs without a lease, and is left as it is" in said
