"""The rehearsal's GitHub on a port of its own."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from pytest_smokedeploy.rehearsal import World
from pytest_smokedeploy.rehearsal.github import GitHub as StandIn
from pytest_smokedeploy.rehearsal.server import serving
from tests.rehearsal.gallery.gate import ROOT
from tests.unit.preconditions.conftest import FLOW, REPOSITORY, SHA, TOKEN, run_of, whole  # noqa: F401


@pytest.fixture
def hub(run_of):  # noqa: F811 - pytest gives it that fixture
    """hub(change, **how) -> the run; `change` is what a World's `github` does to an answer."""
    with ExitStack() as stack:

        def make(change=None, *, commits=(SHA,), known_good=None, **how):
            world = World(github=change)
            stand_in = StandIn(
                world=world,
                repository=REPOSITORY,
                token=TOKEN,
                commits=commits,
                workflow=ROOT / FLOW,
                run_id="7",
                known_good=known_good,
            )
            port = stack.enter_context(serving(stand_in.app()))
            return run_of(f"http://127.0.0.1:{port}", **how)

        yield make
