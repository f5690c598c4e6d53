"""A container is kept no longer than it was lent."""

from email.utils import parsedate_to_datetime

import pytest

from pytest_smokedeploy.contract import parse_time
from tests.support.agent_process import Agent, until
from tests.support.small_disk import fill, small


def renew(agent, deploy_id, seconds):
    return agent.call("POST", "/v1/lease", {"deploy_id": deploy_id, "lease_seconds": seconds})


def server_time(agent):
    return parsedate_to_datetime(agent.call("GET", "/health").headers["date"])


def gone(agent):
    return until(lambda: agent.status()["running"] is False)


@pytest.fixture
def lent(agent, new_id):
    """lent(seconds) -> the id of a deploy that runs for so long."""

    def deploy(seconds):
        one = new_id()
        answer = agent.deploy(agent.image(f"1.0.{seconds}"), one, lease_seconds=seconds)
        assert answer.status_code == 200, answer.text
        return one

    return deploy


@pytest.mark.way_out("the gate renews no more: its runner is gone", "lease")
def test_it_runs_out_and_the_container_is_stopped(agent, lent):
    one = lent(1)
    gone(agent)
    row = until(lambda: agent.audited("lease.ran_out"))[0]
    assert (row["who"], row["deploy_id"]) == ("agent", one)
    assert "the container was stopped" in row["why"]
    status = until(lambda: (said := agent.status())["lease_expires_at"] is None and said)
    assert status["deploy_id"] == one


@pytest.mark.needs("tmpfs")
@pytest.mark.way_out("the agent's own disk is full when the lease ends", "lease")
def test_on_a_full_disk_it_runs_out_all_the_same(tmp_path, keys, new_id):
    agent = Agent(tmp_path, keys)
    with small(tmp_path / "state", "256k"):
        agent.start()
        try:
            assert agent.deploy(agent.image("1.0.0"), new_id(), lease_seconds=2).status_code == 200
            fill(tmp_path / "state")
            gone(agent)
        finally:
            agent.stop()


def test_a_run_whose_lease_ran_out_cannot_pass(agent, lent):
    one = lent(1)
    gone(agent)
    until(lambda: agent.audited("hold.kept"))
    answer = agent.passed(one)
    assert answer.status_code == 409
    assert "lease ran out" in answer.json()["reason"]
    assert "lease ran out" in agent.status()["hold"]["reason"]
    assert agent.release().status_code == 200


def test_renewed_it_runs_on(agent, lent):
    one = lent(2)
    before = agent.status()["lease_expires_at"]
    answer = renew(agent, one, 60)
    assert answer.status_code == 200
    body = answer.json()
    assert body["deploy_id"] == one
    assert parse_time(body["lease_expires_at"]) > parse_time(before)
    assert agent.status()["lease_expires_at"] == body["lease_expires_at"]
    # Past the first lease's end it still runs.
    until(lambda: server_time(agent) > parse_time(before))
    assert agent.status()["running"] is True


def test_the_total_is_capped(make_agent, new_id):
    agent = make_agent(LEASE_MAX_SECONDS="2")
    one = new_id()
    agent.deploy(agent.image("1.0.0"), one, lease_seconds=600)
    capped = agent.status()["lease_expires_at"]
    assert renew(agent, one, 600).json()["lease_expires_at"] == capped
    gone(agent)


def test_none_asked_is_none_given(agent, new_id):
    one = new_id()
    agent.deploy(agent.image("1.0.0"), one)
    assert agent.status()["lease_expires_at"] is None
    assert renew(agent, one, 60).status_code == 409


def test_only_the_deploy_that_runs_is_renewed(agent, lent, new_id):
    one = lent(60)
    assert renew(agent, new_id(), 60).status_code == 409
    agent.stop_it(one)
    assert renew(agent, one, 60).status_code == 409
    assert agent.status()["lease_expires_at"] is None


@pytest.mark.parametrize("seconds", [0, -1, "60", 1.5])
def test_a_lease_is_whole_seconds_from_1(agent, new_id, seconds):
    answer = agent.deploy(agent.image("1.0.0"), new_id(), lease_seconds=seconds)
    assert answer.status_code == 400
    assert "lease_seconds" in answer.json()["reason"]
