"""The worlds of the selected tests, run ahead: a gate mostly waits, so several wait beside other tests."""

from __future__ import annotations

import os
import tempfile
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.rehearsal.gallery.catalogue import CASES, FAMILIES
from tests.rehearsal.gallery.forks import SERVER
from tests.rehearsal.gallery.gate import Ended
from tests.rehearsal.gallery.judge import rehearse

AT_ONCE = 8
#: `python -m tests.rehearsal.gallery` runs the whole; so does pytest with SMOKEDEPLOY_GALLERY=whole.
WHOLE = os.environ.get("SMOKEDEPLOY_GALLERY") == "whole"
#: Families that deviate in the same answers; of each clause one world of either is enough for a sample.
ALIKE = {"contradiction": "status"}


def sample() -> list[str]:
    """The sound worlds and, of each family, the first world of each clause: what there is time for always."""
    firsts: dict[tuple[str, ...], str] = {}
    for family, cases in FAMILIES.items():
        for name, case in cases.items():
            key = (ALIKE.get(family, family), case.clause, case.verdict)
            key = (family, name) if family == "sound" else key
            firsts.setdefault(key, name)
    return list(CASES) if WHOLE else list(firsts.values())


class Ahead:
    """Runs of worlds, begun as soon as the tests are collected and asked for by the tests.

    One that needs something of the machine that other tests use too (a container's name) is begun once it
    is asked for.
    """

    def __init__(self, wanted: list[str]) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="worlds-")
        self._pool = ThreadPoolExecutor(AT_ONCE)
        self._runs: dict[str, Future[Ended]] = {}
        for name in dict.fromkeys(wanted):
            if not CASES[name].needs:
                self._begin(name)

    def ended(self, name: str) -> Ended:
        """How the gate ended in that world; each runs once."""
        return (self._runs.get(name) or self._begin(name)).result()

    def close(self) -> None:
        """Begin no further one, and wait for those that run."""
        self._pool.shutdown(cancel_futures=True)
        SERVER.close()
        self._folder.cleanup()

    def _begin(self, name: str) -> Future[Ended]:
        folder = Path(self._folder.name) / str(len(self._runs))
        self._runs[name] = self._pool.submit(rehearse, CASES[name], name, folder)
        return self._runs[name]


AHEAD: pytest.StashKey[Ahead] = pytest.StashKey()


def pytest_collection_finish(session: pytest.Session) -> None:
    wanted = [item.callspec.params["world"] for item in session.items if "ended" in item.fixturenames]
    if wanted and not session.config.option.collectonly:
        session.config.stash[AHEAD] = Ahead(wanted)


def pytest_sessionfinish(session: pytest.Session) -> None:
    if ahead := session.config.stash.get(AHEAD, None):
        ahead.close()


@pytest.fixture
def ended(request):
    """ended(name): how the gate ended in that world."""
    return request.config.stash[AHEAD].ended
