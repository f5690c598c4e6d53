"""Starts ``python -m MODULE`` by a fork of a process that has imported everything.

Imports are most of a short run's time. What runs is the same code on the same command line, environment,
folder and streams, in a session of its own, and it ends through the interpreter's own finalisation. Some
worlds run as processes of their own all the same (`judge`).
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import pkgutil
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from _pytest.config import default_plugins

from pytest_smokedeploy import settings
from pytest_smokedeploy.rehearsal import stack
from pytest_smokedeploy.rehearsal.access import Team
from pytest_smokedeploy.reports import html

ROOT = Path(__file__).parents[2]
#: Names the server's socket to the worlds that run in a fork: their agent is forked from the same server.
VARIABLE = "SMOKEDEPLOY_TEST_FORKS"
#: Modules that a run imports beside the package's own.
_MORE = (
    "anyio._backends._asyncio", "faulthandler", "httpcore", "packaging.version", "pdb", "pytest_html.hooks",
    "pytest_html.plugin", "pytest_metadata.hooks", "pytest_metadata.plugin", "pytest_order.plugin",
    "pytest_timeout", "readline", "sqlalchemy.dialects.sqlite", "tests.rehearsal.gallery.catalogue",
    "tomllib", "uvicorn.lifespan.off", "uvicorn.loops.asyncio", "uvicorn.loops.auto",
    "uvicorn.protocols.http.auto", "uvicorn.protocols.websockets.auto",
)  # fmt: skip
_REQUEST_BYTES = 1024 * 1024


class Forked:
    """A forked process, with what is used of `subprocess.Popen`.

    Args:
        server: the server's socket.
        command: ``[python, "-m", module, ...]``.
        cwd: its folder.
        env: its whole environment.
        streams: descriptors of its standard input, output and error.

    """

    stdin: Any = None
    stdout: Any = None

    def __init__(
        self, server: str, command: list[str], *, cwd: Path, env: dict[str, str], streams: list[int]
    ):
        self.args, self.returncode = command, None
        self._waiting = threading.Lock()
        self._server = socket.socket(socket.AF_UNIX)
        self._server.connect(server)
        request = {"module": command[2], "argv": command[3:], "cwd": str(cwd), "env": env}
        body = json.dumps(request).encode()
        socket.send_fds(self._server, [len(body).to_bytes(4, "big")], streams)
        self._server.sendall(body)
        self._said = self._server.makefile("r")
        self.pid = int(self._said.readline())

    def poll(self) -> int | None:
        """Its exit status, negative for a signal; None while it runs or another thread waits."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end.

        Raises:
            subprocess.TimeoutExpired: it has not ended within `timeout` seconds.

        """
        if not self._waiting.acquire(timeout=-1 if timeout is None else timeout):
            raise subprocess.TimeoutExpired(self.args, timeout or 0)
        try:
            if self.returncode is None:
                if not select.select([self._server], [], [], timeout)[0]:
                    raise subprocess.TimeoutExpired(self.args, timeout or 0)
                self.returncode = int(self._said.readline())
                self._said.close()
                self._server.close()
        finally:
            self._waiting.release()
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Send SIGTERM, unless it has ended."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Send SIGKILL, unless it has ended."""
        self.send_signal(signal.SIGKILL)


def agents(server: str = "") -> SimpleNamespace:
    """What a stack uses of `subprocess`, with which its agent is forked."""
    popen = partial(agent, server=server)
    return SimpleNamespace(Popen=popen, PIPE=subprocess.PIPE, TimeoutExpired=subprocess.TimeoutExpired)


def agent(  # noqa: PLR0913 - as subprocess.Popen
    command: list[str],
    *,
    env: dict[str, str],
    stdin: int,
    stdout: int,
    stderr: Any,
    server: str = "",
    **more: Any,
) -> Any:
    """Start an agent in the place of `subprocess.Popen`: ours is forked, another is not."""
    if list(command[1:3]) != ["-m", "pytest_smokedeploy.agent"]:
        return subprocess.Popen(command, env=env, stdin=stdin, stdout=stdout, stderr=stderr, **more)
    (theirs_in, ours_in), (ours_out, theirs_out) = os.pipe(), os.pipe()
    streams = [theirs_in, theirs_out, stderr.fileno()]
    made = Forked(server or os.environ[VARIABLE], list(command), cwd=Path.cwd(), env=env, streams=streams)
    os.close(theirs_in)
    os.close(theirs_out)
    made.stdin, made.stdout = os.fdopen(ours_in, "wb", 0), os.fdopen(ours_out, "rb", 0)
    return made


class Server:
    """The server's process, started at first use."""

    def __init__(self):
        self._lock, self._process, self._folder = threading.Lock(), None, None

    def address(self) -> str:
        """Its socket, once it has imported everything."""
        with self._lock:
            if self._process is None:
                self._folder = tempfile.TemporaryDirectory(prefix="forks-")
                self._process = subprocess.Popen(
                    [sys.executable, "-m", "tests.support.forks", f"{self._folder.name}/socket"],
                    cwd=ROOT,
                    env={**os.environ, "PYTHONPATH": str(ROOT)},
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    start_new_session=True,
                )
                assert self._process.stdout.readline() == b"ready\n"
        return f"{self._folder.name}/socket"

    def close(self) -> None:
        """End it; what it forked goes on."""
        with self._lock:
            if self._process is not None:
                self._process.stdin.close()
                self._process.wait(30)
                self._process.stdout.close()
                self._folder.cleanup()
                self._process = None


SERVER = Server()


# -- in the server --------------------------------------------------------------------------------


def _preload() -> None:
    own = [
        found.name
        for found in pkgutil.walk_packages([str(ROOT / "pytest_smokedeploy")], "pytest_smokedeploy.")
    ]
    for name in (*(f"_pytest.{name}" for name in default_plugins), *own, *_MORE):
        if not name.endswith("__main__"):
            importlib.import_module(name)
    # The patterns of the log language are compiled, and kept by `re`.
    settings.load(ROOT / "smoke_tests" / "smokedeploy.yml")
    # So are the report's templates, by Jinja2.
    for name in (made := html.templates()).list_templates(extensions=["html"]):
        made.get_template(name)
    # Every world's team signs by one key: making one costs 50 ms.
    stack.Team = partial(Team, key=Team("").key)
    gc.collect()
    gc.freeze()


def _serve(address: str) -> dict[str, Any]:
    """Fork one process a request; returns in each of them, with the request."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen(64)
    wake, woken = os.pipe()
    os.set_blocking(woken, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(woken)
    callers: dict[int, socket.socket] = {}
    os.write(1, b"ready\n")
    while True:
        ready, _, _ = select.select([listener, wake, 0], [], [])
        if 0 in ready and not os.read(0, 1):
            raise SystemExit(0)
        if wake in ready:
            os.read(wake, 4096)
        with contextlib.suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                with callers.pop(ended[0]) as caller, contextlib.suppress(OSError):
                    caller.sendall(b"%d\n" % os.waitstatus_to_exitcode(ended[1]))
        if listener in ready:
            caller, _ = listener.accept()
            size, streams, _, _ = socket.recv_fds(caller, 4, 3)
            with caller.makefile("rb") as body:
                request = json.loads(body.read(int.from_bytes(size, "big")))
            if not (pid := os.fork()):
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                os.setsid()
                for target, stream in enumerate(streams):
                    os.dup2(stream, target)
                os.closerange(3, 1024)
                return request
            for stream in streams:
                os.close(stream)
            caller.sendall(b"%d\n" % pid)
            callers[pid] = caller


def _main(address: str) -> None:
    _preload()
    request = _serve(address)
    os.environ.clear()
    os.environ.update(request["env"])
    os.chdir(request["cwd"])
    sys.path[0] = request["cwd"]
    sys.argv[1:] = request["argv"]
    time.tzset()
    runpy.run_module(request["module"], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    _main(sys.argv[1])
