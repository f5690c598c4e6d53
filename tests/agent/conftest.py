"""An agent per test, on the process engine unless the test says otherwise."""

from __future__ import annotations

import sys
import uuid
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # import mode importlib adds no folder
from agent_process import Agent, Keys


@pytest.fixture(scope="session")
def keys():
    keys = Keys()
    yield keys
    keys.server.stop()


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


@pytest.fixture
def new_id():
    return lambda: str(uuid.uuid4())
