"""An agent's folder STATE_PATH, without the agent."""

import os

import pytest

from pytest_smokedeploy.agent.domain.state import Store


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "state"


@pytest.fixture
def agents():
    """agents(folder) -> the store of an agent that starts there; the one before has left."""
    claims = []

    def start(folder):
        while claims:
            os.close(claims.pop())
        store = Store(folder)
        store.claim()
        claims.append(store._claim)
        return store

    yield start
    while claims:
        os.close(claims.pop())
