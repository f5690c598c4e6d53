"""What a finding means and what is done about it, where nothing closer is known."""

import pytest

from pytest_smokedeploy.model import CLAUSE, MEANS, REMEDIES, UNTOLD, Finding


def test_every_clause_has_one_remedy_and_no_other_name_has_any():
    assert set(REMEDIES) == set(CLAUSE)
    assert set(MEANS) <= set(CLAUSE)


@pytest.mark.parametrize("clause", REMEDIES)
def test_a_remedy_is_whole_and_leaves_the_new_start_to_the_report(clause):
    assert REMEDIES[clause].endswith(".")
    assert "anew" not in REMEDIES[clause]


@pytest.mark.parametrize("clause", CLAUSE)
def test_a_finding_has_its_clauses_remedy_unless_it_has_its_own(clause):
    assert Finding(clause, False, "a", "b").remedy == REMEDIES[clause]
    assert Finding(clause, None, "a", "b").words().endswith(f"{UNTOLD} {REMEDIES[clause]}")
    assert Finding(clause, False, "a", "b", remedy="Look.").remedy == "Look."
    assert Finding(clause, True, "a", "b", remedy="Look.").remedy == ""
