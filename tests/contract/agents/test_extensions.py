"""The extensions but `receipt` and `status`, of the agents that list them."""

import threading
import time
import uuid

import pytest

from pytest_smokedeploy.contract import (
    Accepted,
    Activity,
    Deployed,
    DeployProgress,
    DeployState,
    End,
    EventRecord,
    Extension,
    LastDeploy,
    Leased,
    LeaseRequest,
    LogLine,
    OutcomeRequest,
    OutcomeTaken,
    Preflight,
    Run,
    Status,
    parse_time,
)
from pytest_smokedeploy.support.errors import AgentRefusedError
from tests.contract.agents.conftest import OURS

pytestmark = pytest.mark.parametrize("served", OURS, indirect=True)
SECONDS = 60.0


def ended(agent, deploy_id):
    """The progress once the deploy is over."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        reading = agent.client.progress(deploy_id)
        assert isinstance(reading.value, DeployProgress), reading.problems
        if reading.value.state is not DeployState.DEPLOYING:
            return reading
        threading.Event().wait(0.05)
    raise AssertionError(f"still deploying: {reading.raw}")


def test_ours_lists_every_extension(agent):
    assert agent.extensions == frozenset(Extension)


# -- async ---------------------------------------------------------------------------------


def test_async_answers_at_once_and_tells_the_rest(agent):
    request = agent.request()
    answer = agent.client.deploy(request, seconds=SECONDS, respond_async=True)
    assert answer.status == 202
    assert isinstance(answer.value, Accepted), answer.problems
    assert answer.value.deploy_id == request.deploy_id
    whole = ended(agent, request.deploy_id)
    assert whole.value.state is DeployState.DEPLOYED
    receipt = whole.held_against(Deployed)
    assert isinstance(receipt.value, Deployed), receipt.problems
    assert len(receipt.value.steps) == 5
    assert agent.status["running"] is True


def test_async_tells_of_a_failure_with_its_step(agent):
    request = agent.request(image=f"{agent.stack.image_repository}:{'0' * 40}")
    agent.client.deploy(request, seconds=SECONDS, respond_async=True)
    told = ended(agent, request.deploy_id).value
    assert (told.state, told.step) == (DeployState.FAILED, "pull")
    assert told.reason
    assert agent.status["running"] is False


def test_async_the_same_id_twice_is_one_deploy(agent):
    request, first = agent.deploy()
    again = agent.client.deploy(request, seconds=SECONDS)
    assert again.raw["container_id"] == first.raw["container_id"]
    assert again.raw["started_at"] == first.raw["started_at"]


def test_async_an_unknown_deploy_is_404(agent):
    with pytest.raises(AgentRefusedError) as refused:
        agent.client.progress(str(uuid.uuid4()))
    assert refused.value.status == 404


def test_async_a_stop_cancels_a_deploy_in_flight(agent):
    request = agent.request()
    agent.client.deploy(request, seconds=SECONDS, respond_async=True)
    agent.stop(request.deploy_id)
    assert ended(agent, request.deploy_id).value.state in {DeployState.FAILED, DeployState.DEPLOYED}
    assert agent.status["running"] is False


# -- lease ---------------------------------------------------------------------------------


def lease(deploy_id, seconds):
    return LeaseRequest(deploy_id=deploy_id, lease_seconds=seconds)


def test_lease_is_renewed(agent):
    request, _ = agent.deploy(lease_seconds=60)
    first = parse_time(agent.status["lease_expires_at"])
    reading = agent.client.renew(lease(request.deploy_id, 120))
    assert isinstance(reading.value, Leased), reading.problems
    assert parse_time(reading.value.lease_expires_at) > first
    assert agent.status["lease_expires_at"] == reading.value.lease_expires_at


def test_lease_of_another_deploy_is_refused(agent):
    agent.deploy(lease_seconds=60)
    with pytest.raises(AgentRefusedError):
        agent.client.renew(lease(str(uuid.uuid4()), 60))


def test_lease_that_runs_out_ends_the_container_and_leaves_the_hold(agent):
    request, _ = agent.deploy(lease_seconds=60)
    agent.client.renew(lease(request.deploy_id, 1))
    deadline = time.monotonic() + SECONDS
    while agent.status["running"]:
        assert time.monotonic() < deadline, "the lease ran out and the container runs on"
        threading.Event().wait(0.1)
    assert agent.status["hold"]


# -- hold ----------------------------------------------------------------------------------


def passed(deploy_id):
    return OutcomeRequest(deploy_id=deploy_id, outcome="passed")


def test_hold_stands_from_the_deploy_to_the_passed_outcome(agent):
    request, _ = agent.deploy()
    assert agent.status["hold"]["deploy_id"] == request.deploy_id
    agent.stop(request.deploy_id)
    reading = agent.client.outcome(passed(request.deploy_id))
    assert isinstance(reading.value, OutcomeTaken), reading.problems
    assert not agent.status.get("hold")


def test_hold_refuses_the_next_deploy(agent):
    request, _ = agent.deploy()
    agent.stop(request.deploy_id)
    with pytest.raises(AgentRefusedError) as refused:
        agent.deploy()
    assert (refused.value.status, refused.value.clause) == (423, "FLR-3")
    assert agent.status["running"] is False


def test_hold_is_not_taken_off_while_it_runs_or_by_another(agent):
    request, _ = agent.deploy()
    with pytest.raises(AgentRefusedError):
        agent.client.outcome(passed(request.deploy_id))
    agent.stop(request.deploy_id)
    with pytest.raises(AgentRefusedError):
        agent.client.outcome(passed(str(uuid.uuid4())))
    assert agent.status["hold"]


def test_hold_tells_the_last_deploy_its_run_and_its_release(agent):
    request, _ = agent.deploy(run=Run(repository="someone/something", run_id="99", attempt=1))
    agent.stop(request.deploy_id)
    last = agent.client.status().value.last_deploy
    assert last == LastDeploy(deploy_id=request.deploy_id, run_id="99")
    agent.release()
    reading = agent.client.status()
    assert isinstance(reading.value, Status), reading.problems
    assert reading.value.last_deploy.released.why == "a test"
    assert "released" not in last.model_dump(exclude_none=True)


def test_hold_tells_a_last_deploy_that_passed_and_a_deploy_without_an_id_is_none(agent):
    request, _ = agent.deploy()
    agent.stop(request.deploy_id)
    agent.client.outcome(passed(request.deploy_id))
    agent.deploy(deploy_id=None)
    assert agent.client.status().value.last_deploy == LastDeploy(deploy_id=request.deploy_id, run_id=None)


# -- logs, preflight, activity, events -------------------------------------------------------------


def test_logs_are_followed_to_the_end(agent):
    request, _ = agent.deploy()
    with agent.client.logs(follow=True) as stream:
        lines = [stream.next(SECONDS)]
        while "idle" not in getattr(lines[-1], "line", ""):
            lines.append(stream.next(SECONDS))
        agent.stop(request.deploy_id)
        # The answer may end a moment after its last record: then there is no further one.
        while (record := stream.next(SECONDS)) is not None:
            lines.append(record)
    assert isinstance(lines[0], LogLine)
    assert "starting" in lines[0].line
    assert isinstance(lines[-1], End)
    assert lines[-1].exit_code == 0


def test_preflight_looks_and_changes_nothing(agent):
    reading = agent.client.preflight()
    assert isinstance(reading.value, Preflight), reading.problems
    assert reading.value.environment == "dev"
    assert {mount.name for mount in reading.value.mounts} == {"audit-events", "snapshots"}
    assert reading.value.env == ["AUDIT_EVENTS_PATH", "EXECUTION_PLANE", "SNAPSHOTS_PATH"]
    assert reading.value.ci_env == []
    assert agent.status["running"] is False


def test_activity_is_counted(agent):
    agent.deploy()
    told = agent.client.status().value.activity
    assert isinstance(told, Activity)
    assert told.cpu_seconds is not None
    assert told.cpu_seconds >= 0
    assert told.processes >= 1


def test_events_tell_one_start_and_the_stop(agent):
    request, answer = agent.deploy()
    reading = agent.client.events(request.deploy_id)
    assert isinstance(reading.value, EventRecord), reading.problems
    assert (reading.value.deploy_id, reading.value.incomplete) == (request.deploy_id, None)
    first = reading.value.events
    assert [event.action for event in first] == ["create", "start"]
    step = answer.value.steps[3]
    assert parse_time(step.started_at) <= parse_time(first[0].time) <= parse_time(step.finished_at)
    agent.stop(request.deploy_id)
    after = agent.client.events(request.deploy_id).value.events
    assert after[:2] == first
    assert {event.action for event in after[2:]} <= {"kill", "die", "stop"}
    assert [event.exit_code for event in after if event.action == "die"] == [0]


def test_events_of_an_unknown_deploy_are_404_and_of_none_400(agent):
    with pytest.raises(AgentRefusedError) as refused:
        agent.client.events(str(uuid.uuid4()))
    assert refused.value.status == 404
    for query in ("", "?deploy_id=", "?deploy_id=a&deploy_id=b", "?deploy_id=a&since=b"):
        assert agent.get(f"/v1/events{query}").status_code in {400, 404}
