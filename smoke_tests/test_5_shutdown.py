"""Stage 5, shutdown: runs after any failure too, if something may have been deployed."""

import pytest

from pytest_smokedeploy.lifecycle import Shutdown

pytestmark = pytest.mark.smoke_stage("shutdown")


@pytest.mark.smoke_clause("STP-1")
def test_the_container_is_stopped(smoke_shutdown: Shutdown) -> None:
    """After verification the container is stopped."""
    assert smoke_shutdown.stopped()


@pytest.mark.smoke_clause("STP-3")
def test_nothing_keeps_running(smoke_shutdown: Shutdown) -> None:
    """Nothing keeps running afterwards."""
    assert smoke_shutdown.stays_stopped()
