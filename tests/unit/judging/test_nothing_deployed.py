"""One unmet precondition and nothing is deployed (PRE-7)."""

import pytest

from pytest_smokedeploy.judging import may_not_deploy
from pytest_smokedeploy.model import CHECKED, Stage
from tests.unit.judging.test_gate import checks, gate, proven, violated

PRECONDITIONS = [clause.id for clause in CHECKED if clause.stage is Stage.PRECONDITIONS]


def told(but="", finding=None):
    """A gate that was told of every precondition, with `finding` in place of the one of `but`."""
    made = gate()
    for check in checks():
        (clause,) = check.clauses
        if clause in PRECONDITIONS:
            made.finding(proven(clause)) if clause != but else finding and made.finding(finding)
            held = clause != but or finding is None
            made.result(check.id, "passed" if held else "failed", "")
    return made


def test_a_deploy_is_allowed_once_all_are_proven():
    assert may_not_deploy(told()) is None


@pytest.mark.parametrize("clause", PRECONDITIONS)
def test_one_that_is_violated_allows_none(clause):
    assert may_not_deploy(told(clause, violated(clause))).startswith(f"{clause}: ")


@pytest.mark.parametrize("clause", PRECONDITIONS)
def test_one_that_nobody_looked_at_allows_none(clause):
    assert may_not_deploy(told(clause)).startswith(f"{clause}: ")
