"""Stage 2, deploy: the agent's five steps, in order and once each."""

import pytest

from pytest_smokedeploy.lifecycle import Deployment

pytestmark = pytest.mark.smoke_stage("deploy")


@pytest.mark.smoke_clause("AGT-1")
def test_step_1_the_requested_image_is_pulled(smoke_deployment: Deployment) -> None:
    """Step 1: the requested image is pulled."""
    assert smoke_deployment.pulled()


@pytest.mark.smoke_clause("AGT-2")
def test_step_2_the_existing_container_is_stopped(smoke_deployment: Deployment) -> None:
    """Step 2: the existing container is stopped, if present."""
    assert smoke_deployment.stopped_the_old()


@pytest.mark.smoke_clause("AGT-3")
def test_step_3_the_existing_container_is_removed(smoke_deployment: Deployment) -> None:
    """Step 3: the existing container is removed, if present."""
    assert smoke_deployment.removed_the_old()


@pytest.mark.smoke_clause("AGT-4")
def test_step_4_the_new_container_is_started(smoke_deployment: Deployment) -> None:
    """Step 4: the new container starts with name, environment and mounts."""
    assert smoke_deployment.started_the_new()


@pytest.mark.smoke_clause("AGT-5")
def test_step_5_the_container_is_running(smoke_deployment: Deployment) -> None:
    """Step 5: success only once the container is running."""
    assert smoke_deployment.is_running()
