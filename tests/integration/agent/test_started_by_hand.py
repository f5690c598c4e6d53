"""A lent container that somebody starts again after its stop has its first lease again, on each engine."""

from datetime import UTC, datetime

from pytest_smokedeploy.contract import parse_time
from tests.support.agent_process import until


def start(crash):
    with crash.engine.client() as client:
        client.start(crash.name)


def test_it_runs_until_its_first_lease_ends(crash, new_id):
    one = new_id()
    crash.deployed("1.0.0", one, lease_seconds=15)
    lent_until = crash.status()["lease_expires_at"]
    assert crash.stop_it(one).status_code == 200
    assert crash.status()["lease_expires_at"] is None
    start(crash)
    until(lambda: crash.status()["lease_expires_at"] == lent_until)
    until(lambda: crash.there == [(False, one)])
    why = until(lambda: crash.audited("lease.ran_out"))[0]["why"]
    assert f"its lease ran out at {lent_until}; the container was stopped" in why


def test_past_it_it_is_stopped_at_once(crash, new_id):
    one = new_id()
    crash.deployed("1.0.0", one, lease_seconds=2)
    lent_until = parse_time(crash.status()["lease_expires_at"])
    assert crash.stop_it(one).status_code == 200
    until(lambda: datetime.now(UTC) > lent_until)
    start(crash)
    until(lambda: crash.audited("lease.ran_out"))
    assert crash.there == [(False, one)]


def test_one_without_a_lease_runs_on(crash, new_id):
    one = new_id()
    crash.deployed("1.0.0", one)
    assert crash.stop_it(one).status_code == 200
    start(crash)
    until(
        lambda: (
            [e["action"] for e in crash.call("GET", f"/v1/events?deploy_id={one}").json()["events"]].count(
                "start"
            )
            == 2
        )
    )
    assert crash.there == [(True, one)]
    assert crash.stop_it(one).status_code == 200
