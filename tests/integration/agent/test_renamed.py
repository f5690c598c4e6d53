"""A container that somebody gave another name is the agent's all the same, on each engine."""

import pytest

from tests.support.agent_process import until


@pytest.fixture
def renamed(crash, new_id):
    """renamed(**more) -> the id of a deploy whose container runs under another name."""

    def deploy(**more):
        one = new_id()
        crash.deployed("1.0.0", one, **more)
        rename(crash, crash.name, other(crash))
        return one

    return deploy


def other(crash):
    return f"{crash.name}-x"


def rename(crash, old, new):
    with crash.engine.client() as client:
        client.rename(old, new)


def test_it_is_told_as_what_it_is(crash, renamed):
    one = renamed(lease_seconds=600)
    status = crash.status()
    assert (status["state"], status["running"], status["deploy_id"]) == ("running", True, one)
    assert status["container_name"] == other(crash)
    assert status["lease_expires_at"] is not None
    assert status["activity"] is not None
    assert crash.call("GET", "/v1/preflight").json()["container"] == {"name": other(crash), "ours": True}
    assert "ready" in crash.call("GET", f"/v1/logs?deploy_id={one}").text


def test_a_stop_stops_it(crash, renamed):
    one = renamed(lease_seconds=600)
    answer = crash.stop_it(one)
    assert (answer.status_code, answer.json()["container_name"]) == (200, other(crash))
    assert crash.there == [(False, one)]
    status = crash.status()
    assert (status["state"], status["container_name"]) == ("exited", other(crash))


def test_it_is_stopped_once_its_lease_ran_out(crash, renamed):
    one = renamed(lease_seconds=3)
    until(lambda: crash.there == [(False, one)])
    assert "the container was stopped" in until(lambda: crash.audited("lease.ran_out"))[0]["why"]


def test_an_agent_that_starts_anew_knows_it(crash, renamed):
    one = renamed(lease_seconds=600)
    crash.kill()
    crash.start()
    assert crash.there == [(True, one)]
    assert f"{one} (renamed {other(crash)}) runs on within its lease" in crash.said_at_start
    assert crash.stop_it(one).status_code == 200
    assert crash.there == [(False, one)]


def test_an_agent_that_leaves_stops_it(crash, renamed):
    renamed(lease_seconds=600)
    assert crash.end() == 0
    assert True not in dict(crash.there)


def test_its_run_cannot_pass_while_it_runs(crash, renamed):
    one = renamed()
    answer = crash.passed(one)
    assert answer.status_code == 409
    assert "still runs" in answer.json()["reason"]


def test_a_deploy_stops_it_and_keeps_it_under_the_name_that_it_was_given(crash, renamed, new_id):
    one, two = renamed(), new_id()
    crash.release()
    crash.deployed("2.0.0", two)
    steps = crash.progress(two).json()["steps"]
    assert [(row["step"], row["outcome"]) for row in steps[1:3]] == [("stop", "done"), ("remove", "absent")]
    assert sorted(crash.there) == [(False, one), (True, two)]
    assert crash.status()["deploy_id"] == two
    assert '"end"' in crash.call("GET", f"/v1/logs?deploy_id={one}").text, "its log is kept with it"


def test_an_old_one_that_was_started_by_hand_is_stopped_by_the_next_deploy(crash, renamed, new_id):
    one, two, three = renamed(), new_id(), new_id()
    crash.release()
    crash.deployed("2.0.0", two)
    with crash.engine.client() as client:
        client.start(other(crash))
    assert crash.status()["deploy_id"] == two
    assert crash.stop_it(two).status_code == 200
    assert (crash.status()["running"], crash.status()["deploy_id"]) == (True, one)
    crash.release()
    crash.deployed("2.0.0", three)
    assert sorted(crash.there) == [(False, one), (True, three)]


def test_a_stop_of_whatever_runs_stops_both(crash, renamed, new_id):
    renamed()
    crash.release()
    crash.deployed("2.0.0", new_id())
    with crash.engine.client() as client:
        client.start(other(crash))
    assert crash.stop_it().status_code == 200
    assert [running for running, _ in crash.there] == [False, False]


def test_one_whose_name_an_old_one_has_is_read_renewed_and_stopped(crash, renamed, new_id):
    """As after a way back by hand: the old one has its name again, and was started."""
    one, two = renamed(), new_id()
    crash.release()
    crash.deployed("2.0.0", two, lease_seconds=600)
    rename(crash, crash.name, f"{crash.name}-y")
    rename(crash, other(crash), crash.name)
    with crash.engine.client() as client:
        client.start(crash.name)
    assert '"end"' not in crash.call("GET", f"/v1/logs?deploy_id={two}").text
    renewal = {"deploy_id": two, "lease_seconds": 600}
    assert crash.call("POST", "/v1/lease", renewal).status_code == 200
    assert crash.stop_it(two).status_code == 200
    assert sorted(crash.there) == sorted([(False, two), (True, one)])


def test_a_container_of_an_image_that_was_made_of_it_is_nobody_of_ours(crash, new_id):
    """As after `docker commit` and `docker run`, to look at a failed start: the image brings the labels."""
    one = new_id()
    crash.deployed("1.0.0", one)
    assert crash.stop_it(one).status_code == 200
    with crash.engine.client() as client:
        image = client.commit(crash.name, repository=f"localhost/{crash.name}", tag="looked")["Id"]
        try:
            made = client.create_container(
                image, name=f"{crash.name}-look", host_config={"NetworkMode": "none"}
            )
            client.start(made["Id"])
            assert crash.status()["state"] == "exited"
            told = crash.call("GET", f"/v1/events?deploy_id={one}").json()["events"]
            assert [event["action"] for event in told].count("create") == 1
            assert crash.stop_it().status_code == 200
            crash.release()
            crash.deployed("2.0.0", new_id())
            assert client.inspect_container(made["Id"])["State"]["Running"] is True
        finally:
            client.remove_container(f"{crash.name}-look", force=True)
            client.remove_image(image, force=True)
