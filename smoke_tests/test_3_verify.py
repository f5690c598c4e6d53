"""Stage 3, verify: what GET /v1/status says after the deploy."""

import pytest

from pytest_smokedeploy.lifecycle import StatusReading

pytestmark = pytest.mark.smoke_stage("verify")


@pytest.mark.smoke_clause("VER-1")
def test_the_status_answers(smoke_status: StatusReading) -> None:
    """GET /v1/status answers after the deploy succeeded."""
    assert smoke_status.answers()


@pytest.mark.smoke_clause("VER-2")
def test_running_is_true(smoke_status: StatusReading) -> None:
    """Running is true."""
    assert smoke_status.is_running()


@pytest.mark.smoke_clause("VER-3")
def test_it_is_the_agents_own_container(smoke_status: StatusReading) -> None:
    """container_name is present and is the agent's own container."""
    assert smoke_status.is_the_agents_container()


@pytest.mark.smoke_clause("VER-4")
def test_it_is_the_requested_image(smoke_status: StatusReading) -> None:
    """Image is the requested image."""
    assert smoke_status.is_the_requested_image()


@pytest.mark.smoke_clause("VER-5")
def test_it_started_with_this_deploy(smoke_status: StatusReading) -> None:
    """started_at is present, well formed and of this deploy."""
    assert smoke_status.started_with_this_deploy()
