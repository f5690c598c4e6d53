"""What `smokedeploy stop` says of a run's hold."""

import pytest

from pytest_smokedeploy.cli import stop

PROMISED = {"event": "deploy.promised", "deploy_id": "one", "hold": True}


@pytest.mark.parametrize(
    "events", [[], [PROMISED | {"hold": False}], [PROMISED, {"event": "deploy.refused", "words": "409"}]]
)
def test_a_run_that_set_no_hold_asks_no_agent_for_it(events):
    assert stop._hold(events, options=None) == ""
