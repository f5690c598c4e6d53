"""What is said of a part of the checks."""

from types import SimpleNamespace

from pytest_smokedeploy.model import CHECKED
from pytest_smokedeploy.plugin.own_checks import misuses


def test_a_part_of_the_checks_tells_the_first_clauses_and_how_many_more():
    config = SimpleNamespace(option=SimpleNamespace(keyword="running"), args=["smoke_tests"])
    (error,) = misuses(config, [], {})
    named = ", ".join(clause.id for clause in CHECKED[:5])
    left = f"none claims {named} and {len(CHECKED) - 5} more."
    assert error.message == f"Only a part of the checks was chosen (-k): {left}"
