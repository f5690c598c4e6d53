"""An agent behind a proxy that can hold its engine's calls, to be killed or ended at a chosen moment."""

from __future__ import annotations

import shutil
import subprocess
import sys
import uuid

from pytest_smokedeploy.agent.engines.docker.api import DockerApi
from tests.support.agent_process import Agent
from tests.support.docker_proxy import DockerProxy

RUNTIME = "trap 'exit 0' TERM\necho ready\nwhile :; do sleep 1000 & wait $!; done\n"
#: Which call of the engine's API each step is held at.
HELD = {
    "pull": ("POST", r"^/images/create"),
    "stop": ("POST", r"^/containers/[^/]+/stop"),
    "remove": ("DELETE", r"^/containers/"),
    "start": ("POST", r"^/containers/create"),
    "started": ("POST", r"^/containers/[^/]+/start"),
}


class CrashAgent(Agent):
    """The agent; `repository` holds 1.0.0 and 2.0.0 of one runtime."""

    def __init__(self, folder, keys, host, repository):
        self.engine, self.repository = DockerApi(host), repository
        self.name = f"crash-{uuid.uuid4().hex[:12]}"
        self.proxy = DockerProxy(folder / "docker.sock", host.removeprefix("unix://"))
        super().__init__(
            folder,
            keys,
            ENGINE="docker",
            DOCKER_HOST=self.proxy.host,
            CONTAINER_NAME=self.name,
            ALLOWED_IMAGES=repository,
        )

    @property
    def there(self):
        """(running, deploy id) of each container of this name, by the engine's own word."""
        with self.engine.client() as client:
            found = client.containers(all=True, filters={"name": self.name})
        return [(row["State"] == "running", row["Labels"].get("smokedeploy.deploy_id")) for row in found]

    def deployed(self, tag, one, **more):
        answer = self.deploy(f"{self.repository}:{tag}", one, **more)
        assert answer.status_code == 200, answer.text

    def killed_in(self, step, one):
        """Deploy, and kill the agent while the call of `step` is held."""
        self.proxy.hold(*HELD[step])
        assert self.deploy(f"{self.repository}:2.0.0", one, wait=False).status_code == 202
        assert self.proxy.reached.wait(60), self.proxy.calls
        self.kill()

    def settled(self, one, step):
        """Start again: the deploy counts as failed in `step`, it stays on hold, and the audit log says so."""
        self.start()
        told = self.progress(one).json()
        assert (told["state"], told["step"]) == ("failed", step)
        assert "the agent ended during" in told["reason"]
        assert self.status()["hold"]["deploy_id"] == one
        assert self.deploy(f"{self.repository}:2.0.0", one).status_code == 500, "never done again"
        assert f"during the step {step} of the deploy {one}" in self.said_at_start
        return self.said_at_start

    @property
    def said_at_start(self):
        """What the audit log says of the last start."""
        return self.audited("agent.started")[-1]["why"]

    def run_foreign(self, tag):
        """Run a container that the agent did not make, under its name."""
        with self.engine.client() as client:
            client.pull(self.repository, tag=tag)
            made = client.create_container(
                f"{self.repository}:{tag}", name=self.name, host_config={"NetworkMode": "none"}
            )
            client.start(made["Id"])

    def lose_state(self):
        """Empty STATE_PATH."""
        shutil.rmtree(self.folder / "state")

    def not_started(self, sign=None, **environ):
        """An agent that can't start with these settings; returns its exit status and what it said.

        `sign` is the signal that it gets while it waits for the end of a lease.
        """
        command = [sys.executable, "-m", "pytest_smokedeploy.agent"]
        with subprocess.Popen(
            command, env=self.environ | environ, stderr=subprocess.PIPE, text=True
        ) as process:
            said = []
            for line in process.stderr:
                said.append(line)
                if sign is not None and "runs within its first lease" in line:
                    process.send_signal(sign)
            return process.wait(60), "".join(said)

    def close(self):
        self.stop()
        with self.engine.client() as client:
            for row in client.containers(all=True, filters={"name": self.name}):
                client.remove_container(row["Id"], force=True, v=True)
        self.proxy.close()
