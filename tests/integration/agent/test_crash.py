"""The agent killed (SIGKILL) in each step and during a stop, on a real engine: it settles, and says how."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import uuid
from contextlib import suppress
from datetime import UTC, datetime

import docker
import httpx
import pytest

from pytest_smokedeploy.contract import parse_time
from pytest_smokedeploy.rehearsal.registry import Registry
from tests.support.agent_process import Agent, until
from tests.support.docker_proxy import DockerProxy
from tests.support.needs import needs_docker

pytestmark = needs_docker

RUNTIME = "echo ready\nwhile :; do sleep 1; done\n"
#: Which call of the engine's API each step is held at.
HELD = {
    "pull": ("POST", r"^/images/create"),
    "stop": ("POST", r"^/containers/[^/]+/stop"),
    "remove": ("DELETE", r"^/containers/"),
    "start": ("POST", r"^/containers/create"),
    "started": ("POST", r"^/containers/[^/]+/start"),
}


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    registry = Registry(tmp_path_factory.mktemp("crash") / "registry")
    registry.start()
    registry.repository = f"localhost:{registry.port}/example/runtime"
    registry.push(registry.repository, "1.0.0", RUNTIME)
    registry.push(registry.repository, "2.0.0", RUNTIME)
    yield registry
    registry.stop()


@pytest.fixture
def world(tmp_path, keys, registry):
    """An agent on Docker behind a proxy that can hold a call."""
    base = docker.from_env()
    address = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock").removeprefix("unix://")
    proxy = DockerProxy(tmp_path / "docker.sock", address)
    name = f"crash-{uuid.uuid4().hex[:12]}"
    agent = Agent(
        tmp_path,
        keys,
        ENGINE="docker",
        DOCKER_HOST=proxy.host,
        CONTAINER_NAME=name,
        ALLOWED_IMAGES=registry.repository,
    )
    agent.docker, agent.name, agent.proxy, agent.repository = base, name, proxy, registry.repository
    agent.start()
    yield agent
    agent.stop()
    for container in base.containers.list(all=True, filters={"name": name}):
        container.remove(force=True)
    base.close()
    proxy.close()


def there(agent):
    """(running, deploy id) of each container of this name, by the engine's own word."""
    found = agent.docker.containers.list(all=True, filters={"name": agent.name})
    return [(c.status == "running", c.labels["smokedeploy.deploy_id"]) for c in found]


def cut_off(agent, one):
    """A stop whose answer never comes."""
    with suppress(httpx.TransportError):
        agent.stop_it(one)


def deployed(agent, tag, one, **more):
    answer = agent.deploy(f"{agent.repository}:{tag}", one, **more)
    assert answer.status_code == 200, answer.text


def killed_in(agent, step, one):
    """Deploy, and kill the agent while the call of `step` is held."""
    agent.proxy.hold(*HELD[step])
    assert agent.deploy(f"{agent.repository}:2.0.0", one, wait=False).status_code == 202
    assert agent.proxy.reached.wait(60), agent.proxy.calls
    agent.kill()


def settled(agent, one, step):
    """Start again: the deploy counts as failed in `step`, it stays on hold, and the audit log says so."""
    agent.start()
    told = agent.progress(one).json()
    assert (told["state"], told["step"]) == ("failed", step)
    assert "the agent ended during" in told["reason"]
    assert agent.status()["hold"]["deploy_id"] == one
    assert agent.deploy(f"{agent.repository}:2.0.0", one).status_code == 500, "never done again"
    assert f"during the step {step} of the deploy {one}" in agent.audited("agent.started")[-1]["why"]
    return agent.audited("agent.started")[-1]["why"]


@pytest.mark.parametrize(("held", "step"), [("pull", "pull"), ("start", "start"), ("started", "start")])
def test_killed_with_nothing_there_before(world, new_id, held, step):
    one = new_id()
    killed_in(world, held, one)
    words = settled(world, one, step)
    assert there(world) == []
    if held == "started":
        assert "never started, and was removed" in words
        assert world.audited("container.removed")


def test_killed_once_it_runs_and_before_it_counts_as_running(world, new_id):
    one = new_id()
    # The first look at what runs is held, however slow the machine is: the step can't end before the agent.
    world.proxy.hold("GET", r"^/containers/[^/]+/json", after=HELD["started"])
    world.deploy(f"{world.repository}:2.0.0", one, wait=False, lease_seconds=600)
    assert world.proxy.reached.wait(60), world.proxy.calls
    assert world.progress(one).json()["step"] == "running"
    assert there(world) == [(True, one)]
    world.kill()
    words = settled(world, one, "running")
    assert "was stopped, and is kept" in words
    assert there(world) == [(False, one)]


def test_killed_in_the_pull_the_old_one_within_its_lease_is_left(world, new_id):
    old, one = new_id(), new_id()
    deployed(world, "1.0.0", old, lease_seconds=600)
    assert world.release().status_code == 200
    killed_in(world, "pull", one)
    words = settled(world, one, "pull")
    assert f"deploy {old} runs on within its lease" in words
    assert there(world) == [(True, old)]
    assert world.status()["lease_expires_at"] is not None


def test_killed_while_it_stops_the_old_one_that_stop_is_ended(world, new_id):
    old, one = new_id(), new_id()
    deployed(world, "1.0.0", old)
    assert world.release().status_code == 200
    killed_in(world, "stop", one)
    assert there(world) == [(True, old)]
    words = settled(world, one, "stop")
    assert "the stop that was under way was ended" in words
    assert there(world) == [(False, old)]


def test_killed_while_it_removes_the_old_one(world, new_id):
    old, one = new_id(), new_id()
    deployed(world, "1.0.0", old)
    assert world.release().status_code == 200
    killed_in(world, "remove", one)
    settled(world, one, "remove")
    assert there(world) == [(False, old)]


def test_killed_during_a_stop_it_is_ended(world, new_id):
    one = new_id()
    deployed(world, "1.0.0", one, lease_seconds=600)
    world.proxy.hold(*HELD["stop"])
    stopping = threading.Thread(target=cut_off, args=(world, one))
    stopping.start()
    assert world.proxy.reached.wait(60)
    world.kill()
    stopping.join(30)
    assert there(world) == [(True, one)]
    world.start()
    assert there(world) == [(False, one)]
    assert "the stop that was under way was ended" in world.audited("agent.started")[-1]["why"]


def test_a_lease_that_ran_out_meanwhile_is_ended(world, new_id):
    one = new_id()
    deployed(world, "1.0.0", one, lease_seconds=2)
    until_time = world.status()["lease_expires_at"]
    world.kill()
    assert there(world) == [(True, one)]
    until(lambda: datetime.now(UTC) > parse_time(until_time))
    world.start()
    assert there(world) == [(False, one)]
    assert "its lease ran out" in world.audited("agent.started")[-1]["why"]
    assert world.passed(one).status_code == 409


def test_killed_while_it_runs_within_its_lease_it_goes_on(world, new_id):
    one = new_id()
    deployed(world, "1.0.0", one, lease_seconds=600)
    world.kill()
    world.start()
    assert there(world) == [(True, one)]
    assert world.status()["lease_expires_at"] is not None
    assert world.stop_it(one).status_code == 200
    assert world.passed(one).status_code == 200


@pytest.fixture
def service(world):
    """The agent as a service runs it: it does not end with its standard input."""
    world.kill()
    return world.start(flags=())


def test_ended_in_order_a_lent_container_is_stopped(service, new_id):
    one = new_id()
    deployed(service, "1.0.0", one, lease_seconds=600)
    assert service.end() == 0
    assert there(service) == [(False, one)]
    assert "agent was ended within its lease" in service.audited("container.stopped")[-1]["why"]
    service.start()
    assert service.status()["lease_expires_at"] is None
    assert "agent was ended within its lease" in service.status()["hold"]["reason"]
    assert service.passed(one).status_code == 409


def test_ended_in_order_one_without_a_lease_runs_on(service, new_id):
    one = new_id()
    assert service.call("GET", "/v1/preflight").json()["container"] is None
    deployed(service, "1.0.0", one)
    assert service.call("GET", "/v1/preflight").json()["container"]["ours"] is True
    assert service.end() == 0
    assert there(service) == [(True, one)]
    assert service.audited("container.stopped") == []


def test_ended_in_order_a_stop_that_fails_is_tried_again(service, new_id):
    one = new_id()
    deployed(service, "1.0.0", one, lease_seconds=600)
    service.proxy.cut()
    service.process.send_signal(signal.SIGTERM)
    until(lambda: "while the agent leaves" in (service.folder / "agent.log").read_text())
    service.proxy.mend()
    assert service.end() == 0
    assert there(service) == [(False, one)]


def test_an_agent_whose_port_is_taken_stops_a_lent_container(world, new_id):
    one = new_id()
    deployed(world, "1.0.0", one, lease_seconds=600)
    world.kill()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        environ = world.environ | {"PORT": str(taken.getsockname()[1])}
        command = [sys.executable, "-m", "pytest_smokedeploy.agent"]
        done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, "can't be bound" in done.stderr) == (1, True)
    assert there(world) == [(False, one)]


def lose_state(world):
    """Empty STATE_PATH."""
    shutil.rmtree(world.folder / "state")


@pytest.mark.parametrize("lease", [{}, {"lease_seconds": 600}])
def test_with_its_state_lost_a_container_of_ours_is_left_and_a_person_looks(world, new_id, lease):
    one = new_id()
    deployed(world, "1.0.0", one, **lease)
    before = world.status()
    world.kill()
    lose_state(world)
    world.start()
    after = world.status()
    assert (after["container_id"], after["running"]) == (before["container_id"], True)
    assert after["lease_expires_at"] == before["lease_expires_at"]
    assert "does not tell how that deploy ended" in after["hold"]["reason"]
    assert "does not tell how that deploy ended" in world.audited("agent.started")[-1]["why"]
    assert [row["what"] for row in world.audit()] == ["hold.set", "agent.started"]
    assert "last_deploy" not in after, "what was deployed last is not known"
    assert world.passed(one).status_code == 409
    assert world.deploy(f"{world.repository}:2.0.0", new_id()).status_code == 423
    assert world.stop_it(one).status_code == 200
    assert there(world) == [(False, one)]


def test_with_its_state_lost_a_container_past_its_first_lease_is_stopped(world, new_id):
    one = new_id()
    deployed(world, "1.0.0", one, lease_seconds=2)
    until_time = parse_time(world.status()["lease_expires_at"])
    world.kill()
    until(lambda: datetime.now(UTC) > until_time)
    lose_state(world)
    world.start()
    assert there(world) == [(False, one)]
    assert "its lease ran out" in world.audited("agent.started")[-1]["why"]
    assert world.status()["hold"] is not None


@pytest.mark.parametrize("harm", ["a folder", "a broken link"])
def test_a_state_file_that_cannot_be_read_is_set_aside_and_the_lease_goes_on(world, new_id, harm):
    one = new_id()
    deployed(world, "1.0.0", one, lease_seconds=600)
    world.kill()
    file = world.folder / "state" / "state.json"
    file.unlink()
    if harm == "a folder":
        file.mkdir()
    else:
        file.symlink_to("nowhere")
    world.start()
    status = world.status()
    assert status["running"] is True
    assert status["lease_expires_at"] is not None
    assert "state.damaged-" in status["hold"]["reason"]
    assert list(file.parent.glob("state.damaged-*"))


def started_without_state(world, sign=None):
    """Start the agent on a STATE_PATH that it can't use; returns its exit status and what it said."""
    world.kill()
    lose_state(world)
    (world.folder / "state").write_text("")
    command = [sys.executable, "-m", "pytest_smokedeploy.agent"]
    with subprocess.Popen(command, env=world.environ, stderr=subprocess.PIPE, text=True) as process:
        said = []
        for line in process.stderr:
            said.append(line)
            if sign is not None and "runs within its first lease" in line:
                process.send_signal(sign)
        return process.wait(60), "".join(said)


def test_without_a_state_folder_a_lent_container_is_stopped_at_the_end_of_its_lease(world, new_id):
    one = new_id()
    deployed(world, "1.0.0", one, lease_seconds=5)
    ends = parse_time(world.status()["lease_expires_at"])
    status, said = started_without_state(world)
    assert (status, there(world)) == (1, [(False, one)])
    assert datetime.now(UTC) >= ends
    assert "STATE_PATH" in said
    assert f"the container of the deploy {one} was stopped: its first lease ran out" in said


def test_without_a_state_folder_an_agent_that_is_ended_stops_a_lent_container(world, new_id):
    one = new_id()
    deployed(world, "1.0.0", one, lease_seconds=600)
    status, said = started_without_state(world, signal.SIGTERM)
    assert (status, there(world)) == (1, [(False, one)])
    assert "was stopped: this agent was ended" in said


def test_without_a_state_folder_one_without_a_lease_is_left(world, new_id):
    one = new_id()
    deployed(world, "1.0.0", one)
    status, said = started_without_state(world)
    assert (status, there(world)) == (1, [(True, one)])
    assert "runs without a lease, and is left as it is" in said


def test_with_its_record_damaged_a_container_is_left_and_a_person_looks(world, new_id):
    one = new_id()
    deployed(world, "1.0.0", one)
    assert world.release().status_code == 200
    world.kill()
    (world.folder / "state" / "deploys" / f"{one}.json").write_text("{")
    world.start()
    assert there(world) == [(True, one)]
    assert "does not tell how that deploy ended" in world.status()["hold"]["reason"]


def test_a_foreign_container_is_never_touched(world, new_id):
    world.docker.images.pull(world.repository, tag="1.0.0")
    image = f"{world.repository}:1.0.0"
    world.docker.containers.run(image, name=world.name, detach=True, network_mode="none")
    answer = world.deploy(f"{world.repository}:2.0.0", new_id())
    assert (answer.status_code, answer.json()["step"]) == (500, "stop")
    assert "did not make" in answer.json()["reason"]
    assert world.stop_it().status_code == 409
    assert world.call("GET", "/v1/preflight").json()["container"] == {"name": world.name, "ours": False}
    world.kill()
    world.start()
    assert world.docker.containers.get(world.name).status == "running"
    assert "did not make" in world.audited("agent.started")[-1]["why"]
