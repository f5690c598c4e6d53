"""Stage 4, observe: the start-up log, followed through idle and the quiet window."""

import pytest

from pytest_smokedeploy.lifecycle import LogReading

pytestmark = pytest.mark.smoke_stage("observe")


@pytest.mark.smoke_clause("OBS-1")
def test_the_log_shows_the_startup_banner(smoke_log: LogReading) -> None:
    """The log shows the start-up banner."""
    assert smoke_log.shows("OBS-1")


@pytest.mark.smoke_clause("OBS-2")
def test_the_log_shows_environment_validation_succeeded(smoke_log: LogReading) -> None:
    """The log shows that environment validation succeeded."""
    assert smoke_log.shows("OBS-2")


@pytest.mark.smoke_clause("OBS-3")
def test_the_log_shows_the_persistence_mounts_validated(smoke_log: LogReading) -> None:
    """The log shows the persistence mounts validated."""
    assert smoke_log.shows("OBS-3")


@pytest.mark.smoke_clause("OBS-4")
def test_the_log_shows_the_replay_phase_start(smoke_log: LogReading) -> None:
    """The log shows the replay phase start, even if empty."""
    assert smoke_log.shows("OBS-4")


@pytest.mark.smoke_clause("OBS-5")
def test_the_log_shows_meta_orchestrator_initialisation(smoke_log: LogReading) -> None:
    """The log shows Meta Orchestrator initialisation."""
    assert smoke_log.shows("OBS-5")


@pytest.mark.smoke_clause("OBS-6")
def test_the_log_shows_idle_and_stays_idle(smoke_log: LogReading) -> None:
    """The log shows idle reached, and it stays idle."""
    assert smoke_log.shows("OBS-6")


@pytest.mark.smoke_clause("DET-1")
def test_the_log_shows_one_deterministic_start(smoke_log: LogReading) -> None:
    """Each milestone once, in order; one container, no restart."""
    assert smoke_log.shows("DET-1")


@pytest.mark.smoke_clause("OBS-7")
def test_the_log_shows_no_order_execution(smoke_log: LogReading) -> None:
    """The log shows no order execution."""
    assert smoke_log.shows("OBS-7")


@pytest.mark.smoke_clause("OBS-8")
def test_the_log_shows_no_strategy_tick(smoke_log: LogReading) -> None:
    """The log shows no strategy tick."""
    assert smoke_log.shows("OBS-8")


@pytest.mark.smoke_clause("OBS-9")
def test_the_log_shows_no_external_call(smoke_log: LogReading) -> None:
    """The log shows no external call."""
    assert smoke_log.shows("OBS-9")


@pytest.mark.smoke_clause("RUN-1")
def test_the_log_says_the_plane_is_paper(smoke_log: LogReading) -> None:
    """The runtime runs with EXECUTION_PLANE=paper."""
    assert smoke_log.shows("RUN-1")


@pytest.mark.smoke_clause("RUN-2")
def test_the_log_shows_no_scheduler(smoke_log: LogReading) -> None:
    """No scheduler runs."""
    assert smoke_log.shows("RUN-2")


@pytest.mark.smoke_clause("RUN-3")
def test_the_log_shows_no_background_loop(smoke_log: LogReading) -> None:
    """No background loop runs."""
    assert smoke_log.shows("RUN-3")


@pytest.mark.smoke_clause("RUN-4")
def test_the_log_shows_no_live_adapter(smoke_log: LogReading) -> None:
    """No live adapter is used."""
    assert smoke_log.shows("RUN-4")


@pytest.mark.smoke_clause("RUN-5")
def test_the_log_shows_that_no_order_was_executed(smoke_log: LogReading) -> None:
    """No order is executed."""
    assert smoke_log.shows("RUN-5")
