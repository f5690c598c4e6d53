"""The engine's record on a real Docker: whatever is done by hand between two looks is told."""

import os

import pytest

from pytest_smokedeploy.agent.engines.docker.api import DockerApi
from tests.support.agent_process import until
from tests.support.needs import needs_docker

pytestmark = needs_docker
RUNTIME = "trap 'exit 0' TERM; echo up; while :; do sleep 1 & wait $!; done"
SOUND = ["create", "start"]
ENDED = ["kill", "die", "stop"]


@pytest.fixture
def running(world, new_id):
    """An agent with a container that runs, and its deploy's id."""
    world.push("v1", RUNTIME)
    # Its events are listened to from here on: what is lost later was listened to before.
    until(lambda: any("/events" in path for _, path in world.proxy.calls))
    world.one = new_id()
    answer = world.deploy(f"{world.quick}:v1", world.one, lease_seconds=600)
    assert answer.status_code == 200, answer.text
    until(lambda: "up" in world.docker("logs", world.name))
    return world


def told(world):
    answer = world.call("GET", f"/v1/events?deploy_id={world.one}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def actions(world):
    body = told(world)
    assert body["incomplete"] is None
    return [event["action"] for event in body["events"]]


def noise(world):
    """More events of somebody else's container than Docker remembers."""
    with DockerApi(os.environ.get("DOCKER_HOST", "")).client() as client:
        image = client.inspect_container(world.name)["Image"]
        made = client.create_container(image, ["nothing"], name="smokedeploy-noise-0")["Id"]
        try:
            for n in range(1, 301):
                client.rename(made, f"smokedeploy-noise-{n}")
        finally:
            client.remove_container(made, force=True)


def test_a_sound_run_and_its_end(running):
    assert actions(running) == SOUND
    assert running.stop_it(running.one).status_code == 200
    assert actions(running) == SOUND + ENDED
    assert [e["exit_code"] for e in told(running)["events"] if "exit_code" in e] == [0]


def test_a_pause_for_a_moment_is_told_at_once(running):
    running.docker("pause", running.name)
    running.docker("unpause", running.name)
    assert actions(running) == [*SOUND, "pause", "unpause"]


def test_an_exec_by_hand_is_told_without_its_command(running):
    running.docker("exec", running.name, "sh", "-c", ": hunter2")
    until(lambda: "exec_die" in actions(running))
    assert actions(running) == [*SOUND, "exec_create", "exec_start", "exec_die"]
    assert "hunter2" not in str(told(running))


def test_a_restart_by_hand_is_told(running):
    running.docker("restart", "--time", "5", running.name)
    assert actions(running) == [*SOUND, *ENDED, "start", "restart"]


def test_what_docker_has_forgotten_the_agent_still_knows(running):
    running.docker("pause", running.name)
    running.docker("unpause", running.name)
    noise(running)
    assert running.events() == []
    assert actions(running) == [*SOUND, "pause", "unpause"]


def test_an_agent_that_starts_anew_knows_what_docker_remembers(running):
    running.kill()
    running.docker("pause", running.name)
    running.docker("unpause", running.name)
    running.start()
    assert actions(running) == [*SOUND, "pause", "unpause"]


def test_an_agent_that_starts_anew_invents_nothing(running):
    running.kill()
    noise(running)
    running.start()
    assert actions(running) == []


def test_a_stream_that_was_away_costs_nothing_that_docker_remembers(running):
    running.proxy.cut()
    until(lambda: running.audited("engine.away"))
    running.docker("pause", running.name)
    running.docker("unpause", running.name)
    running.proxy.mend()
    until(lambda: running.audited("engine.back"))
    assert actions(running) == [*SOUND, "pause", "unpause"]


def test_a_stream_that_was_away_for_too_long_is_told(running):
    running.proxy.cut()
    until(lambda: running.audited("engine.away"))
    running.docker("pause", running.name)
    noise(running)
    running.docker("unpause", running.name)
    running.proxy.mend()
    until(lambda: running.audited("engine.back"))
    body = told(running)
    assert [event["action"] for event in body["events"]] == [*SOUND, "unpause"]
    assert "it remembers nothing of the time before" in body["incomplete"]


def test_a_flood_is_bounded_and_told(running):
    with DockerApi(os.environ.get("DOCKER_HOST", "")).client() as client:
        for n in range(300):
            client.rename(running.name, f"{running.name}-{n}")
            client.rename(f"{running.name}-{n}", running.name)
    body = told(running)
    assert len(body["events"]) == 200
    assert body["events"][2]["action"] == "rename"
    assert "more than 200 events" in body["incomplete"]


def test_each_deploy_has_its_own(running, new_id):
    first = running.one
    assert running.stop_it(first).status_code == 200
    running.release()
    running.one = new_id()
    assert running.deploy(f"{running.quick}:v1", running.one).status_code == 200
    assert actions(running) == SOUND
    running.one = first
    assert actions(running) == [*SOUND, *ENDED, "destroy"]


def test_an_engine_that_does_not_answer_is_an_error_and_no_record(running):
    running.proxy.cut()
    answer = running.call("GET", f"/v1/events?deploy_id={running.one}")
    assert answer.status_code == 500
    assert "events" not in answer.json()
    running.proxy.mend()
