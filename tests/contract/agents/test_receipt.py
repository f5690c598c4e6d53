"""The extensions `receipt` and `status`: what was done, in order, and what runs (DESIGN 4)."""

import uuid

import pytest

from pytest_smokedeploy.contract import STEPS, Outcome, StepName, parse_time
from pytest_smokedeploy.support.errors import AgentRefusedError
from tests.contract.agents.conftest import OURS

pytestmark = pytest.mark.parametrize("served", OURS, indirect=True)


def test_the_five_steps_are_told_in_order_and_once(agent):
    request, answer = agent.deploy()
    receipt = answer.value
    assert [step.step for step in receipt.steps] == list(STEPS)
    assert {step.step: step.outcome for step in receipt.steps} == {
        StepName.PULL: Outcome.DONE,
        StepName.STOP: Outcome.ABSENT,
        StepName.REMOVE: receipt.steps[2].outcome,
        StepName.START: Outcome.DONE,
        StepName.RUNNING: Outcome.DONE,
    }
    times = [parse_time(t) for step in receipt.steps for t in (step.started_at, step.finished_at)]
    assert times == sorted(times)
    assert receipt.deploy_id == request.deploy_id


def test_names_mounts_and_digest_are_told(agent):
    _, answer = agent.deploy()
    receipt = answer.value
    assert "EXECUTION_PLANE" in receipt.env
    assert {mount.name: mount.writable for mount in receipt.mounts} == {
        "audit-events": True,
        "snapshots": True,
    }
    assert receipt.image_digest.startswith("sha256:")
    assert receipt.container_name == agent.container_name


def test_what_ran_before_is_stopped_and_removed(agent):
    agent.deploy()
    agent.release()
    _, answer = agent.deploy()
    told = {step.step: step.outcome for step in answer.value.steps}
    assert (told[StepName.STOP], told[StepName.REMOVE]) == (Outcome.DONE, Outcome.DONE)


def test_status_tells_the_same_container(agent):
    request, answer = agent.deploy()
    status = agent.status
    for name in ("container_id", "image_digest", "started_at"):
        assert status[name] == answer.raw[name], name
    assert status["deploy_id"] == request.deploy_id
    assert (status["environment"], status["execution_plane"]) == ("dev", "paper")
    assert status["restart_count"] == 0
    agent.stop(request.deploy_id)
    assert agent.status["exit_code"] == 0


def test_a_stop_of_another_deploy_stops_nothing(agent):
    """Nobody else's container is stopped (DESIGN 5)."""
    agent.deploy()
    with pytest.raises(AgentRefusedError) as refused:
        agent.stop(str(uuid.uuid4()))
    assert refused.value.status == 409
    assert agent.status["running"] is True


def test_a_deploy_that_was_stopped_before_it_came_is_refused(agent):
    """A stop may overtake its deploy."""
    request = agent.request()
    agent.stop(request.deploy_id)
    with pytest.raises(AgentRefusedError) as refused:
        agent.client.deploy(request, seconds=60)
    assert refused.value.status == 409
    assert agent.status["running"] is False
