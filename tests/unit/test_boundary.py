"""A test in tests/unit that starts a process, opens a socket or sleeps fails."""

import os
import socket
import subprocess
import time

import pytest


def bind():
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))


@pytest.mark.parametrize(
    "act",
    [
        lambda: subprocess.run(["true"], check=True),
        lambda: os.system("true"),  # noqa: S605
        os.fork,
        bind,
        lambda: socket.create_connection(("127.0.0.1", 9)),
        lambda: time.sleep(0.001),
    ],
    ids=["subprocess", "system", "fork", "server", "connection", "sleep"],
)
def test_it_is_refused(act):
    with pytest.raises(pytest.fail.Exception, match="a test in tests/unit"):
        act()
