"""``smokedeploy agent prune``: what the agent pulled and nobody uses goes, but for the last few."""

import os
import shutil
import subprocess
import sys

import pytest

from pytest_smokedeploy.agent.domain import prune
from tests.integration.agent.docker_world import PULL
from tests.support.needs import needs_docker

pytestmark = needs_docker
RUNS = "trap 'exit 0' TERM; sleep 1000 & wait"


def pruned(world, *options):
    command = [sys.executable, "-m", "pytest_smokedeploy", "agent", "prune", *options]
    return subprocess.run(command, env=world.environ, capture_output=True, text=True, timeout=60, check=False)


def tags(world):
    return set(world.docker("images", "--format", "{{.Tag}}", world.quick).split())


@pytest.fixture
def deployed(world):
    """Four images that were deployed one after the other, without an id; the last one runs."""
    for tag in ("1.0.0", "2.0.0", "3.0.0", "4.0.0"):
        world.push(tag, f"{RUNS} # {tag}")
        assert world.deploy(f"{world.quick}:{tag}").status_code == 200
    return world


def test_all_but_the_last_ones_are_removed(deployed):
    done = pruned(deployed, "--keep", "2")
    assert (done.returncode, done.stderr) == (0, "")
    assert tags(deployed) == {"3.0.0", "4.0.0"}
    assert [row["why"] for row in deployed.audited("image.removed")] == [
        f"{deployed.quick}:{tag} was pruned" for tag in ("2.0.0", "1.0.0")
    ]
    assert deployed.status()["running"] is True


def test_what_a_container_uses_is_kept_and_so_is_what_the_agent_did_not_pull(deployed):
    deployed.push("theirs", f"{RUNS} # theirs")
    deployed.docker("pull", f"{deployed.quick}:theirs")
    other = deployed.docker("create", f"{deployed.quick}:2.0.0")
    try:
        done = pruned(deployed, "--keep", "0")
        assert done.returncode == 0
        assert f"{deployed.quick}:2.0.0 is used by a container" in done.stdout
        assert tags(deployed) == {"2.0.0", "4.0.0", "theirs"}
    finally:
        deployed.docker("rm", other)


def test_nothing_is_removed_while_a_deploy_is_under_way(deployed, new_id):
    one = new_id()
    deployed.proxy.hold(*PULL)
    deployed.deploy(f"{deployed.quick}:1.0.0", one, wait=False)
    assert deployed.proxy.reached.wait(60)
    done = pruned(deployed, "--keep", "0")
    assert (done.returncode, "a deploy is under way" in done.stderr) == (1, True)
    assert len(tags(deployed)) == 4
    deployed.proxy.go.set()
    assert deployed.ended(one)["state"] == "deployed"


def test_a_stop_waits_for_no_removal_and_no_deploy_begins_meanwhile(deployed, new_id):
    """The removal is held in the engine."""
    one = new_id()
    assert deployed.deploy(f"{deployed.quick}:4.0.0", one).status_code == 200
    deployed.proxy.hold("DELETE", r"^/images/")
    command = [sys.executable, "-m", "pytest_smokedeploy", "agent", "prune", "--keep", "3"]
    with subprocess.Popen(command, env=deployed.environ) as prune_process:
        assert deployed.proxy.reached.wait(60)
        assert deployed.stop_it(one).status_code == 200
        assert [state for _, state in deployed.there()] == ["exited"]
        assert deployed.release().status_code == 200
        answer = deployed.deploy(f"{deployed.quick}:1.0.0", new_id())
        assert (answer.status_code, "prune` removes images" in answer.json()["reason"]) == (409, True)
        deployed.proxy.go.set()
        assert prune_process.wait(60) == 0
    assert deployed.deploy(f"{deployed.quick}:1.0.0", new_id()).status_code == 200


def test_without_a_state_nothing_is_done(deployed):
    deployed.kill()  # an agent that runs makes a new state, with a hold
    for place in (folder := deployed.folder / "state").iterdir():
        shutil.rmtree(place) if place.is_dir() else place.unlink()
    done = pruned(deployed, "--keep", "0")
    assert (done.returncode, "there is no state.json in it" in done.stderr) == (1, True)
    assert list(folder.iterdir()) == []
    assert len(tags(deployed)) == 4
    deployed.start()
    assert deployed.status()["hold"] is not None


def test_as_another_user_nothing_is_done(deployed, monkeypatch, capsys):
    monkeypatch.setattr(prune.os, "geteuid", lambda: os.getuid() + 1)
    assert prune.run(["--keep", "0"], deployed.environ) == 1
    assert "Prune as the agent's user" in capsys.readouterr().err
    assert len(tags(deployed)) == 4


@pytest.mark.parametrize("options", [(), ("--keep", "-1"), ("--keep", "all")])
def test_the_number_is_needed(world, options):
    assert pruned(world, *options).returncode == 2
