"""An agent that can't start, on each engine: what becomes of the container."""

import signal
import socket
from datetime import UTC, datetime

import pytest

from pytest_smokedeploy.contract import parse_time


def test_an_agent_whose_port_is_taken_stops_a_lent_container(crash, new_id):
    one = new_id()
    crash.deployed("1.0.0", one, lease_seconds=600)
    crash.kill()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        status, said = crash.not_started(PORT=str(taken.getsockname()[1]))
    assert (status, "can't be bound" in said) == (1, True)
    assert crash.there == [(False, one)]


@pytest.fixture
def stateless(crash):
    """stateless(sign=None): start it anew on a STATE_PATH that is no folder; its exit status and words."""

    def start(sign=None):
        crash.kill()
        crash.lose_state()
        (crash.folder / "state").write_text("")
        return crash.not_started(sign)

    return start


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
