"""A stranger's Deploy Agent: the four calls of the base contract and nothing more, in a process of its own.

It knows no id, gives no receipt, tells no log and no extension. It runs the reference runtime's script
as a child. Started like ours in a rehearsal: its settings stand in the environment, its first line
tells the port, and it leaves, with what it runs, when its standard input ends.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

ENV = os.environ
NAME = ENV["CONTAINER_NAME"]
KNOWN = {"image", "environment", "env"}


class Runtime:
    """The one child."""

    def __init__(self):
        self.lock = threading.Lock()
        self.child = None
        self.command = None
        self.image = self.started_at = None

    @property
    def running(self):
        return self.child is not None and self.child.poll() is None

    def start(self, image, env):
        # A slow pull, in which a stop finds nothing to stop.
        threading.Event().wait(float(ENV.get("DEPLOY_DELAY", "0")))
        with self.lock:
            self._stop()
            host, _, path = image.partition("/")
            path, _, tag = path.partition(":")
            script = Path(ENV["PROCESS_STORE"]) / host / path / tag / "run"
            if not script.is_file():
                return f"no such image: {image}"
            mounts = {name: ENV[name] for name in ("AUDIT_EVENTS_PATH", "SNAPSHOTS_PATH")}
            self.image, self.command = image, (str(script), {"PATH": ENV["PATH"], **env, **mounts})
            self._spawn()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.child.wait(0.3)
            return "" if self.running else f"it left with {self.child.returncode}"

    def _spawn(self):
        script, env = self.command
        self.child = subprocess.Popen(
            ["/bin/sh", script],
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self.started_at = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        if ENV.get("RESTART") == "unless-stopped":
            threading.Thread(target=self._restart, args=(self.child,), daemon=True).start()

    def _restart(self, child):
        """As an engine's restart policy does: start it again whenever it ends by itself."""
        child.wait()
        with self.lock:
            if self.child is child and self.command:
                self._spawn()

    def stop(self):
        with self.lock:
            self._stop()

    def _stop(self):
        self.command = None
        if not self.running:
            return
        self.child.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.child.wait(5)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.child.pid, signal.SIGKILL)
        self.child.wait()


RUNTIME = Runtime()


def error(status, reason):
    # One of the two spellings that the base contract allows.
    return JSONResponse({"error": reason}, status)


def server_env():
    file = ENV.get("RUNTIME_ENV_FILE")
    lines = Path(file).read_text(encoding="utf-8").splitlines() if file else []
    return dict(line.split("=", 1) for line in lines if "=" in line)


async def body_of(request: Request):
    try:
        body = await request.json()
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


async def deploy(request: Request):
    body = await body_of(request)
    if body is None or set(body) - KNOWN or not isinstance(body.get("image"), str):
        return error(400, "image and environment are wanted, env where CI injects it, and nothing else")
    if body.get("environment") != ENV["ENVIRONMENT"]:
        return error(400, f"this agent is {ENV['ENVIRONMENT']}'s")
    owned = server_env()
    if owned and "env" in body:
        return error(400, "the server owns the runtime environment")
    reason = await run_in_threadpool(RUNTIME.start, body["image"], body.get("env") or owned)
    if reason:
        return error(500, reason)
    return JSONResponse({"status": "deployed", "image": body["image"]})


async def status(_request: Request):
    told = {"container_name": NAME, "running": RUNTIME.running}
    if RUNTIME.child is not None:
        told |= {"image": RUNTIME.image, "started_at": RUNTIME.started_at}
    return JSONResponse(told)


async def stop(_request: Request):
    await run_in_threadpool(RUNTIME.stop)
    return JSONResponse({"status": "stopped", "container_name": NAME})


async def health(_request: Request):
    return JSONResponse({"status": "ok", "environment": ENV["ENVIRONMENT"]})


async def unknown(_request: Request, _error: Exception):
    return error(404, "no such call")


ROUTES = [
    Route("/v1/deploy", deploy, methods=["POST"]),
    Route("/v1/status", status),
    Route("/v1/stop", stop, methods=["POST"]),
    Route("/health", health),
]


def leave(server):
    while sys.stdin.buffer.read(4096):
        pass
    server.should_exit = server.force_exit = True


def main():
    listener = socket.create_server(("127.0.0.1", 0))
    app = Starlette(routes=ROUTES, exception_handlers={404: unknown})
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="off"))
    threading.Thread(target=leave, args=(server,), daemon=True).start()
    sys.stdout.write(json.dumps({"port": listener.getsockname()[1]}) + "\n")
    sys.stdout.flush()
    try:
        server.run(sockets=[listener])
    finally:
        RUNTIME.stop()


if __name__ == "__main__":
    main()
