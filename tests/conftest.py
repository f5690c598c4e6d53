"""Tests that need more than Python are skipped in one line, or fail where CI requires them."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from tests.support.browser import browser  # noqa: F401 - a fixture for whoever asks
from tests.support.forks import SERVER
from tests.support.needs import REQUIRED, lacking
from tests.support.postgres import postgres  # noqa: F401 - likewise

LEFT_OUT = pytest.StashKey[Counter]()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    from xdist.scheduler import LoadScopeScheduling  # noqa: PLC0415 - only where it shares the tests

    class Sharing(LoadScopeScheduling):
        """Which tests one process runs in a row: a file's, since they share what they start.

        Each world of the gallery is on its own. (Groups by mark need node ids that pytest 9.2 lets nobody
        change.)
        """

        def _split_scope(self, nodeid):
            file = nodeid.partition("::")[0]
            if file == "tests/rehearsal/gallery/test_worlds.py":
                return nodeid
            # Searched from one bracket alone: an id may be a long text, full of them.
            if re.search(r"\bpodman\b", nodeid.partition("[")[2]) and not file.startswith("tests/unit/"):
                return "Podman"
            if file.startswith(("tests/contract/agents/", "tests/rehearsal/docker/")):
                return "the container runtime-dev"
            return file

    return Sharing(config, log)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    for mark in item.iter_markers("needs"):
        why = lacking(mark.args[0])
        if why and REQUIRED:
            pytest.fail(f"required here, and {why}.", pytrace=False)
        if why:
            item.config.stash.setdefault(LEFT_OUT, Counter())[why] += 1
            pytest.skip(why)


def pytest_sessionfinish():
    SERVER.close()


def pytest_terminal_summary(terminalreporter, config):
    left = config.stash.get(LEFT_OUT, Counter())
    if left:
        words = "; ".join(f"{count} tests, {why}" for why, count in left.items())
        terminalreporter.write_line(f"left out on this machine: {words}")
