"""What is said of the collected checks, and of a part of them."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from pytest_smokedeploy.model import CHECKED
from pytest_smokedeploy.plugin import collection
from pytest_smokedeploy.plugin.own_checks import misuses


def test_a_part_of_the_checks_tells_the_first_clauses_and_how_many_more():
    config = SimpleNamespace(option=SimpleNamespace(keyword="running"), args=["smoke_tests"])
    (error,) = misuses(config, [], {})
    named = ", ".join(clause.id for clause in CHECKED[:5])
    left = f"none claims {named} and {len(CHECKED) - 5} more."
    assert error.message == f"Only a part of the checks was chosen (-k): {left}"


class Item:
    """As much of pytest's as `collection` reads."""

    nodeid, name, location = (
        "smoke_tests/test_own.py::test_own",
        "test_own",
        ("smoke_tests/test_own.py", 6, ""),
    )
    path = Path("smoke_tests/test_own.py")

    def __init__(self, *stages):
        self.stage = SimpleNamespace(args=stages)

    def get_closest_marker(self, name):
        return self.stage if name == "smoke_stage" else None

    def iter_markers(self, _name):
        return []


@pytest.mark.parametrize("stages", [(["verify"],), ("verfy",), (), ("verify", "observe")])
def test_what_is_no_stage_is_named_with_its_place(stages):
    (error,) = collection.read([Item(*stages)], None).misuses
    assert error.message.startswith("smoke_tests/test_own.py:7: test_own: unknown stage ")
