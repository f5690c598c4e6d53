"""The worlds of the selected tests, run ahead: a gate mostly waits, so several wait at once."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from tests.gallery.catalogue import CASES
from tests.gallery.gate import Ended
from tests.gallery.judge import rehearse

AT_ONCE = 4


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
