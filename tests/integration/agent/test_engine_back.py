"""An engine out of the agent's reach whose container runs on meanwhile: once it is back the agent settles."""

import threading
from datetime import UTC, datetime

from pytest_smokedeploy.contract import parse_time
from tests.integration.agent.docker_world import LOOK, PULL, STOP
from tests.support.agent_process import until
from tests.support.needs import needs_docker

pytestmark = needs_docker

RUNTIME = "trap 'exit 0' TERM\necho ready\nwhile :; do sleep 1 & wait $!; done"


def deployed(agent, one, **more):
    agent.push("1.0.0", RUNTIME)
    answer = agent.deploy(f"{agent.quick}:1.0.0", one, **more)
    assert answer.status_code == 200, answer.text


def away(agent):
    """Out of reach; nothing is claimed of what runs."""
    agent.proxy.cut()
    until(lambda: agent.audited("engine.away"))
    answer = agent.call("GET", "/v1/status")
    assert answer.status_code == 500
    assert "running" not in answer.json()


def back(agent):
    """Within reach again; what the audit log says, once the agent has settled of itself."""
    agent.proxy.mend()
    return until(lambda: agent.audited("engine.back"))[-1]["why"]


def states(agent):
    return [state for _, state in agent.there()]


def test_what_runs_within_its_lease_runs_on(world, new_id):
    one = new_id()
    deployed(world, one, lease_seconds=600)
    before = world.status()
    away(world)
    assert f"the container of the deploy {one} runs on within its lease" in back(world)
    after = world.status()
    assert after["running"] is True
    for name in ("container_id", "started_at", "lease_expires_at", "hold"):
        assert after[name] == before[name]
    assert world.stop_it(one).status_code == 200
    assert world.passed(one).status_code == 200


def test_a_lease_that_ran_out_meanwhile_is_ended(world, new_id):
    one = new_id()
    deployed(world, one, lease_seconds=3)
    ends = parse_time(world.status()["lease_expires_at"])
    away(world)
    until(lambda: datetime.now(UTC) > ends)
    assert states(world) == ["running"]
    back(world)
    until(lambda: states(world) == ["exited"])
    why = [row["why"] for row in world.audit() if row["what"] in {"container.stopped", "lease.ran_out"}]
    assert any("its lease ran out" in words for words in why)
    until(lambda: world.audited("hold.kept"))
    assert world.passed(one).status_code == 409


def test_a_stop_that_was_under_way_is_ended(world, new_id):
    one, answers = new_id(), []
    deployed(world, one, lease_seconds=600)
    world.proxy.hold(*STOP)
    asking = threading.Thread(target=lambda: answers.append(world.stop_it(one)))
    asking.start()
    assert world.proxy.reached.wait(60)
    away(world)
    asking.join(60)
    assert answers[0].status_code == 500
    assert "the stop that was under way was ended" in back(world)
    assert states(world) == ["exited"]
    assert world.passed(one).status_code == 200


def test_a_deploy_that_fails_before_its_start_leaves_the_old_one_its_lease(world, new_id):
    old, one = new_id(), new_id()
    deployed(world, old, lease_seconds=600)
    lease = world.status()["lease_expires_at"]
    assert world.release().status_code == 200
    world.proxy.hold(*LOOK, after=PULL)
    world.deploy(f"{world.quick}:1.0.0", one, wait=False, lease_seconds=600)
    assert world.proxy.reached.wait(60)
    away(world)
    told = world.ended(one)
    assert (told["state"], told["step"]) == ("failed", "stop")
    assert "could not be cleared" not in told["reason"]
    assert f"the container of the deploy {old} runs on within its lease" in back(world)
    status = world.status()
    assert (status["running"], status["deploy_id"], status["lease_expires_at"]) == (True, old, lease)
