"""On hold from a deploy's start until it is known to have passed, or a person looked (FLR-3)."""

import os
import subprocess
import sys

import pytest
from agent_process import REPOSITORY


def released(agent, *options):
    return subprocess.run(
        [sys.executable, "-m", "pytest_smokedeploy", "agent", "release", *options],
        env={"PATH": os.environ["PATH"], "STATE_PATH": agent.environ["STATE_PATH"]},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_state_folder_that_is_not_there_is_named(agent, tmp_path):
    done = released(agent, "--reason", "looked", "--state", str(tmp_path / "elsewhere"))
    assert done.returncode == 2
    assert f"{tmp_path}/elsewhere is not there" in done.stderr


@pytest.fixture
def held(agent, new_id):
    """An agent on hold of a deploy that was stopped; (agent, deploy id, image)."""
    image, one = agent.image("1.0.0"), new_id()
    assert agent.deploy(image, one).status_code == 200
    assert agent.stop_it(one).status_code == 200
    return agent, one, image


def test_a_deploy_on_hold_is_423_with_who_when_and_why(held, new_id):
    agent, one, image = held
    hold = agent.status()["hold"]
    assert (hold["deploy_id"], hold["by"]) == (one, "robot.access")
    assert agent.call("GET", "/v1/preflight").json()["hold"] == hold
    for other in (new_id(), None):
        answer = agent.deploy(image, other)
        assert answer.status_code == 423
        for word in (hold["since"], "robot.access", image):
            assert word in answer.json()["reason"]
    assert len(agent.audited("deploy.begun")) == 1


def test_a_deploy_without_an_id_sets_no_hold(agent):
    image = agent.image("1.0.0")
    assert agent.deploy(image).status_code == 200
    assert agent.status()["hold"] is None
    assert agent.deploy(image).status_code == 200


def test_a_passed_outcome_takes_its_own_hold_off(held, new_id):
    agent, one, image = held
    assert agent.passed(new_id()).status_code == 409
    assert agent.passed(one).json() == {"status": "released"}
    assert agent.status()["hold"] is None
    assert agent.passed(one).status_code == 200, "an answer that was lost may be asked for again"
    assert [row["who"] for row in agent.audited("hold.lifted")] == ["robot.access"]
    assert agent.deploy(image, new_id()).status_code == 200
    assert agent.passed(one).status_code == 409, "not the hold of a later deploy"


def test_nothing_passes_while_it_runs(agent, new_id):
    one = new_id()
    agent.deploy(agent.image("1.0.0"), one)
    answer = agent.passed(one)
    assert answer.status_code == 409
    assert "runs" in answer.json()["reason"]
    assert agent.status()["hold"] is not None


def test_a_failed_deploy_cannot_pass(agent, new_id):
    one = new_id()
    assert agent.deploy(f"{REPOSITORY}:missing", one).status_code == 500
    assert agent.passed(one).status_code == 409
    assert agent.status()["hold"]["deploy_id"] == one


def test_a_refused_deploy_sets_no_hold(agent, new_id):
    assert agent.deploy("ghcr.io/example/other:1.0.0", new_id()).status_code == 400
    assert agent.status()["hold"] is None


def test_a_person_releases_with_a_reason_and_a_service_token_does_not(held, new_id):
    agent, one, image = held
    answer = agent.release(human=False)
    assert answer.status_code == 403
    assert "person" in answer.json()["reason"]
    for nothing in ("", "   "):
        assert agent.release(nothing).status_code == 400
    assert agent.release().json() == {"status": "released"}
    assert agent.status()["hold"] is None
    (row,) = agent.audited("hold.released")
    assert (row["who"], row["why"], row["deploy_id"]) == ("person@example.com", "looked: a full disk", one)
    assert agent.release().status_code == 409
    assert agent.deploy(image, new_id()).status_code == 200


def test_the_command_line_releases_under_a_running_agent(held, new_id):
    agent, _, image = held
    done = released(agent, "--reason", "looked at it")
    assert done.returncode == 0, done.stderr
    assert "the hold is off" in done.stdout
    assert agent.status()["hold"] is None
    assert agent.audited("hold.released")[0]["who"].endswith("on the server")
    assert agent.deploy(image, new_id()).status_code == 200
    assert agent.status()["hold"] is not None


def test_the_command_line_releases_while_no_agent_runs(held):
    agent, _, _ = held
    agent.stop()
    assert released(agent, "--reason", "looked at it").returncode == 0
    again = released(agent, "--reason", "looked at it")
    assert again.returncode == 1
    assert "no hold" in again.stderr
    agent.start()
    assert agent.status()["hold"] is None


def test_the_command_line_needs_a_reason(held):
    agent, _, _ = held
    assert released(agent).returncode == 2
    assert released(agent, "--reason", "  ").returncode == 1
    assert agent.status()["hold"] is not None


def test_a_hold_outlives_the_agent(held, new_id):
    agent, one, image = held
    agent.kill()
    agent.start()
    assert agent.status()["hold"]["deploy_id"] == one
    assert agent.deploy(image, new_id()).status_code == 423


def test_a_stop_only_image_is_the_one_second_deploy(make_agent, new_id):
    """DESIGN 3: `shutdown.by: image` sends it without an id, while the agent is on hold of the first."""
    stop_only = f"{REPOSITORY}-stop:1"
    agent = make_agent(STOP_ONLY_IMAGES=stop_only)
    image, one = agent.image("1.0.0"), new_id()
    file = agent.folder / "store" / "ghcr.io" / "example" / "runtime-stop" / "1" / "run"
    file.parent.mkdir(parents=True)
    file.write_text("exit 0\n")
    assert agent.deploy(image, one).status_code == 200
    refused = agent.deploy(stop_only, new_id())
    assert refused.status_code == 400
    answer = agent.deploy(stop_only)
    assert answer.status_code == 200, answer.text
    assert [row["outcome"] for row in answer.json()["steps"]] == ["done"] * 5
    status = agent.status()
    assert (status["running"], status["hold"]["deploy_id"]) == (False, one)
    assert agent.passed(one).status_code == 200


def test_a_stop_only_image_that_runs_on_is_a_failure_and_is_stopped(make_agent, new_id):
    stop_only = f"{REPOSITORY}:stop"
    agent = make_agent(STOP_ONLY_IMAGES=stop_only)
    agent.image("stop")
    answer = agent.deploy(stop_only)
    assert (answer.status_code, answer.json()["step"]) == (500, "running")
    assert "still runs" in answer.json()["reason"]
    assert agent.status()["running"] is False
