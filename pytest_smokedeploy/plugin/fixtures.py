"""Session fixtures of the gate: each returns one object, and decides nothing.

The methods of these objects return findings, and a finding is recorded as it is returned. A check
without a finding proves no clause, whatever it asserts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, cast

import pytest

if TYPE_CHECKING:
    from pytest_smokedeploy.lifecycle import Deployment, Lifecycle, LogReading, Shutdown, StatusReading
    from pytest_smokedeploy.plugin.gate_run import GateRun
    from pytest_smokedeploy.plugin.recording_proxy import ReadOnlyAgent
    from pytest_smokedeploy.preconditions import Preconditions
    from pytest_smokedeploy.run.session import GateSession

T = TypeVar("T")

RUN: pytest.StashKey[GateRun] = pytest.StashKey()


def _session(request: pytest.FixtureRequest) -> GateSession:
    run = request.config.stash.get(RUN, None)
    if run is None or run.gate is None:
        pytest.fail("smoke_* fixtures need a test with the marker smoke_stage in this run.", pytrace=False)
    return run.gate


def _recorded(request: pytest.FixtureRequest, thing: T) -> T:
    """`thing`, with every finding that one of its methods returns taken into the record."""
    from pytest_smokedeploy.plugin.recording_proxy import RecordingProxy  # noqa: PLC0415 - lazily

    return cast("T", RecordingProxy(thing, _session(request).facts.finding))


@pytest.fixture(scope="session")
def smoke_run(request: pytest.FixtureRequest) -> Preconditions:
    """The run and its preconditions: `smoke_run.workflow_file()` and so on, `smoke_run.run` the settings."""
    return _recorded(request, _session(request).preconditions)


@pytest.fixture(scope="session")
def smoke_agent(request: pytest.FixtureRequest) -> ReadOnlyAgent:
    """The agent, for reading: `health()`, `status()`, `preflight()`. It cannot deploy or stop."""
    from pytest_smokedeploy.plugin.recording_proxy import ReadOnlyAgent  # noqa: PLC0415 - lazily

    client = _session(request).client
    if client is None:
        pytest.fail("DEPLOY_ENDPOINT is not set: there is no agent to ask.", pytrace=False)
    return ReadOnlyAgent(client)


@pytest.fixture(scope="session")
def smoke_deployment(request: pytest.FixtureRequest) -> Deployment:
    """The deploy, sent at first use and never twice; always stopped (FLR-2)."""
    session = _session(request)
    # On the session node and before the deploy: a finalizer of this fixture would be lost when
    # its set-up dies of a signal after the request has left.
    request.session.addfinalizer(lambda: session.lifecycle.stop("the session's finalizer") and None)
    return _recorded(request, session.lifecycle.deployment())


@pytest.fixture(scope="session")
def smoke_status(request: pytest.FixtureRequest, smoke_deployment: object) -> StatusReading:  # noqa: ARG001
    """The agent's status after the deploy; `raw` holds the answer."""
    return _recorded(request, _session(request).lifecycle.status())


@pytest.fixture(scope="session")
def smoke_log(request: pytest.FixtureRequest, smoke_deployment: object) -> LogReading:  # noqa: ARG001
    """The start-up log, followed through idle and the quiet window; `lines` holds its text."""
    return _recorded(request, _session(request).lifecycle.log())


@pytest.fixture(scope="session")
def smoke_shutdown(request: pytest.FixtureRequest) -> Shutdown:
    """The stop, and what the status said then; it does not rest on a deploy that went well."""
    return _recorded(request, _session(request).lifecycle.stop("the run needs it no longer"))


@pytest.fixture(scope="session")
def smoke_evidence(request: pytest.FixtureRequest) -> Lifecycle:
    """What the whole run shows: the exit criteria of the model."""
    return _recorded(request, _session(request).lifecycle)
