"""A real agent over HTTP on a real Docker engine, for the benchmarks beside it; no benchmark itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

import httpx
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from pytest_smokedeploy import contract
from pytest_smokedeploy.rehearsal.access import Team
from pytest_smokedeploy.rehearsal.registry import Registry
from pytest_smokedeploy.rehearsal.server import serving

NAME = "smokedeploy-benchmark"
#: The agent with its pause after the start changed, for what the pause alone costs.
AGENT = """
import os, sys
from pytest_smokedeploy.agent.domain import steps
from pytest_smokedeploy.agent.main import run
steps.SETTLE_SECONDS = float(os.environ.pop("SETTLE", steps.SETTLE_SECONDS))
sys.exit(run(["--exit-with-stdin"], os.environ))
"""


class Ground:
    """Registry, Access's keys, mounts, and agents on them; everything ends with the context."""

    def __init__(self) -> None:
        self._exit = ExitStack()
        self.names = {NAME}

    def __enter__(self) -> Self:
        self.folder = Path(self._exit.enter_context(TemporaryDirectory()))
        self.registry = Registry(self.folder / "registry")
        self._exit.callback(self.registry.stop)
        self.registry.start()
        self.repository = f"localhost:{self.registry.port}/{NAME}"
        for name in ("audit", "snapshots"):
            (self.folder / name).mkdir(mode=0o777)
        self.team = Team("")
        keys = Route("/cdn-cgi/access/certs", lambda _r: JSONResponse(self.team.jwks()))
        port = self._exit.enter_context(serving(Starlette(routes=[keys])))
        self.team.address = f"http://127.0.0.1:{port}"
        return self

    def __exit__(self, *_: object) -> None:
        remove = ["docker", "rm", "-f", *self.names]
        subprocess.run(remove, capture_output=True, check=False, timeout=60)
        self._exit.close()

    def agent(self, **environ: str) -> Agent:
        """Start an agent of its own process."""
        keep = {name: os.environ[name] for name in ("PATH", "DOCKER_HOST") if name in os.environ}
        state = self.folder / f"state-{len(list(self.folder.iterdir()))}"
        state.mkdir()
        environ = keep | {
            "ENVIRONMENT": "dev",
            "CONTAINER_NAME": NAME,
            "AUDIT_EVENTS_PATH": str(self.folder / "audit"),
            "SNAPSHOTS_PATH": str(self.folder / "snapshots"),
            "ALLOWED_IMAGES": self.repository,
            "CF_ACCESS_TEAM_DOMAIN": self.team.address,
            "CF_ACCESS_AUD": self.team.audience,
            "STATE_PATH": str(state),
            "STOP_GRACE_SECONDS": "0",
            "PORT": "0",
            **environ,
        }
        self.names.add(environ["CONTAINER_NAME"])
        agent = Agent(self, environ)
        self._exit.callback(agent.close)
        return agent


class Agent:
    """One running agent, and calls to it as the edge passes them on.

    Attributes:
        state: its STATE_PATH.
        pid: its process id.

    """

    def __init__(self, ground: Ground, environ: dict[str, str]) -> None:
        self._ground, self.state = ground, Path(environ["STATE_PATH"])
        log = (ground.folder / "agent.log").open("ab")
        with log:
            self._process = subprocess.Popen(
                [sys.executable, "-c", AGENT],
                env=environ,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        self.pid = self._process.pid
        line = self._process.stdout.readline() if self._process.stdout else b""
        if not line:
            sys.exit((ground.folder / "agent.log").read_text())
        self.client = httpx.Client(
            base_url=f"http://127.0.0.1:{json.loads(line)['port']}", timeout=120, trust_env=False
        )

    def call(self, method: str, path: str, **more: object) -> httpx.Response:
        """One call; anything but 200 ends the benchmark."""
        answer = self.client.request(method, path, headers=self.headers(), **more)  # type: ignore[arg-type]
        if answer.status_code != httpx.codes.OK:
            sys.exit(f"{method} {path}: {answer.status_code} {answer.text[:400]}")
        return answer

    def deploy(self, tag: str, **more: object) -> None:
        """Without a deploy id in `more`: no lease, no hold."""
        body = {"image": f"{self._ground.repository}:{tag}", "environment": "dev", **more}
        self.call("POST", contract.DEPLOY, json=body)

    def headers(self) -> dict[str, str]:
        """Access's assertion."""
        return {contract.ASSERTION_HEADER: self._ground.team.assertion("benchmark")}

    def peak_mb(self) -> float:
        """The most memory it ever had, MB."""
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii")
        return int(status.split("VmHWM:")[1].split()[0]) / 1024

    def close(self) -> None:
        """End it in order."""
        self.client.close()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        self._process.wait(60)
