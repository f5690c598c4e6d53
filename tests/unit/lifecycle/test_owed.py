"""Whether a killed run's journal owes a stop: until a second look said that what was stopped stayed so."""

import pytest

from pytest_smokedeploy.evidence import owed

PROMISED = {"event": "deploy.promised", "deploy_id": "one"}


def events(*names):
    return [PROMISED if name == "promised" else {"event": name} for name in names]


@pytest.mark.parametrize(
    "names",
    [
        ("promised",),
        ("promised", "deploy.sent", "deploy.answered"),
        ("promised", "stop.sent"),
        ("promised", "stop.sent", "stop.answered"),
        ("promised", "stop.sent", "stop.confirmed"),
        ("promised", "stop.confirmed", "stop.unconfirmed"),
        ("promised", "stop.confirmed", "stop.stayed", "stop.unconfirmed"),
        ("promised", "stop.unconfirmed"),
    ],
)
def test_a_stop_is_owed(names):
    assert owed(events(*names)) == "one"


@pytest.mark.parametrize(
    "names",
    [
        (),
        ("run.started", "deploy.not_sent"),
        ("promised", "deploy.refused"),
        ("promised", "stop.confirmed", "stop.stayed"),
        ("promised", "stop.unconfirmed", "stop.confirmed", "stop.stayed", "run.finished"),
    ],
)
def test_no_stop_is_owed(names):
    assert owed(events(*names)) is None
