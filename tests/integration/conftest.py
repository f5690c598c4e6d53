"""The team that lets callers in, whose keys each agent fetches."""

import pytest

from tests.support.agent_process import Keys


@pytest.fixture(scope="session")
def keys():
    keys = Keys()
    yield keys
    keys.close()
