"""Two agents with one CONTAINER_NAME, each on a STATE_PATH of its own, on each engine."""

from datetime import UTC, datetime

import pytest

from pytest_smokedeploy.contract import parse_time
from tests.support.agent_process import Agent, until

SHARED = ("ENGINE", "DOCKER_HOST", "CONTAINER_NAME", "ALLOWED_IMAGES")


@pytest.fixture
def second(tmp_path, keys, crash):
    (tmp_path / "second").mkdir()
    agent = Agent(tmp_path / "second", keys, **{name: crash.environ[name] for name in SHARED})
    yield agent
    agent.stop()


def test_the_second_leaves_alone_what_the_first_runs(crash, second, new_id):
    one, two = new_id(), new_id()
    crash.deployed("1.0.0", one, lease_seconds=6)
    first_end = parse_time(crash.status()["lease_expires_at"])
    assert crash.call("POST", "/v1/lease", {"deploy_id": one, "lease_seconds": 600}).status_code == 200
    until(lambda: datetime.now(UTC) > first_end)
    second.start()
    assert "did not make" in second.audited("agent.started")[0]["why"]
    assert second.call("GET", "/v1/preflight").json()["container"]["ours"] is False
    assert second.stop_it().status_code == 409
    answer = second.deploy(f"{crash.repository}:2.0.0", two)
    assert (answer.status_code, answer.json()["step"]) == (500, "stop")
    assert second.end() == 0
    assert crash.there == [(True, one)]
    assert crash.status()["running"] is True


def test_what_an_agent_left_that_runs_no_more_the_next_one_settles(crash, second, new_id):
    """As where STATE_PATH was moved: the labels' first lease counts."""
    one = new_id()
    crash.deployed("1.0.0", one, lease_seconds=6)
    first_end = parse_time(crash.status()["lease_expires_at"])
    crash.kill()
    until(lambda: datetime.now(UTC) > first_end)
    second.start()
    assert "its lease ran out" in second.audited("agent.started")[0]["why"]
    assert crash.there == [(False, one)]
