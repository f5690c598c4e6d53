"""The agent killed or ended while its container runs, on each engine: what becomes of the container."""

import signal
from datetime import UTC, datetime

import pytest

from pytest_smokedeploy.contract import parse_time
from tests.support.agent_process import until


@pytest.mark.way_out("the agent is killed (SIGKILL), and started after the end of the lease", "start")
def test_a_lease_that_ran_out_meanwhile_is_ended(crash, new_id):
    one = new_id()
    crash.deployed("1.0.0", one, lease_seconds=4)
    until_time = crash.status()["lease_expires_at"]
    crash.kill()
    assert crash.there == [(True, one)]
    until(lambda: datetime.now(UTC) > parse_time(until_time))
    crash.start()
    assert crash.there == [(False, one)]
    assert "its lease ran out" in crash.said_at_start
    assert crash.passed(one).status_code == 409


def test_killed_while_it_runs_within_its_lease_it_goes_on(crash, new_id):
    one = new_id()
    crash.deployed("1.0.0", one, lease_seconds=600)
    crash.kill()
    crash.start()
    assert crash.there == [(True, one)]
    assert crash.status()["lease_expires_at"] is not None
    assert crash.stop_it(one).status_code == 200
    assert crash.passed(one).status_code == 200


@pytest.mark.way_out("the agent is stopped (SIGSTOP) past the end of the lease, and goes on", "goes on")
def test_stopped_past_the_lease_it_ends_it_when_it_goes_on(crash, new_id):
    one = new_id()
    crash.deployed("1.0.0", one, lease_seconds=4)
    ends = parse_time(crash.status()["lease_expires_at"])
    crash.process.send_signal(signal.SIGSTOP)
    until(lambda: datetime.now(UTC) > ends)
    assert crash.there == [(True, one)]
    crash.process.send_signal(signal.SIGCONT)
    until(lambda: crash.there == [(False, one)])
    assert until(lambda: crash.audited("lease.ran_out"))


@pytest.fixture
def service(crash):
    """The agent as a service runs it: it does not end with its standard input."""
    crash.kill()
    return crash.start(flags=())


@pytest.mark.way_out("the agent is ended in order (SIGTERM)", "leaving")
def test_ended_in_order_a_lent_container_is_stopped(service, new_id):
    one = new_id()
    service.deployed("1.0.0", one, lease_seconds=600)
    assert service.end() == 0
    assert service.there == [(False, one)]
    assert "agent was ended within its lease" in service.audited("container.stopped")[-1]["why"]
    service.start()
    assert service.status()["lease_expires_at"] is None
    assert "agent was ended within its lease" in service.status()["hold"]["reason"]
    assert service.passed(one).status_code == 409


def test_ended_in_order_one_without_a_lease_runs_on(service, new_id):
    one = new_id()
    assert service.call("GET", "/v1/preflight").json()["container"] is None
    service.deployed("1.0.0", one)
    assert service.call("GET", "/v1/preflight").json()["container"]["ours"] is True
    assert service.end() == 0
    assert service.there == [(True, one)]
    assert service.audited("container.stopped") == []


@pytest.mark.way_out("the agent is ended in order, and its engine is away", "leaving")
def test_ended_in_order_a_stop_that_fails_is_tried_again(service, new_id):
    one = new_id()
    service.deployed("1.0.0", one, lease_seconds=600)
    service.proxy.cut()
    service.process.send_signal(signal.SIGTERM)
    until(lambda: "while the agent leaves" in (service.folder / "agent.log").read_text())
    service.proxy.mend()
    assert service.end() == 0
    assert service.there == [(False, one)]
