"""A stop cancels a deploy in flight, in whichever step; the engine's events are the witness."""

import threading
import time
from itertools import groupby

import pytest

from tests.integration.agent.docker_world import CREATE, LOOK, START
from tests.support.agent_process import until
from tests.support.needs import needs_docker

pytestmark = needs_docker

RUNTIME = "trap 'exit 0' TERM\necho ready\nwhile :; do sleep 1 & wait $!; done"


def cancelling(agent, one):
    """Whether the stop has been heard: from then on the deploy's lease is not renewed."""
    answer = agent.call("POST", "/v1/lease", {"deploy_id": one, "lease_seconds": 600})
    return answer.status_code == 409 and "is being cancelled" in answer.json()["reason"]


def stopped_while_held(agent, one):
    """Stop while a call of the deploy is held, let that go on; (answer, when asked, when answered)."""
    answers = []

    def ask():
        asked = time.time_ns()
        answers.extend((agent.stop_it(one), asked, time.time_ns()))

    asking = threading.Thread(target=ask)
    asking.start()
    until(lambda: cancelling(agent, one))
    assert not answers, "it is answered once the deploy has ended, not before"
    agent.proxy.go.set()
    asking.join(60)
    return answers


def cancelled(agent, one, step, left=()):
    """The deploy failed in `step` by the stop; nothing runs, nothing is done again, and it is on hold."""
    told = agent.progress(one).json()
    assert (told["state"], told["step"]) == ("failed", step)
    assert "cancelled by a stop" in told["reason"]
    assert told["steps"][-1]["outcome"] == "failed"
    assert [state for _, state in agent.there()] == list(left)
    status = agent.status()
    assert (status["running"], status["hold"]["deploy_id"]) == (False, one)
    before = agent.events()
    assert agent.deploy(told["image"], one).status_code == 500
    assert agent.events() == before
    assert [row["what"] for row in agent.audit() if row.get("deploy_id") == one] == [
        "deploy.begun",
        "hold.set",
        "deploy.failed",
    ]


def test_in_the_pull_which_is_given_up(world, new_id):
    one = new_id()
    world.push("1.0.0", RUNTIME)
    image = f"{world.slow}:1.0.0"
    assert world.deploy(image, one, wait=False, lease_seconds=600).status_code == 202
    assert world.line.reached.wait(60)
    assert world.stop_it(one).status_code == 200
    cancelled(world, one, "pull")
    world.line.release()
    assert world.events() == []
    assert world.docker("images", "-q", world.slow) == "", "the engine does not pull on"


def test_before_the_new_one_is_started_it_is_never_started(world, new_id):
    one = new_id()
    world.push("1.0.0", RUNTIME)
    world.proxy.hold(*CREATE)
    world.deploy(f"{world.quick}:1.0.0", one, wait=False, lease_seconds=600)
    assert world.proxy.reached.wait(60)
    answer, asked, answered = stopped_while_held(world, one)
    assert answer.status_code == 200
    cancelled(world, one, "start")
    (made, create), (gone, destroy) = world.events()
    assert (create, destroy) == ("create", "destroy")
    assert asked < made < gone < answered


@pytest.mark.parametrize(("held", "after"), [(START, None), (LOOK, START)])
def test_once_the_new_one_is_begun_it_is_stopped_and_kept(world, new_id, held, after):
    one = new_id()
    world.push("1.0.0", RUNTIME)
    world.proxy.hold(*held, after=after)
    world.deploy(f"{world.quick}:1.0.0", one, wait=False, lease_seconds=600)
    assert world.proxy.reached.wait(60)
    answer, asked, answered = stopped_while_held(world, one)
    assert answer.status_code == 200
    cancelled(world, one, "running", left=["exited"])
    events = world.events()
    # One that has set no trap yet outlives SIGTERM, and is killed twice.
    order = [action for action, _ in groupby(action for _, action in events)]
    assert order == ["create", "start", "kill", "die", "stop"]
    at = {action: when for when, action in events}
    assert asked < min(when for when, action in events if action == "kill")
    assert at["stop"] < answered, "it is answered once nothing runs"


def test_a_stop_of_another_deploy_cancels_nothing(world, new_id):
    one = new_id()
    world.push("1.0.0", RUNTIME)
    world.proxy.hold(*CREATE)
    world.deploy(f"{world.quick}:1.0.0", one, wait=False)
    assert world.proxy.reached.wait(60)
    answers = []
    asking = threading.Thread(target=lambda: answers.append(world.stop_it(new_id())))
    asking.start()
    world.proxy.go.set()
    asking.join(60)
    assert answers[0].status_code == 409
    assert world.ended(one)["state"] == "deployed"
    assert [action for _, action in world.events()] == ["create", "start"]
