"""Whose container it is where two agents have one CONTAINER_NAME."""

from types import SimpleNamespace

import pytest

from pytest_smokedeploy.agent.domain.container import KEY_LABEL, STATE_LABEL, Container, key_of
from pytest_smokedeploy.agent.domain.state import Store
from pytest_smokedeploy.agent.engines.base import ContainerState
from pytest_smokedeploy.contract import EngineState


@pytest.fixture
def look(tmp_path):
    """look() -> what the agent on `own` finds of a container that the agent on `other` made."""
    labels = {KEY_LABEL: "one", STATE_LABEL: str(tmp_path / "other")}
    there = ContainerState("c", "i", None, EngineState.RUNNING, None, None, ours=True, labels=labels)
    return Container(SimpleNamespace(inspect=lambda _labels: there), 0, tmp_path / "own").look


def test_another_agents_is_not_ours_as_long_as_that_one_runs(look, tmp_path):
    Store(tmp_path / "other").claim()
    found = look()
    assert (found.ours, key_of(found), found.running) == (False, "", True)


def test_its_own_is_ours_also_where_its_folder_had_another_spelling(look, tmp_path):
    Store(tmp_path / "own").claim()
    (tmp_path / "other").symlink_to("own")
    assert look().ours is True


def test_of_an_agent_that_runs_no_more_it_is_ours(look, tmp_path):
    assert look().ours is True
    (tmp_path / "other").mkdir()
    assert look().ours is True
    (tmp_path / "other" / "agent").touch()
    assert (look().ours, key_of(look())) == (True, "one")
