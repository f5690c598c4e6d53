"""A clean-up that fails itself: told with step, reason and what was left; gone as soon as it can be."""

import subprocess
from pathlib import Path

import pytest
from agent_process import until
from docker_world import START

from tests.needs import needs_docker

pytestmark = needs_docker


@pytest.fixture
def unremovable(world):
    """unremovable() makes the container's folder one that the engine can't remove; returns its mending."""
    marked = []

    def mend():
        for file in marked:
            subprocess.run(["chattr", "-i", file], check=True, timeout=30)
        marked.clear()

    def make():
        root = Path(world.docker("info", "--format", "{{.DockerRootDir}}"))
        file = root / "containers" / world.there()[0][0] / "kept"
        file.touch()
        subprocess.run(["chattr", "+i", file], check=True, timeout=30)
        marked.append(file)
        return mend

    yield make
    mend()


@pytest.fixture
def left(world, unremovable, new_id):
    """A deploy that failed in its last step, and whose container the engine refuses to remove."""
    one = new_id()
    world.push("1.0.0", "echo no database >&2\nexit 3")
    world.proxy.hold(*START)
    world.deploy(f"{world.quick}:1.0.0", one, wait=False, lease_seconds=600)
    assert world.proxy.reached.wait(60)
    mend = unremovable()
    world.proxy.go.set()
    return one, world.ended(one), mend


def test_the_answer_says_step_reason_and_what_was_left(world, left):
    one, told, _ = left
    answer = world.deploy(f"{world.quick}:1.0.0", one)
    assert (answer.status_code, answer.json()["step"]) == (500, "running")
    for reason in (told["reason"], answer.json()["reason"]):
        assert "exit code 3" in reason
        assert "no database" in reason
        assert "could not be cleared" in reason
        assert "operation not permitted" in reason
    assert world.there()
    assert [row["deploy_id"] for row in world.audited("leftover.found")] == [one]


def test_status_shows_it_until_it_is_gone(world, left):
    one, _, mend = left
    status = world.status()
    assert (status["running"], status["deploy_id"], status["exit_code"]) == (False, one, 3)
    mend()
    until(lambda: world.there() == [])
    assert "was cleared" in until(lambda: world.audited("lease.ran_out"))[0]["why"]
    assert "deploy_id" not in world.status()


def test_an_agent_that_starts_anew_clears_it(world, left):
    one, _, mend = left
    world.kill()
    mend()
    world.start()
    assert world.there() == []
    assert one in world.audited("container.removed")[0]["why"]
