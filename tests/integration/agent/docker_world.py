"""An agent on Docker behind a proxy that can hold a call, with a slow registry and the engine as witness."""

from __future__ import annotations

import json
import os
import subprocess
import time
import uuid

from tests.integration.agent.slow_registry import SlowRegistry
from tests.support.agent_process import Agent, until
from tests.support.docker_proxy import DockerProxy

CREATE = ("POST", r"^/containers/create")
PULL = ("POST", r"^/images/create")
STOP = ("POST", r"^/containers/[^/]+/stop")
START = ("POST", r"^/containers/[^/]+/start")
LOOK = ("GET", r"^/containers/[^/]+/json")


class DockerAgent(Agent):
    """The agent; `quick` and `slow` are the same repository, straight and through a slow line."""

    def __init__(self, folder, keys, registry):
        address = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock").removeprefix("unix://")
        self.name = f"agent-{uuid.uuid4().hex[:12]}"
        self.proxy = DockerProxy(folder / "docker.sock", address)
        self.line = SlowRegistry(registry.port)
        self.quick, self.slow = (f"localhost:{port}/{self.name}" for port in (registry.port, self.line.port))
        self._registry, self._since = registry, time.time_ns()
        super().__init__(
            folder,
            keys,
            ENGINE="docker",
            DOCKER_HOST=self.proxy.host,
            CONTAINER_NAME=self.name,
            ALLOWED_IMAGES=f"{self.quick},{self.slow}",
        )

    def push(self, tag, script):
        self._registry.push(self.quick, tag, f"# {self.name}\n{script}\n")

    def docker(self, *words):
        done = subprocess.run(["docker", *words], capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def there(self):
        """(id, state) of each container of this name, by the engine's own word."""
        rows = self.docker(
            "ps", "-a", "--no-trunc", "-f", f"name={self.name}", "--format", "{{.ID}} {{.State}}"
        )
        return [tuple(row.split()) for row in rows.splitlines()]

    def events(self):
        """What the engine says happened to containers of this name: [(time in ns, action)], in order."""
        span = [f"{at // 10**9}.{at % 10**9:09d}" for at in (self._since, time.time_ns())]
        out = self.docker(
            "events",
            "--since",
            span[0],
            "--until",
            span[1],
            "-f",
            f"container={self.name}",
            "--format",
            "{{json .}}",
        )
        return [(row["timeNano"], row["Action"]) for row in map(json.loads, out.splitlines())]

    def ended(self, deploy_id):
        """How the deploy ended."""
        return until(lambda: (told := self.progress(deploy_id).json())["state"] != "deploying" and told, 60)

    def close(self):
        self.line.close()
        self.stop()
        for container, _ in self.there():
            self.docker("rm", "-f", container)
        for image in set(self.docker("images", "-q", self.quick).split()):
            self.docker("rmi", "-f", image)
        for image in set(self.docker("images", "-q", self.slow).split()):
            self.docker("rmi", "-f", image)
        self.proxy.close()
