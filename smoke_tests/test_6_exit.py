"""Stage 6, exit: the exit criteria of STEP 5."""

import pytest

from pytest_smokedeploy.lifecycle import Lifecycle

pytestmark = pytest.mark.smoke_stage("exit")


@pytest.mark.smoke_clause("EXT-2")
def test_all_checks_passed(smoke_evidence: Lifecycle) -> None:
    """All checks passed."""
    assert smoke_evidence.all_checks_passed()


@pytest.mark.smoke_clause("EXT-3")
def test_the_container_was_stopped_afterwards(smoke_evidence: Lifecycle) -> None:
    """The container was stopped afterwards."""
    assert smoke_evidence.container_was_stopped()


@pytest.mark.smoke_clause("EXT-4")
def test_nothing_undocumented_was_observed(smoke_evidence: Lifecycle) -> None:
    """No undocumented behaviour was observed."""
    assert smoke_evidence.nothing_undocumented()
