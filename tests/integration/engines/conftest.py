"""A real registry and a real engine, an agent's flow over them, and the engine's own witness."""

from __future__ import annotations

import json
import os
import subprocess
import threading
import time
import uuid
from contextlib import closing, suppress

import pytest
from docker.errors import NotFound

from pytest_smokedeploy.agent.domain.flow import Flow
from pytest_smokedeploy.agent.domain.reconcile import reconcile
from pytest_smokedeploy.agent.engines.docker.api import DockerApi
from pytest_smokedeploy.agent.engines.docker.engine import DockerEngine
from pytest_smokedeploy.agent.settings import AgentSettings
from pytest_smokedeploy.contract import DeployRequest
from pytest_smokedeploy.rehearsal.registry import Registry

SECONDS = 60
IDLE = "trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 1 & wait $!; done"


def until(look, words):
    """What `look` gives once it is true, within a deadline."""
    deadline = time.monotonic() + SECONDS
    while not (seen := look()):
        assert time.monotonic() < deadline, f"never seen: {words}"
        threading.Event().wait(0.02)
    return seen


class FailedError(Exception):
    """A deploy that was answered 500."""

    def __init__(self, body):
        super().__init__(body["reason"])
        self.body, self.step, self.steps = body, body["step"], body["steps"]


class Bench:
    """One container name on the real engine, images for it, and what the engine says happened."""

    def __init__(self, folder, registry, environ=None, host=""):
        self.name = f"engines-{uuid.uuid4().hex[:12]}"
        self.repository = f"localhost:{registry.port}/{self.name}"
        self.host = host or os.environ.get("DOCKER_HOST", "")
        self.api = DockerApi(self.host)
        self.engine = DockerEngine(self.name, self.host)
        self.folder = folder
        self._registry = registry
        self._since = 0
        for name in ("audit", "snapshots"):
            (folder / name).mkdir()
        self.settings = AgentSettings.from_environ(
            {
                "ENVIRONMENT": "dev",
                "CONTAINER_NAME": self.name,
                "AUDIT_EVENTS_PATH": str(folder / "audit"),
                "SNAPSHOTS_PATH": str(folder / "snapshots"),
                "ALLOWED_IMAGES": self.repository,
                "CF_ACCESS_TEAM_DOMAIN": "team.example",
                "CF_ACCESS_AUD": "aud",
                "STOP_GRACE_SECONDS": "1",
                "STATE_PATH": str(folder / "state"),
                **(environ or {}),
            }
        )
        self.flow = Flow(self.settings, reconcile(self.settings, self.engine))

    def push(self, tag, script=IDLE, applets=()):
        self._registry.push(self.repository, tag, f"#!/bin/sh\n{script}\n", applets)
        return f"{self.repository}:{tag}"

    def deploy(self, tag="v1"):
        """The receipt; without a deploy id, so that no hold stands in the way of the next."""
        request = DeployRequest(image=f"{self.repository}:{tag}", environment="dev")
        record = self.flow.deploy(request, "tests").ended.result(SECONDS)
        if not record.deployed:
            raise FailedError(record.body)
        return record.body

    def docker(self, *words):
        done = subprocess.run(
            ["docker", *words], capture_output=True, text=True, timeout=SECONDS, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def mark(self):
        """From here on `events` tells what happened."""
        # By the engine's own clock and exact: its events carry nanoseconds.
        self._since = time.time_ns()

    def events(self):
        """Actions on this bench's images and containers since `mark`, in the engine's order."""
        until_ = time.time_ns()
        span = [f"{at // 10**9}.{at % 10**9:09d}" for at in (self._since, until_)]
        out = self.docker("events", "--since", span[0], "--until", span[1], "--format", "{{json .}}")
        found = []
        for row in map(json.loads, out.splitlines()):
            name = row["Actor"]["Attributes"].get("name", "")
            ours = row["Type"] == "image" and row["Actor"]["ID"].startswith(self.repository)
            if ours or (row["Type"] == "container" and name == self.name):
                found.append(row["Action"])
        return found

    def clear(self):
        self.flow.control.close(SECONDS)
        with self.api.client() as client:
            for row in client.containers(all=True, filters={"name": self.name}):
                client.remove_container(row["Id"], force=True, v=True)
            # By its names, never by its id: another process of the tests may run the same image by its own.
            for row in client.images(name=self.repository):
                for name in (*(row["RepoTags"] or ()), *(row["RepoDigests"] or ())):
                    if name.startswith(self.repository):
                        with suppress(NotFound):
                            client.remove_image(name, force=True)


@pytest.fixture(scope="session")
def registry(tmp_path_factory):
    made = Registry(tmp_path_factory.mktemp("registry") / "registry")
    try:
        made.start()
        yield made
    finally:
        made.stop()


@pytest.fixture
def bench(tmp_path, registry):
    made = Bench(tmp_path, registry)
    try:
        yield made
    finally:
        made.clear()


@pytest.fixture
def logs(bench):
    """Reads the container's whole log as lines."""

    def read(since=None, *, follow=True):
        with closing(bench.engine.logs(since, follow=follow)) as batches:
            return [record for batch in batches for record in batch]

    return read
