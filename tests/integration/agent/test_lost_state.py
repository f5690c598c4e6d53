"""The agent started on a state that is lost, damaged or out of reach, on each engine."""

from datetime import UTC, datetime

import pytest

from pytest_smokedeploy.contract import parse_time
from tests.support.agent_process import until


@pytest.mark.parametrize("lease", [{}, {"lease_seconds": 600}])
def test_with_its_state_lost_a_container_of_ours_is_left_and_a_person_looks(crash, new_id, lease):
    one = new_id()
    crash.deployed("1.0.0", one, **lease)
    before = crash.status()
    crash.kill()
    crash.lose_state()
    crash.start()
    after = crash.status()
    assert (after["container_id"], after["running"]) == (before["container_id"], True)
    assert after["lease_expires_at"] == before["lease_expires_at"]
    assert "does not tell how that deploy ended" in after["hold"]["reason"]
    assert "does not tell how that deploy ended" in crash.said_at_start
    assert [row["what"] for row in crash.audit()] == ["hold.set", "agent.started"]
    assert "last_deploy" not in after, "what was deployed last is not known"
    assert crash.passed(one).status_code == 409
    assert crash.deploy(f"{crash.repository}:2.0.0", new_id()).status_code == 423
    assert crash.stop_it(one).status_code == 200
    assert crash.there == [(False, one)]


@pytest.mark.way_out("the agent is started anew after the end of the lease, its state lost", "start")
def test_with_its_state_lost_a_container_past_its_first_lease_is_stopped(crash, new_id):
    one = new_id()
    crash.deployed("1.0.0", one, lease_seconds=4)
    until_time = parse_time(crash.status()["lease_expires_at"])
    crash.kill()
    until(lambda: datetime.now(UTC) > until_time)
    crash.lose_state()
    crash.start()
    assert crash.there == [(False, one)]
    assert "its lease ran out" in crash.said_at_start
    assert crash.status()["hold"] is not None


def test_under_another_name_it_is_not_told_to_have_ended(crash, new_id):
    one, name = new_id(), crash.environ["CONTAINER_NAME"]
    crash.deployed("1.0.0", one, lease_seconds=600)
    crash.kill()
    crash.environ["CONTAINER_NAME"] = f"{name}-another"
    crash.start()
    for words in (crash.said_at_start, crash.status()["hold"]["reason"]):
        assert f"container of the deploy {one} is not under this CONTAINER_NAME" in words
    crash.kill()
    crash.environ["CONTAINER_NAME"] = name
    crash.start()
    assert crash.there == [(True, one)]
    assert crash.status()["lease_expires_at"] is not None, "its first lease counts again"


@pytest.mark.parametrize("harm", ["a folder", "a broken link"])
def test_a_state_file_that_cannot_be_read_is_set_aside_and_the_lease_goes_on(crash, new_id, harm):
    one = new_id()
    crash.deployed("1.0.0", one, lease_seconds=600)
    crash.kill()
    file = crash.folder / "state" / "state.json"
    file.unlink()
    if harm == "a folder":
        file.mkdir()
    else:
        file.symlink_to("nowhere")
    crash.start()
    status = crash.status()
    assert status["running"] is True
    assert status["lease_expires_at"] is not None
    assert "state.damaged-" in status["hold"]["reason"]
    assert list(file.parent.glob("state.damaged-*"))


def test_with_its_record_damaged_a_container_is_left_and_a_person_looks(crash, new_id):
    one = new_id()
    crash.deployed("1.0.0", one)
    assert crash.release().status_code == 200
    crash.kill()
    (crash.folder / "state" / "deploys" / f"{one}.json").write_text("{")
    crash.start()
    assert crash.there == [(True, one)]
    assert "does not tell how that deploy ended" in crash.status()["hold"]["reason"]


def test_a_foreign_container_is_never_touched(crash, new_id):
    crash.run_foreign("1.0.0")
    answer = crash.deploy(f"{crash.repository}:2.0.0", new_id())
    assert (answer.status_code, answer.json()["step"]) == (500, "stop")
    assert "did not make" in answer.json()["reason"]
    assert crash.stop_it().status_code == 409
    assert crash.call("GET", "/v1/preflight").json()["container"] == {"name": crash.name, "ours": False}
    crash.kill()
    crash.start()
    assert crash.there == [(True, None)]
    assert "did not make" in crash.said_at_start
