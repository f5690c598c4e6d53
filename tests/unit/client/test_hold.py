"""A hold is told as one sentence, whatever of it the agent tells."""

import pytest

from pytest_smokedeploy.client.hold import sentence

HOLD = {"deploy_id": "d-1", "since": "2026-01-01T00:00:00Z", "by": "robot.access", "reason": "it began."}
START = "the agent is on hold since"


@pytest.mark.parametrize(
    ("hold", "words"),
    [
        (HOLD, f"{START} 2026-01-01T00:00:00Z, set by robot.access for the deploy d-1: it began."),
        (
            HOLD | {"deploy_id": None, "by": "mine.access"},
            f"{START} 2026-01-01T00:00:00Z, set by the gate's own Access token: it began.",
        ),
        ({}, f"{START} a time that it does not tell, set by somebody it does not tell: it tells no reason"),
        (True, f"{START} a time that it does not tell, set by somebody it does not tell: it tells no reason"),
        (
            {"since": 5, "by": " ", "reason": "two\nlines"},
            f"{START} a time that it does not tell, set by somebody it does not tell: two lines",
        ),
    ],
)
def test_it_tells_what_is_told(hold, words):
    assert sentence(hold, "mine.access") == words


def test_a_long_reason_is_cut():
    assert len(sentence(HOLD | {"reason": "x" * 10_000}, "")) < 600
