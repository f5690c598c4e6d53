"""A container's state, in Docker's words and in Podman's."""

import pytest

from pytest_smokedeploy.agent.engines.docker.states import engine_state
from pytest_smokedeploy.contract import EngineState
from pytest_smokedeploy.support.errors import EngineError


@pytest.mark.parametrize(
    ("word", "state"),
    [
        *((str(state), state) for state in EngineState),
        ("configured", EngineState.CREATED),
        ("initialized", EngineState.CREATED),
        ("stopping", EngineState.RUNNING),
        ("stopped", EngineState.EXITED),
    ],
)
def test_each_word_has_its_state(word, state):
    assert engine_state({"State": {"Status": word}}) is state


def test_an_unknown_word_is_no_state():
    with pytest.raises(EngineError, match="'levitating', which this agent does not know"):
        engine_state({"State": {"Status": "levitating"}})
