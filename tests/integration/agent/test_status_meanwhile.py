"""The status while the agent starts or stops the container: Docker answers no inspect of it meanwhile."""

from __future__ import annotations

import threading

import pytest

from tests.integration.agent.docker_world import START, STOP
from tests.support.agent_process import until
from tests.support.needs import needs_docker

pytestmark = needs_docker

RUNTIME = "trap 'exit 0' TERM\necho ready\nwhile :; do sleep 1 & wait $!; done"


@pytest.fixture
def one(world, new_id):
    """The id of a deploy that has ended well."""
    world.push("1.0.0", RUNTIME)
    one = new_id()
    assert world.deploy(f"{world.quick}:1.0.0", one).status_code == 200
    return one


def asked(world):
    """Status answers, and how often the engine was asked for the container itself meanwhile."""
    look, calls = ("GET", f"/containers/{world.name}/json"), world.proxy.calls
    before = calls.count(look)
    return [world.status() for _ in range(3)], calls.count(look) - before


def test_while_it_is_started_it_is_created(world, one, new_id):
    assert world.stop_it().status_code == 200
    assert world.passed(one).status_code == 200
    two = new_id()
    world.proxy.hold(*START)
    assert world.deploy(f"{world.quick}:1.0.0", two, wait=False).status_code == 202
    assert world.proxy.reached.wait(60)
    answers, looks = asked(world)
    assert looks == 0
    for answer in answers:
        assert (answer["state"], answer["running"], answer["started_at"]) == ("created", False, None)
        assert answer["deploy_id"] == two
    world.proxy.go.set()
    assert world.ended(two)["state"] == "deployed"
    (told, *_), looks = asked(world)
    assert looks
    assert (told["state"], told["running"], told["deploy_id"]) == ("running", True, two)


def test_while_it_is_stopped_it_is_what_the_engine_lists(world, one):
    before = world.status()
    world.proxy.hold(*STOP)
    stopping = threading.Thread(target=world.stop_it, args=(one,))
    stopping.start()
    assert world.proxy.reached.wait(60)
    answers, looks = asked(world)
    assert looks == 0
    for answer in answers:
        assert answer["activity"]["processes"] >= 1
        same = ("state", "running", "started_at", "container_id", "image_digest", "deploy_id")
        assert [answer[name] for name in same] == [before[name] for name in same]
    # Somebody else ends it meanwhile: it is listed so, and looked at.
    world.docker("kill", world.name)
    assert until(lambda: world.status()["state"] == "exited")
    world.proxy.go.set()
    stopping.join(60)
    assert world.status()["exit_code"] == 137
