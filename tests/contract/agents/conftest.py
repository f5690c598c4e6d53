"""Every agent there is, on a real socket behind the rehearsal's edge, and a client that is let in."""

from __future__ import annotations

import shutil
import subprocess
import sys
import uuid
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from pytest_smokedeploy.client import AgentClient
from pytest_smokedeploy.contract import DeployRequest, Extension
from pytest_smokedeploy.rehearsal import Stack, World
from pytest_smokedeploy.settings import load
from pytest_smokedeploy.support.redaction import Secret
from tests.support.needs import needs_docker, needs_podman
from tests.support.podman import podman_service

ROOT = Path(__file__).parents[3]
PODMAN = "ours on podman"
AGENTS = {
    "ours on docker": World(engine="docker"),
    PODMAN: World(engine="docker"),
    "ours on processes": World(),
    "the base contract alone": World(
        agent_command=(sys.executable, str(Path(__file__).with_name("base_agent.py")))
    ),
}
#: The agents that list every extension.
OURS = (
    pytest.param("ours on docker", marks=needs_docker),
    pytest.param(PODMAN, marks=needs_podman),
    "ours on processes",
)
BASE = "the base contract alone"
SECONDS = 60.0


class Agent:
    """One agent, by the calls that its contract lists."""

    def __init__(self, name, stack, client):
        self.name, self.stack, self.client = name, stack, client
        self.container_name = "runtime-dev"

    @property
    def image(self):
        return f"{self.stack.image_repository}:{self.stack.image_tag}"

    @property
    def status(self):
        return self.client.status().raw

    @property
    def extensions(self):
        return frozenset(self.status.get("extensions") or ())

    def request(self, **fields):
        """A sound deploy request in the words this agent takes."""
        named = Extension.RECEIPT in self.extensions
        more = {"deploy_id": str(uuid.uuid4())} if named else {}
        return DeployRequest(**({"image": self.image, "environment": "dev"} | more | fields))

    def deploy(self, **fields):
        """Deploy and wait for its end; returns the request and the answer."""
        request = self.request(**fields)
        return request, self.client.deploy(request, seconds=SECONDS)

    def stop(self, deploy_id=None):
        return self.client.stop(deploy_id, seconds=SECONDS)

    def get(self, path):
        """A call that the client does not know."""
        return httpx.get(self.stack.environ["DEPLOY_ENDPOINT"] + path, headers=self.token, trust_env=False)

    def post(self, path, body):
        """A body that the client would not send."""
        url = self.stack.environ["DEPLOY_ENDPOINT"] + path
        return httpx.post(url, content=body, headers=self.token, trust_env=False, timeout=SECONDS)

    @property
    def token(self):
        given = self.stack.environ
        return {
            "CF-Access-Client-Id": given["CF_ACCESS_CLIENT_ID"],
            "CF-Access-Client-Secret": given["CF_ACCESS_CLIENT_SECRET"],
            "Content-Type": "application/json",
        }

    def rest(self):
        """Stopped and not on hold, as every test finds it."""
        if self.status["running"]:
            self.stop()
        self.release()

    def release(self):
        """Take the hold off, where there is one."""
        if self.status.get("hold"):
            # As a person does it on the server.
            state = self.stack.folder / "state"
            command = [sys.executable, "-m", "pytest_smokedeploy", "agent", "release", "--state", str(state)]
            subprocess.run([*command, "--reason", "a test"], check=True, capture_output=True)


@pytest.fixture(scope="session", params=[*OURS, BASE])
def served(request, tmp_path_factory):
    """One agent for all tests, since a Docker world is slow to come up."""
    folder = tmp_path_factory.mktemp("agent")
    file = folder / "smokedeploy.yml"
    shutil.copy(ROOT / "smoke_tests" / "smokedeploy.yml", file)
    shutil.copytree(ROOT / "smoke_tests" / "migrations", folder / "migrations")
    with ExitStack() as end:
        stack = Stack(AGENTS[request.param], folder / "world", load(file), folder)
        # While it comes up alone: other tests of this process are on Docker.
        with pytest.MonkeyPatch.context() as environ:
            if request.param == PODMAN:
                environ.setenv("DOCKER_HOST", end.enter_context(podman_service()).host)
            end.enter_context(stack)
        given = stack.environ
        client = end.enter_context(
            AgentClient(
                given["DEPLOY_ENDPOINT"],
                Secret(given["CF_ACCESS_CLIENT_ID"]),
                Secret(given["CF_ACCESS_CLIENT_SECRET"]),
                request_seconds=SECONDS,
            )
        )
        yield Agent(request.param, stack, client)


@pytest.fixture
def agent(served):
    """The agent at rest, and brought back to it."""
    served.rest()
    yield served
    served.rest()
