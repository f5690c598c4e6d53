"""Refuses what makes a test slow or dependent on its machine: a process, a socket, a sleep.

Threads that other tests left are not refused anything: only the thread that runs the test is watched.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path

import pytest

HERE = Path(__file__).parent
REFUSED = {
    *("os.exec", "os.fork", "os.posix_spawn", "os.system", "subprocess.Popen"),
    *("socket.bind", "socket.connect", "socket.getaddrinfo"),
}
#: The thread that runs a test of this folder.
_watched: set[int] = set()


def _refuse(event: str, _arguments: tuple[object, ...] = ()) -> None:
    if event in REFUSED and threading.get_ident() in _watched:
        pytest.fail(f"a test in tests/unit met {event}; move it to tests/integration.")


sys.addaudithook(_refuse)


def _refuse_sleep(seconds: float) -> None:
    pytest.fail(f"a test in tests/unit sleeps {seconds} s; give the code a clock, or move the test.")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    if HERE in item.path.parents:  # pytest calls this hook for the tests of every folder
        _watched.add(threading.get_ident())
    try:
        return (yield)
    finally:
        _watched.clear()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(nextitem):
    if nextitem is None:  # what other folders' tests had for the whole session ends with the last test
        _watched.clear()


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    """No sleep, and no wait for the disk: what a lost power supply would leave is not tested here."""
    monkeypatch.setattr(time, "sleep", _refuse_sleep)
    monkeypatch.setattr(os, "fsync", lambda _: None)
