"""An agent per test, on the process engine unless the test says otherwise."""

from __future__ import annotations

import uuid

import pytest

from pytest_smokedeploy.rehearsal.registry import Registry
from tests.integration.agent.docker_world import DockerAgent
from tests.support.agent_process import Agent, Keys


@pytest.fixture(scope="session")
def keys():
    keys = Keys()
    yield keys
    keys.close()


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


@pytest.fixture
def new_id():
    return lambda: str(uuid.uuid4())
