"""The worlds of the selected tests, run ahead: a gate mostly waits, so several wait at once."""

from __future__ import annotations

import os
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from tests.gallery.catalogue import CASES, FAMILIES
from tests.gallery.gate import Ended
from tests.gallery.judge import rehearse

AT_ONCE = 4
#: `python -m tests.gallery` runs the whole; so does pytest with SMOKEDEPLOY_GALLERY=whole.
WHOLE = os.environ.get("SMOKEDEPLOY_GALLERY") == "whole"


def sample() -> list[str]:
    """The sound worlds and, of each family, the first world of each clause: what there is time for always."""
    firsts: dict[tuple[str, ...], str] = {}
    for family, cases in FAMILIES.items():
        for name, case in cases.items():
            key = (family, name) if case.sound else (family, case.clause, case.verdict)
            firsts.setdefault(key, name)
    return list(CASES) if WHOLE else list(firsts.values())


@pytest.fixture(scope="session")
def ended(request, tmp_path_factory):
    """ended(name): how the gate ended in that world; each world runs once."""
    folder = tmp_path_factory.mktemp("worlds")
    wanted = [item.callspec.params["world"] for item in request.session.items if "ended" in item.fixturenames]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        runs: dict[str, Future[Ended]] = {
            name: pool.submit(rehearse, CASES[name], name, folder / str(n)) for n, name in enumerate(wanted)
        }
        yield lambda name: runs[name].result()
        pool.shutdown(cancel_futures=True)
