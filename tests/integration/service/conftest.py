"""The agent as a service: a process of its own, told by signals, read by its log."""

from __future__ import annotations

import pytest

from tests.support.agent_process import Agent


@pytest.fixture
def make_agent(tmp_path, keys):
    agents = []

    def make(**environ):
        agents.append(Agent(tmp_path, keys, **environ))
        return agents[-1]

    yield make
    for agent in agents:
        agent.stop()


@pytest.fixture
def agent(make_agent):
    return make_agent().start()
