"""The real agent as a process of its own, called through real sockets as Access would call it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from pytest_smokedeploy import contract
from pytest_smokedeploy.rehearsal.access import Team
from pytest_smokedeploy.rehearsal.server import serving
from tests.support import forks

REPOSITORY = "ghcr.io/example/runtime"
NAME = "runtime-test"
SECONDS = 30.0
IDLE = "echo ready\nexec sleep 1000\n"


def until(look, seconds=SECONDS):
    """What `look` says once it is true, looked at until a deadline."""
    deadline = time.monotonic() + seconds
    while not (seen := look()):
        assert time.monotonic() < deadline, f"still {seen!r} after {seconds} s"
        threading.Event().wait(0.02)
    return seen


class Keys:
    """The team, and its keys where an agent fetches them."""

    def __init__(self):
        self.team = Team("")
        certs = Route("/cdn-cgi/access/certs", lambda _: JSONResponse(self.team.jwks()))
        self._server = contextlib.ExitStack()
        port = self._server.enter_context(serving(Starlette(routes=[certs])))
        self.team.address = f"http://127.0.0.1:{port}"

    def close(self):
        self._server.close()

    def service(self):
        return self.team.assertion("robot.access")

    def person(self, email="person@example.com"):
        return self.team.person(email)


class Agent:
    """One server's agent: its folders stay, the process comes and goes."""

    def __init__(self, folder, keys, **environ):
        self.folder, self.keys, self.process, self.client = folder, keys, None, None
        for name in ("audit-events", "snapshots", "store"):
            (folder / name).mkdir(exist_ok=True)
        self.environ = {
            "PATH": os.environ["PATH"],
            "ENVIRONMENT": "dev",
            "CONTAINER_NAME": NAME,
            "AUDIT_EVENTS_PATH": str(folder / "audit-events"),
            "SNAPSHOTS_PATH": str(folder / "snapshots"),
            "ALLOWED_IMAGES": REPOSITORY,
            "CF_ACCESS_TEAM_DOMAIN": keys.team.address,
            "CF_ACCESS_AUD": keys.team.audience,
            "STATE_PATH": str(folder / "state"),
            "STOP_GRACE_SECONDS": "5",
            "PORT": "0",
            "ENGINE": "process",
            "PROCESS_STORE": str(folder / "store"),
            **environ,
        }

    def image(self, tag, script=IDLE):
        """Put a script where the process engine finds it; returns its reference."""
        file = self.folder / "store" / REPOSITORY / tag / "run"
        file.parent.mkdir(parents=True)
        file.write_text(script)
        return f"{REPOSITORY}:{tag}"

    def start(self, *, forked=True, flags=("--exit-with-stdin",)):
        """Start it, by a fork (tests.support.forks) or with an interpreter of its own."""
        command = [sys.executable, "-m", "pytest_smokedeploy.agent", *flags]
        how = {"env": self.environ, "stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        with (self.folder / "agent.log").open("ab") as log:
            if forked:
                self.process = forks.agent(command, **how, stderr=log, server=forks.SERVER.address())
            else:
                self.process = subprocess.Popen(command, **how, stderr=log, start_new_session=True)
        line = self.process.stdout.readline()
        assert line, (self.folder / "agent.log").read_text()
        url = f"http://127.0.0.1:{json.loads(line)['port']}"
        self.client = httpx.Client(base_url=url, timeout=SECONDS, trust_env=False)
        return self

    def kill(self):
        """SIGKILL: it runs nothing of ours any more; what the engine `process` ran for it ends too."""
        tasks = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        runtimes = [int(pid) for task in tasks for pid in task.read_text().split()]
        self.process.kill()
        self._gone()
        for pid in runtimes:
            # No later agent knows them, and each leads a session of its own.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)

    def end(self):
        """SIGTERM, as a service manager does; returns the exit status."""
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(SECONDS)
        self._gone()
        return status

    def stop(self):
        """In order, as a rehearsal does; what runs is stopped."""
        if self.process is not None:
            with contextlib.suppress(OSError):
                self.process.stdin.close()
            try:
                self.process.wait(SECONDS)
            finally:
                self.process.kill()
                self._gone()

    def _gone(self):
        self.process.wait()
        self.client.close()
        for pipe in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(OSError):
                pipe.close()
        self.process = None

    # -- calls -----------------------------------------------------------------------------

    def call(self, method, path, body=None, *, human=False, client=None, **headers):
        assertion = self.keys.person() if human else self.keys.service()
        headers = {contract.ASSERTION_HEADER: assertion, **headers}
        return (client or self.client).request(method, path, json=body, headers=headers)

    def deploy(self, image, deploy_id=None, *, wait=True, client=None, **more):
        body = {"image": image, "environment": "dev", **more}
        if deploy_id is not None:
            body["deploy_id"] = deploy_id
        headers = {} if wait else {"Prefer": "respond-async"}
        return self.call("POST", "/v1/deploy", body, client=client, **headers)

    def progress(self, deploy_id, wait=None):
        return self.call("GET", f"/v1/deploys/{deploy_id}{'' if wait is None else f'?wait={wait}'}")

    def status(self):
        answer = self.call("GET", "/v1/status")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def stop_it(self, deploy_id=None):
        return self.call("POST", "/v1/stop", {"deploy_id": deploy_id} if deploy_id else None)

    def passed(self, deploy_id):
        return self.call("POST", "/v1/outcome", {"deploy_id": deploy_id, "outcome": "passed"})

    def release(self, reason="looked: a full disk", *, human=True):
        return self.call("POST", "/v1/hold/release", {"reason": reason}, human=human)

    def audit(self):
        file = self.folder / "state" / "audit.jsonl"
        return [json.loads(line) for line in file.read_text().splitlines()]

    def audited(self, what):
        return [row for row in self.audit() if row["what"] == what]
