"""An agent per test, on the process engine unless the test says otherwise."""

from __future__ import annotations

import os
import uuid

import pytest

from pytest_smokedeploy.agent.engines.docker.api import DEFAULT_HOST
from pytest_smokedeploy.rehearsal.registry import Registry
from tests.integration.agent.crash_world import RUNTIME, CrashAgent
from tests.integration.agent.docker_world import DockerAgent
from tests.support.agent_process import Agent
from tests.support.needs import needs_docker, needs_podman
from tests.support.podman import podman  # noqa: F401 - a fixture


@pytest.fixture
def make_agent(tmp_path, keys):
    """make_agent(**environ) -> a started agent."""
    agents = []

    def make(**environ):
        agent = Agent(tmp_path, keys, **environ)
        agents.append(agent)
        return agent.start()

    yield make
    for agent in agents:
        agent.stop()


@pytest.fixture
def agent(make_agent):
    return make_agent()


@pytest.fixture(scope="session")
def registry(tmp_path_factory):
    registry = Registry(tmp_path_factory.mktemp("agents") / "registry")
    registry.start()
    yield registry
    registry.stop()


@pytest.fixture
def world(tmp_path, keys, registry):
    """A started agent on Docker, its engine's calls within reach."""
    agent = DockerAgent(tmp_path, keys, registry)
    try:
        yield agent.start()
    finally:
        agent.close()


@pytest.fixture(scope="session")
def docker_daemon(registry):
    """The machine's own Docker, and a registry that it builds for and pulls from."""
    return os.environ.get("DOCKER_HOST", DEFAULT_HOST), registry


@pytest.fixture(scope="session")
def podman_daemon(podman):  # noqa: F811 - the fixture
    """The same of Podman."""
    service, its_registry = podman
    return service.host, its_registry


@pytest.fixture(
    scope="session",
    params=[
        pytest.param("docker_daemon", marks=needs_docker, id="docker"),
        pytest.param("podman_daemon", marks=needs_podman, id="podman"),
    ],
)
def daemon(request):
    """Each engine behind a Docker-compatible socket, and a repository with two images of one runtime."""
    host, its_registry = request.getfixturevalue(request.param)
    repository = f"localhost:{its_registry.port}/example/runtime"
    its_registry.push(repository, "1.0.0", RUNTIME)
    its_registry.push(repository, "2.0.0", RUNTIME)
    return host, repository


@pytest.fixture
def crash(tmp_path, keys, daemon):
    """A started agent on each of them, to be killed or ended."""
    agent = CrashAgent(tmp_path, keys, *daemon)
    try:
        yield agent.start()
    finally:
        agent.close()


@pytest.fixture
def new_id():
    return lambda: str(uuid.uuid4())
