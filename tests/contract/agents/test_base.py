"""The base contract, by every agent there is (DESIGN 4): deploy, status, stop, health."""

import json
import uuid

import pytest

from pytest_smokedeploy.contract import Deployed, Health, Status, Stopped, parse_time
from pytest_smokedeploy.support.errors import AgentError, AgentFailedError, AgentRefusedError


def test_health_tells_the_environment(agent):
    reading = agent.client.health()
    assert isinstance(reading.value, Health), reading.problems
    assert reading.value.environment == "dev"


def test_status_of_nothing_is_not_running(agent):
    reading = agent.client.status()
    assert isinstance(reading.value, Status), reading.problems
    assert (reading.value.running, reading.value.container_name) == (False, agent.container_name)


def test_a_deploy_runs_and_status_says_so(agent):
    request, answer = agent.deploy()
    assert isinstance(answer.value, Deployed), answer.problems
    assert answer.value.image == request.image
    status = agent.client.status().value
    assert isinstance(status, Status)
    assert (status.running, status.container_name) == (True, agent.container_name)
    assert status.image == request.image
    parse_time(status.started_at)


def test_a_stop_stops(agent):
    request, _ = agent.deploy()
    reading = agent.stop(request.deploy_id)
    assert isinstance(reading.value, Stopped), reading.problems
    assert reading.value.container_name == agent.container_name
    assert agent.status["running"] is False


def test_a_stop_without_an_id_stops_too(agent):
    agent.deploy()
    agent.stop()
    assert agent.status["running"] is False


def test_stopping_what_is_not_there_is_no_error(agent):
    assert isinstance(agent.stop().value, Stopped)
    assert isinstance(agent.stop().value, Stopped)
    assert agent.status["running"] is False


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"environment": "prod"}, id="another environment"),
        pytest.param({"env": {"EXECUTION_PLANE": "live"}}, id="env that the server owns"),
    ],
)
def test_a_request_that_asks_for_too_much_is_a_definite_no(agent, changes):
    with pytest.raises(AgentRefusedError) as refused:
        agent.deploy(**changes)
    assert (refused.value.status, refused.value.definite) == (400, True)
    assert refused.value.reason
    assert agent.status["running"] is False


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"image": 1, "environment": "dev"}'])
def test_what_is_no_request_is_a_definite_no(agent, body):
    answer = agent.post("/v1/deploy", body)
    assert answer.status_code == 400
    told = json.loads(answer.content)
    assert told.get("error") or told.get("reason")
    assert agent.status["running"] is False


def test_a_field_that_nobody_knows_is_a_definite_no(agent):
    body = agent.request().model_dump(exclude_none=True) | {"container_name": "mine"}
    answer = agent.post("/v1/deploy", json.dumps(body).encode())
    assert answer.status_code == 400
    assert agent.status["running"] is False


def test_an_image_that_is_not_there_fails_and_leaves_nothing(agent):
    with pytest.raises(AgentFailedError) as failed:
        agent.deploy(image=f"{agent.stack.image_repository}:{'0' * 40}")
    assert failed.value.status == 500
    assert failed.value.reason
    assert agent.status["running"] is False


def test_a_second_deploy_takes_the_place_of_the_first(agent):
    agent.deploy()
    first = agent.status["started_at"]
    agent.release()
    agent.deploy()
    status = agent.status
    assert status["running"] is True
    assert parse_time(status["started_at"]) > parse_time(first)


def test_a_call_of_no_contract_is_404(agent):
    answer = agent.get(f"/v1/{uuid.uuid4()}")
    assert answer.status_code == 404


def test_nobody_is_let_in_without_the_token(agent):
    assert agent.client.anonymous().guarded


def test_the_stop_of_a_deploy_that_never_was_is_no_error(agent):
    """A gate that lost its answer stops what it may have deployed, whether it came to be or not."""
    try:
        agent.stop(str(uuid.uuid4()))
    except AgentError as error:
        pytest.fail(str(error))
    assert agent.status["running"] is False
