"""A clean-up that fails itself: told with step, reason and what was left; done as soon as it can be."""

import pytest

from tests.integration.agent.docker_world import LOOK, START
from tests.support.agent_process import until
from tests.support.needs import needs_docker

pytestmark = needs_docker
RUNS = "trap 'exit 0' TERM; sleep 1000 & wait"


@pytest.fixture
def left(world, new_id):
    """A deploy whose container runs, and whose engine is out of reach before that was known."""
    one = new_id()
    world.push("1.0.0", RUNS)
    world.proxy.hold(*LOOK, after=START)
    world.deploy(f"{world.quick}:1.0.0", one, wait=False, lease_seconds=600)
    assert world.proxy.reached.wait(60)
    world.proxy.cut()
    world.proxy.go.set()
    return one, world.ended(one)


def states(world):
    return [state for _, state in world.there()]


def test_the_answer_says_step_reason_and_what_was_left(world, left):
    one, told = left
    answer = world.deploy(f"{world.quick}:1.0.0", one)
    assert (answer.status_code, answer.json()["step"]) == (500, "running")
    assert answer.json()["reason"] == told["reason"]
    for words in ("the Docker engine at", "What it started could not be stopped", "could not be read"):
        assert words in told["reason"]
    assert states(world) == ["running"]
    assert [row["deploy_id"] for row in world.audited("leftover.found")] == [one]


def test_it_is_stopped_as_soon_as_it_can_be(world, left):
    one, _ = left
    world.proxy.mend()
    until(lambda: states(world) == ["exited"])
    status = until(lambda: (told := world.status())["state"] == "exited" and told)
    assert (status["running"], status["deploy_id"]) == (False, one)


def test_an_agent_that_starts_anew_stops_it(world, left):
    one, _ = left
    world.kill()
    world.proxy.mend()
    world.start()
    assert states(world) == ["exited"]
    assert one in world.audited("container.stopped")[0]["why"]
