"""Tests that need more than Python are skipped in one line, or fail where CI requires them."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.support.forks import SERVER
from tests.support.needs import REQUIRED, lacking
from tests.support.postgres import postgres  # noqa: F401 - a fixture for whoever asks

LEFT_OUT = pytest.StashKey[Counter]()


def pytest_collection_modifyitems(items):
    for item in items:
        if "postgres" in item.fixturenames:  # one cluster, so one worker
            item.add_marker(pytest.mark.xdist_group("postgres"))


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
