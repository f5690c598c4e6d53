"""A deploy and its call are two things: 202, progress, the same id twice, a client that left."""

import json
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest

from pytest_smokedeploy import contract
from tests.support.agent_process import IDLE, until
from tests.support.needs import needs_docker

STEPS = ["pull", "stop", "remove", "start", "running"]


def test_202_then_progress_then_the_whole_receipt(agent, new_id):
    image, one = agent.image("1.0.0"), new_id()
    answer = agent.deploy(image, one, wait=False)
    assert (answer.status_code, answer.json()) == (202, {"deploy_id": one})
    assert answer.headers["location"] == f"/v1/deploys/{one}"
    seen = until(lambda: (body := agent.progress(one).json())["state"] != "deploying" and body)
    assert (seen["state"], seen["status"], seen["image"]) == ("deployed", "deployed", image)
    assert [row["step"] for row in seen["steps"]] == STEPS
    assert seen["container_id"] == agent.status()["container_id"]
    again = agent.deploy(image, one, wait=False)
    assert again.status_code == 200
    assert again.json()["container_id"] == seen["container_id"]


def test_steps_are_visible_while_they_are_done(agent, new_id):
    one = new_id()
    agent.deploy(agent.image("1.0.0"), one, wait=False)
    # The last step takes a while by itself; meanwhile the four before it are told.
    seen = until(lambda: len((body := agent.progress(one).json())["steps"]) >= 4 and body)
    assert [row["step"] for row in seen["steps"]][:4] == STEPS[:4]
    if seen["state"] == "deploying":
        assert seen["step"] == "running"


@needs_docker
def test_a_read_that_waits_is_answered_once_the_deploy_has_changed(world, new_id):
    one = new_id()
    world.push("1.0.0", IDLE)
    assert world.deploy(f"{world.slow}:1.0.0", one, wait=False).status_code == 202
    assert world.line.reached.wait(60)
    # Nothing changes: the answer comes at its bound.
    still = world.progress(one, wait=1).json()
    assert (still["state"], still["step"], still["steps"]) == ("deploying", "pull", [])
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(world.progress, one, wait=contract.LONGEST_WAIT_SECONDS)
        world.line.release()
        told = waiting.result().json()
    assert [row["step"] for row in told["steps"]][:1] == ["pull"]
    while told["state"] == "deploying":
        before, told = told, world.progress(one, wait=contract.LONGEST_WAIT_SECONDS).json()
        assert told != before
    assert told["state"] == "deployed"
    # What has ended changes no more, and is waited for no longer.
    assert world.progress(one, wait=contract.LONGEST_WAIT_SECONDS).json() == told


@pytest.mark.parametrize("wait", ["31", "-1", "1.5", "", "ten"])
def test_a_wait_that_is_none_is_refused(agent, new_id, wait):
    answer = agent.progress(new_id(), wait=wait)
    assert answer.status_code == 400
    assert answer.json()["reason"] == "wait: whole seconds from 0 to 30."


def test_a_failed_one_tells_step_and_reason(agent, new_id):
    image, one = agent.image("1.0.0", "echo no database >&2\nexit 3\n"), new_id()
    assert agent.deploy(image, one, wait=False).status_code == 202
    seen = until(lambda: (body := agent.progress(one).json())["state"] == "failed" and body)
    assert (seen["step"], seen["status"]) == ("running", "error")
    assert "exit code 3" in seen["reason"]
    assert seen["last_lines"] == ["no database"]
    again = agent.deploy(image, one)
    assert (again.status_code, again.json()["step"]) == (500, "running")
    assert agent.status()["running"] is False


def test_the_same_id_twice_at_once_is_one_deploy(agent, new_id):
    image, one = agent.image("1.0.0"), new_id()
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: agent.deploy(image, one), range(4)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["container_id"] for answer in answers}) == 1
    assert len(agent.audited("deploy.begun")) == 1


def test_the_same_id_for_another_image_is_refused(agent, new_id):
    one = new_id()
    assert agent.deploy(agent.image("1.0.0"), one).status_code == 200
    answer = agent.deploy(agent.image("2.0.0"), one)
    assert answer.status_code == 409
    assert "deploy_id" in answer.json()["reason"]


def test_a_deploy_whose_client_left_goes_on_and_is_looked_up(agent, new_id):
    image, one = agent.image("1.0.0"), new_id()
    body = json.dumps({"image": image, "environment": "dev", "deploy_id": one})
    head = (
        f"POST /v1/deploy HTTP/1.1\r\nHost: agent\r\n{contract.ASSERTION_HEADER}: {agent.keys.service()}\r\n"
    )
    with socket.create_connection(("127.0.0.1", agent.client.base_url.port), timeout=30) as caller:
        caller.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())
        until(lambda: agent.progress(one).status_code == 200)
    seen = until(lambda: (body := agent.progress(one).json())["state"] != "deploying" and body)
    assert seen["state"] == "deployed"
    assert agent.status()["deploy_id"] == one


def test_the_same_id_after_a_restart_of_the_agent_is_no_new_deploy(agent, new_id):
    image, one = agent.image("1.0.0"), new_id()
    first = agent.deploy(image, one).json()
    agent.stop()
    agent.start()
    again = agent.deploy(image, one)
    assert (again.status_code, again.json()) == (200, first)
    assert agent.status()["running"] is False


@pytest.mark.parametrize("one", ["00000000-0000-4000-8000-000000000000", "nothing", "..%2Fstate"])
def test_an_unknown_id_is_404(agent, one):
    assert agent.progress(one).status_code == 404


def test_respond_async_needs_an_id(agent):
    answer = agent.deploy(agent.image("1.0.0"), wait=False)
    assert answer.status_code == 400
    assert "deploy_id" in answer.json()["reason"]


def test_status_answers_all_along_a_deploy(agent, new_id):
    one = new_id()
    agent.deploy(agent.image("1.0.0", IDLE), one, wait=False)
    looks = 0
    while agent.progress(one).json()["state"] == "deploying":
        agent.status()
        looks += 1
    assert looks
    assert agent.status()["running"] is True


def test_two_deploys_at_once_are_one_200_and_one_409(agent, new_id):
    images = [agent.image("1.0.0"), agent.image("2.0.0")]
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda image: agent.deploy(image, new_id()), images))
    # The one that comes too late to meet the other under way meets its hold.
    codes = sorted(answer.status_code for answer in answers)
    assert codes in ([200, 409], [200, 423])
    assert len(agent.audited("deploy.begun")) == 1
