"""Session fixtures of the gate: each hands out one object, and none decides anything.

What they hand out answers with findings; looking at one writes it down. A check that looks at
nothing proves nothing, whatever it asserts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pytest_smokedeploy.run.session import GateSession

SESSION: pytest.StashKey[GateSession] = pytest.StashKey()


def _session(request: pytest.FixtureRequest) -> GateSession:
    session = request.config.stash.get(SESSION, None)
    if session is None:
        pytest.fail("smoke_* fixtures need a test with the marker smoke_stage in this run.", pytrace=False)
    return session


def _looked(request: pytest.FixtureRequest, thing: object) -> Any:  # noqa: ANN401 - a transparent view
    from pytest_smokedeploy.plugin.recording_proxy import RecordingProxy  # noqa: PLC0415 - lazily, for a sleeping plug-in

    return RecordingProxy(thing, _session(request).facts.finding)


@pytest.fixture(scope="session")
def smoke_run(request: pytest.FixtureRequest) -> Any:  # noqa: ANN401 - a transparent view
    """The run and its preconditions: `smoke_run.workflow_file()` and so on, `smoke_run.run` the settings."""
    return _looked(request, _session(request).preconditions)


@pytest.fixture(scope="session")
def smoke_agent(request: pytest.FixtureRequest) -> Any:  # noqa: ANN401 - a transparent view
    """The agent, for reading: `health()`, `status()`, `preflight()`. It cannot deploy or stop."""
    from pytest_smokedeploy.plugin.recording_proxy import ReadOnlyAgent  # noqa: PLC0415 - lazily

    client = _session(request).client
    if client is None:
        pytest.fail("DEPLOY_ENDPOINT is not set: there is no agent to ask.", pytrace=False)
    return ReadOnlyAgent(client)


@pytest.fixture(scope="session")
def smoke_deployment(request: pytest.FixtureRequest) -> Any:  # noqa: ANN401 - a transparent view
    """The deploy, sent at first use and never twice; always stopped (FLR-2)."""
    session = _session(request)
    # On the session node and before the deploy: a finalizer of this fixture would be lost when
    # its set-up dies of a signal after the request has left.
    request.session.addfinalizer(lambda: session.lifecycle.stop("the session's finalizer") and None)
    return _looked(request, session.lifecycle.deployment())


@pytest.fixture(scope="session")
def smoke_status(request: pytest.FixtureRequest, smoke_deployment: object) -> Any:  # noqa: ANN401, ARG001
    """The agent's status after the deploy; `raw` holds the answer."""
    return _looked(request, _session(request).lifecycle.status())


@pytest.fixture(scope="session")
def smoke_log(request: pytest.FixtureRequest, smoke_deployment: object) -> Any:  # noqa: ANN401, ARG001
    """The start-up log, followed through idle and the quiet window; `lines` holds its text."""
    return _looked(request, _session(request).lifecycle.log())


@pytest.fixture(scope="session")
def smoke_shutdown(request: pytest.FixtureRequest) -> Any:  # noqa: ANN401 - a transparent view
    """The stop, and what the status said then; it does not rest on a deploy that went well."""
    return _looked(request, _session(request).lifecycle.stop("verification is over"))


@pytest.fixture(scope="session")
def smoke_evidence(request: pytest.FixtureRequest) -> Any:  # noqa: ANN401 - a transparent view
    """What the whole run shows: the exit criteria of the model."""
    return _looked(request, _session(request).lifecycle)
