"""The lock of STATE_PATH held by another process, such as a suspended command: what has to end ends."""

import fcntl

import pytest

from tests.support.agent_process import until


@pytest.fixture
def lent(make_agent, new_id):
    """lent(seconds) -> (an agent, the deploy that it lent, the lock held by somebody else)."""
    locks = []

    def deploy(seconds):
        agent, one = make_agent(), new_id()
        image = agent.image("1.0.0")
        assert agent.deploy(image, one, lease_seconds=seconds).status_code == 200
        locks.append((agent.folder / "state" / "lock").open())
        fcntl.flock(locks[-1], fcntl.LOCK_EX)
        return agent, one, locks[-1]

    yield deploy
    for lock in locks:
        lock.close()


def renew(agent, one):
    return agent.call("POST", "/v1/lease", {"deploy_id": one, "lease_seconds": 600})


def test_a_lease_ends_and_does_not_come_back_and_its_end_is_told_once(lent):
    agent, one, lock = lent(3)
    assert renew(agent, one).status_code == 500, "it can't be kept"
    until(lambda: agent.status()["state"] == "exited")
    lock.close()
    (row,) = until(lambda: agent.audited("lease.ran_out"))
    assert "the container was stopped" in row["why"]
    assert renew(agent, one).status_code == 409
    (row,) = until(lambda: agent.audited("hold.kept"))
    assert "the container was stopped" in row["why"]


def test_a_stop_is_answered_once_the_container_is_stopped(lent):
    agent, one, _ = lent(600)
    assert agent.stop_it(one).status_code == 200
    assert agent.status()["state"] == "exited"


def test_an_agent_that_is_ended_stops_and_leaves(lent):
    agent, _, lock = lent(600)
    assert agent.end() == 0
    lock.close()
    agent.start()
    assert agent.status()["running"] is False
