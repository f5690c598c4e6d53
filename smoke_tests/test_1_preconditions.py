"""Stage 1, preconditions: one unmet and nothing is deployed (PRE-7)."""

import pytest

from pytest_smokedeploy.preconditions import Preconditions

pytestmark = pytest.mark.smoke_stage("preconditions")


@pytest.mark.smoke_clause("TGT-1")
def test_the_target_environment_is_dev(smoke_run: Preconditions) -> None:
    """The target environment is dev, and the agent says so itself."""
    assert smoke_run.agent_environment()


@pytest.mark.smoke_clause("TGT-2")
def test_the_execution_plane_is_paper(smoke_run: Preconditions) -> None:
    """The execution plane is paper."""
    assert smoke_run.execution_plane()


@pytest.mark.smoke_clause("TRG-1")
def test_a_person_started_this_run(smoke_run: Preconditions) -> None:
    """Started by hand: workflow_dispatch of the deploy workflow, first attempt."""
    assert smoke_run.started_by_hand()


@pytest.mark.smoke_clause("TRG-2")
def test_the_image_tag_cannot_move(smoke_run: Preconditions) -> None:
    """The inputs are dev and an image tag that cannot move."""
    assert smoke_run.inputs()


@pytest.mark.smoke_clause("TRG-3")
def test_nothing_starts_the_workflow_by_itself(smoke_run: Preconditions) -> None:
    """The workflow has no automatic trigger."""
    assert smoke_run.no_automatic_trigger()


@pytest.mark.smoke_clause("PRE-1")
def test_steps_1_to_4_of_the_phase_are_complete(smoke_run: Preconditions) -> None:
    """STEP 1-4 of the phase are recorded complete."""
    assert smoke_run.phase_steps()


@pytest.mark.smoke_clause("PRE-2")
def test_the_deploy_workflow_exists(smoke_run: Preconditions) -> None:
    """The deploy workflow file exists."""
    assert smoke_run.workflow_file()


@pytest.mark.smoke_clause("PRE-3")
def test_the_github_environment_exists(smoke_run: Preconditions) -> None:
    """The GitHub Environment exists."""
    assert smoke_run.github_environment()


@pytest.mark.smoke_clause("PRE-4")
def test_every_required_secret_is_set(smoke_run: Preconditions) -> None:
    """Every required secret is set."""
    assert smoke_run.secrets_set()


@pytest.mark.smoke_clause("PRE-5")
def test_the_database_exists_and_is_migrated(smoke_run: Preconditions) -> None:
    """The database exists and is migrated."""
    assert smoke_run.database()


@pytest.mark.smoke_clause("PRE-6")
def test_the_agent_is_reachable_and_access_guards_it(smoke_run: Preconditions) -> None:
    """The agent answers through the tunnel, and Access lets nobody else in."""
    assert smoke_run.agent_reachable()


@pytest.mark.smoke_clause("FLR-3")
def test_a_person_has_looked_after_the_last_failure(smoke_run: Preconditions) -> None:
    """After a failure a person has looked before this run."""
    assert smoke_run.inspected()
