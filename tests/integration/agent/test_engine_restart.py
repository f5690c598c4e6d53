"""The engine ended under a living agent, in order or killed, and started again: the agent settles unasked."""

import signal
import tempfile
import threading
from pathlib import Path

import pytest

from pytest_smokedeploy.rehearsal.registry import Registry
from tests.integration.agent.own_engine import OwnEngine
from tests.integration.agent.slow_registry import SlowRegistry
from tests.support.agent_process import Agent, until
from tests.support.docker_proxy import DockerProxy
from tests.support.needs import needs_docker

pytestmark = [needs_docker, pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])]

RUNTIME = "trap 'exit 0' TERM\necho ready\nwhile :; do sleep 1 & wait $!; done\n"
NAME = "engine-restart"
CREATE = ("POST", r"^/containers/create")
START = ("POST", r"^/containers/[^/]+/start")
STOP = ("POST", r"^/containers/[^/]+/stop")
LOOK = ("GET", r"^/containers/[^/]+/json")


@pytest.fixture(scope="module")
def ground(tmp_path_factory):
    """An engine of these tests' own, a registry with one image, and the same behind a slow line."""
    with tempfile.TemporaryDirectory(prefix="dk-") as folder:
        engine = OwnEngine(Path(folder) / "e")
        registry = Registry(tmp_path_factory.mktemp("restart") / "registry", engine.host)
        try:
            engine.start()
            registry.start()
            engine.repository = f"localhost:{registry.port}/example/runtime"
            registry.push(engine.repository, "1.0.0", RUNTIME)
            registry.push(engine.repository, "2.0.0", f"{RUNTIME}# another layer")
            engine.registry = registry
            yield engine
        finally:
            registry.stop()
            engine.close()


@pytest.fixture
def world(tmp_path, keys, ground):
    """An agent on that engine, behind a proxy that can hold a call."""
    slow = SlowRegistry(ground.registry.port)
    proxy = DockerProxy(tmp_path / "docker.sock", ground.socket)
    slow.repository = f"localhost:{slow.port}/example/runtime"
    agent = Agent(
        tmp_path,
        keys,
        ENGINE="docker",
        DOCKER_HOST=proxy.host,
        CONTAINER_NAME=NAME,
        ALLOWED_IMAGES=f"{ground.repository},{slow.repository}",
    )
    agent.engine, agent.proxy, agent.slow = ground, proxy, slow
    agent.start()
    yield agent
    if not ground.running:
        ground.start()
    agent.stop()
    ground.clear()
    proxy.close()
    slow.close()


def deployed(agent, one, **more):
    answer = agent.deploy(f"{agent.engine.repository}:1.0.0", one, **more)
    assert answer.status_code == 200, answer.text


def ended(agent, how):
    """End the engine: while it is away nothing is claimed of what runs."""
    before = len(agent.audited("engine.back"))
    agent.engine.end(how)
    until(lambda: len(agent.audited("engine.away")) > before)
    answer = agent.call("GET", "/v1/status")
    assert answer.status_code == 500
    assert "the Docker engine at" in answer.json()["reason"]
    assert "running" not in answer.json()
    assert agent.call("GET", "/health").status_code == 200
    return before


def back(agent, before):
    """Start the engine again; what the audit log says, once the agent has settled of itself."""
    agent.engine.start()
    rows = until(lambda: len(rows := agent.audited("engine.back")) > before and rows)
    assert agent.process.poll() is None
    return rows[-1]["why"]


def failed(agent, one, step):
    """The deploy failed in `step`; it stays on hold, and is not done again."""
    told = until(lambda: (body := agent.progress(one).json())["state"] == "failed" and body)
    assert told["step"] == step
    assert agent.deploy(told["image"], one).status_code == 500
    return told["reason"]


def test_while_nothing_is_deployed(world, new_id, how):
    words = back(world, ended(world, how))
    assert words == "no container is there"
    assert world.status()["running"] is False
    deployed(world, new_id())
    assert world.status()["running"] is True


@pytest.mark.way_out("the engine is ended or killed, and started again", "engine")
def test_while_a_container_runs_within_its_lease(world, new_id, how):
    one = new_id()
    deployed(world, one, lease_seconds=600)
    words = back(world, ended(world, how))
    # An engine without live-restore takes its containers with it.
    assert world.engine.containers(NAME) == [(False, one)]
    assert f"the container of the deploy {one} does not run" in words
    assert "STATE_PATH tells of no stop of it" in words
    status = world.status()
    assert (status["running"], status["deploy_id"], status["lease_expires_at"]) == (False, one, None)
    assert world.passed(one).status_code == 409
    assert "STATE_PATH tells of no stop of it" in world.status()["hold"]["reason"]


def test_in_the_pull(world, new_id, how):
    one = new_id()
    assert world.deploy(f"{world.slow.repository}:2.0.0", one, wait=False).status_code == 202
    assert world.slow.reached.wait(60)
    before = ended(world, how)
    reason = failed(world, one, "pull")
    assert "could not be cleared" not in reason
    assert back(world, before) == "no container is there"
    assert world.status()["running"] is False
    assert world.engine.containers(NAME) == []


def test_in_the_pull_over_an_old_one_within_its_lease(world, new_id, how):
    old, one = new_id(), new_id()
    deployed(world, old, lease_seconds=600)
    assert world.release().status_code == 200
    assert world.deploy(f"{world.slow.repository}:2.0.0", one, wait=False).status_code == 202
    assert world.slow.reached.wait(60)
    before = ended(world, how)
    failed(world, one, "pull")
    assert f"the container of the deploy {old} does not run" in back(world, before)
    assert world.engine.containers(NAME) == [(False, old)]


def test_between_two_steps(world, new_id, how):
    """The old one is gone, and the new one not made yet."""
    one = new_id()
    world.proxy.hold(*CREATE)
    world.deploy(f"{world.engine.repository}:1.0.0", one, wait=False)
    assert world.proxy.reached.wait(60)
    before = ended(world, how)
    reason = failed(world, one, "start")
    assert "the Docker engine at" in reason
    assert back(world, before) == "no container is there"
    assert world.status()["running"] is False


@pytest.mark.parametrize(
    "made", [(CREATE, "start", False), (START, "running", True)], ids=["created", "started"]
)
def test_once_it_was_made_and_before_that_is_known(world, new_id, how, made):
    one, (call, step, runs) = new_id(), made
    world.proxy.hold(*LOOK, after=call)
    world.deploy(f"{world.engine.repository}:1.0.0", one, wait=False, lease_seconds=600)
    assert world.proxy.reached.wait(60)
    assert world.engine.containers(NAME) == [(runs, one)]
    before = ended(world, how)
    reason = failed(world, one, step)
    assert "could not be stopped" in reason
    # What ran ended with its engine.
    assert ("does not run, and is kept" if runs else "and was removed") in back(world, before)
    assert world.engine.containers(NAME) == ([(False, one)] if runs else [])
    assert world.status()["running"] is False


@pytest.mark.way_out("the engine is ended or killed during a stop", "engine")
def test_during_a_stop(world, new_id, how):
    one, answers = new_id(), []
    deployed(world, one, lease_seconds=600)
    world.proxy.hold(*STOP)
    stopping = threading.Thread(target=lambda: answers.append(world.stop_it(one)))
    stopping.start()
    assert world.proxy.reached.wait(60)
    before = ended(world, how)
    stopping.join(60)
    assert answers[0].status_code == 500, "it can't be known whether it was stopped"
    assert back(world, before) == f"the container of the deploy {one} does not run"
    assert world.engine.containers(NAME) == [(False, one)]
    assert world.stop_it(one).status_code == 200
    assert world.passed(one).status_code == 200, "its stop had been asked for"
