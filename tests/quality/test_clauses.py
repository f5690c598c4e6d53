"""Every clause of the model is held by a test or a world that names it."""

import re
from pathlib import Path

from pytest_smokedeploy.model import CLAUSE, CLAUSES, Stage
from tests.rehearsal.gallery.catalogue import CASES

TESTS = Path(__file__).parents[1]


def test_every_clause_is_named():
    files = [file for file in TESTS.rglob("*.py") if file.name.startswith("test_")]
    named = set(re.findall(r"\b[A-Z]{3}-\d+\b", "".join(file.read_text(encoding="utf-8") for file in files)))
    named |= {case.clause for case in CASES.values()}
    assert [clause.id for clause in CLAUSES if clause.id not in named] == []


def test_a_world_with_an_unmet_precondition_states_that_nothing_is_deployed():
    """PRE-7; the gallery holds each such world to it: the agent hears neither a deploy nor a stop."""
    unmet = {
        name: case
        for name, case in CASES.items()
        if case.verdict == "REFUSED" and case.clause and CLAUSE[case.clause].stage is Stage.PRECONDITIONS
    }
    assert len(unmet) > 100
    # In that one the agent is asked and refuses the deploy itself, with 423.
    assert [name for name, case in unmet.items() if case.deploys] == ["on hold"]
