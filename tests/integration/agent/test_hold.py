"""On hold from a deploy's start until it is known to have passed, or a person looked (FLR-3)."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from pytest_smokedeploy.agent.domain.state import Held, Store
from pytest_smokedeploy.agent.engines.base import utc_now
from pytest_smokedeploy.contract import parse_time
from pytest_smokedeploy.support import release_commands
from tests.support.agent_process import REPOSITORY


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
        assert hold["state_path"] == agent.environ["STATE_PATH"]
        for word in (hold["since"], "robot.access", image, release_commands.both(hold["state_path"])):
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
    assert release_commands.both(agent.environ["STATE_PATH"]) in answer.json()["reason"]
    for nothing in ("", "   ", "..."):
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


@pytest.mark.parametrize("gone", [(), ("audit.jsonl", "lock")])
def test_a_release_as_root_keeps_owner_and_mode_of_all_that_it_writes(agent, gone):
    user, group = (65534, 65533) if os.getuid() == 0 else (os.getuid(), os.getgid())
    # Not under pytest's own folder, by which no other user comes.
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store = Store(folder)
        store.claim()
        store.update(hold=Held(deploy_id=None, since=utc_now(), by="robot", reason="a test"))
        store.audit("agent.started", why="a test")
        for one in gone:
            (folder / one).unlink()
        (folder / "state.json").chmod(0o640)
        for place in (folder, *folder.rglob("*")):
            os.chown(place, user, group)
        done = released(agent, "--reason", "looked at it", "--state", name)
        assert done.returncode == 0, done.stderr
        rows = [place.stat() for place in (folder, *folder.rglob("*"))]
        assert {(row.st_uid, row.st_gid) for row in rows} == {(user, group)}
        assert (folder / "state.json").stat().st_mode & 0o777 == 0o640
        assert (folder / "audit.jsonl").stat().st_mode & 0o777 == 0o600
        assert store.read().hold is None


@pytest.mark.parametrize("emptied", [False, True])
def test_the_command_line_neither_lays_nor_replaces_a_state(held, tmp_path, new_id, emptied):
    agent, _, image = held
    folder = Path(agent.environ["STATE_PATH"]) if emptied else tmp_path / "elsewhere"
    if emptied:
        for place in folder.iterdir():
            shutil.rmtree(place) if place.is_dir() else place.unlink()
    else:
        folder.mkdir()
    done = released(agent, "--reason", "looked", "--state", str(folder))
    assert (done.returncode, "there is no state.json in it" in done.stderr) == (1, True)
    assert list(folder.iterdir()) == []
    assert agent.status()["hold"] is not None
    assert ("last_deploy" in agent.status()) is not emptied
    assert agent.deploy(image, new_id()).status_code == 423


def test_the_command_line_needs_a_reason(held):
    agent, _, _ = held
    assert released(agent).returncode == 2
    for nothing in ("  ", "..."):
        assert released(agent, "--reason", nothing).returncode == 1
    assert agent.status()["hold"] is not None


def test_a_hold_outlives_the_agent(held, new_id):
    agent, one, image = held
    agent.kill()
    agent.start()
    assert agent.status()["hold"]["deploy_id"] == one
    assert agent.deploy(image, new_id()).status_code == 423


RUN = {"repository": "someone/something", "run_id": "99", "attempt": 1}


def test_an_agent_without_a_history_tells_of_no_last_deploy(agent):
    assert agent.status()["last_deploy"] is None
    agent.deploy("ghcr.io/example/other:1.0.0", "00000000-0000-4000-8000-000000000000", run=RUN)
    assert agent.status()["last_deploy"] is None, "a refused deploy is none"


def test_the_last_deploy_is_told_from_its_start_and_outlives_pass_and_agent(agent, new_id):
    image, one = agent.image("1.0.0"), new_id()
    assert agent.deploy(image, one, run=RUN).status_code == 200
    last = {"deploy_id": one, "run_id": "99"}
    assert agent.status()["last_deploy"] == last
    agent.kill()
    agent.start()
    assert agent.status()["last_deploy"] == last
    agent.stop_it(one)
    assert agent.passed(one).status_code == 200
    assert agent.status()["last_deploy"] == last
    assert agent.deploy(image).status_code == 200
    assert agent.status()["last_deploy"] == last, "a deploy without an id is no smoke deploy"


@pytest.mark.parametrize("run", [{}, {"run": {"repository": "someone/something"}}, {"run": {"run_id": ""}}])
def test_the_last_deploy_names_no_run_where_none_was_told(agent, new_id, run):
    one = new_id()
    agent.deploy(agent.image("1.0.0"), one, **run)
    assert agent.status()["last_deploy"] == {"deploy_id": one, "run_id": None}


def test_a_failed_deploy_is_the_last_one_too(agent, new_id):
    one = new_id()
    assert agent.deploy(f"{REPOSITORY}:missing", one, run=RUN).status_code == 500
    assert agent.status()["last_deploy"] == {"deploy_id": one, "run_id": "99"}


def test_the_last_deploy_tells_who_released_it_when_and_why(held, new_id):
    agent, one, image = held
    assert agent.release().status_code == 200
    last = agent.status()["last_deploy"]
    (row,) = agent.audited("hold.released")
    released = last.pop("released")
    assert last == {"deploy_id": one, "run_id": None}
    assert (released["who"], released["why"]) == (row["who"], row["why"])
    parse_time(released["when"])
    two = new_id()
    assert agent.deploy(image, two, run=RUN).status_code == 200
    assert agent.status()["last_deploy"] == {"deploy_id": two, "run_id": "99"}


@pytest.mark.parametrize("runs", [True, False])
def test_a_release_on_the_server_is_told_as_well(held, runs):
    agent, one, _ = held
    if not runs:
        agent.stop()
    assert released(agent, "--reason", "caf\udce9").returncode == 0
    if not runs:
        agent.start()
    told = agent.status()["last_deploy"]
    assert (told["deploy_id"], told["released"]["why"]) == (one, "caf?")
    assert told["released"]["who"].endswith("on the server")


def test_a_release_tells_no_secret_of_the_server(make_agent, new_id):
    agent = make_agent(DATABASE_URL="postgresql://u:not-for-a-status@127.0.0.1:1/d")
    agent.deploy(agent.image("1.0.0"), new_id())
    agent.stop_it()
    assert released(agent, "--reason", "the password not-for-a-status was wrong").returncode == 0
    assert agent.status()["last_deploy"]["released"]["why"] == "the password [redacted] was wrong"


def test_too_long_a_reason_is_refused(held):
    agent, _, _ = held
    done = released(agent, "--reason", "x" * 1001)
    assert (done.returncode, "at most 1000 characters" in done.stderr) == (1, True)
    assert agent.release("x" * 1001).status_code == 400
    assert agent.status()["hold"] is not None


@pytest.mark.parametrize("harm", ["damaged", "gone"])
def test_with_its_state_lost_the_last_deploy_is_not_known_and_no_release_makes_it_known(held, new_id, harm):
    agent, _, image = held
    file = agent.folder / "state" / "state.json"
    if harm == "damaged":
        file.write_text('{"version": 1, "last_deploy": null}}')
    else:
        file.unlink()
    assert "last_deploy" not in agent.status()
    assert agent.release().status_code == 200
    assert "last_deploy" not in agent.status()
    one = new_id()
    assert agent.deploy(image, one, run=RUN).status_code == 200
    assert agent.status()["last_deploy"] == {"deploy_id": one, "run_id": "99"}


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
    assert status["last_deploy"]["deploy_id"] == one
    assert agent.passed(one).status_code == 200


def test_a_stop_only_image_that_runs_on_is_a_failure_and_is_stopped(make_agent, new_id):
    stop_only = f"{REPOSITORY}:stop"
    agent = make_agent(STOP_ONLY_IMAGES=stop_only)
    agent.image("stop")
    answer = agent.deploy(stop_only)
    assert (answer.status_code, answer.json()["step"]) == (500, "running")
    assert "still runs" in answer.json()["reason"]
    assert agent.status()["running"] is False
