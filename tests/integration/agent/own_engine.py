"""A Docker engine of a test's own, which it may end, kill and start again."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

from pytest_smokedeploy.agent.engines.docker.api import DockerApi
from pytest_smokedeploy.support.errors import EngineError
from tests.support.agent_process import until

SECONDS = 60
_CONFIG = """version = 2
root = "{0}/containerd"
state = "{0}/containerd-state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
address = "{0}/containerd.sock"
"""


class OwnEngine:
    """One dockerd on a folder: its containers and images stay, the process comes and goes.

    As on a server, containerd is a service beside it, and outlives it.
    """

    def __init__(self, folder):
        self._folder, self._processes = folder, {}
        folder.mkdir()
        # A socket's path has hardly more than a hundred characters.
        self.socket = folder / "docker.sock"
        self.host = f"unix://{self.socket}"
        self.api = DockerApi(self.host, seconds=SECONDS)

    @property
    def running(self):
        process = self._processes.get("dockerd")
        return process is not None and process.poll() is None

    def start(self):
        folder = self._folder
        if "containerd" not in self._processes:
            (folder / "containerd.toml").write_text(_CONFIG.format(folder))
            self._run("containerd", "--config", folder / "containerd.toml")
            until((folder / "containerd.sock").exists, SECONDS)
        network = ["--bridge", "none", "--iptables=false", "--ip-masq=false"]
        places = [f"--{name}={folder / name}" for name in ("data-root", "exec-root", "pidfile")]
        self._run(
            "dockerd", "--host", self.host, "--containerd", folder / "containerd.sock", *network, *places
        )
        until(self._answers, SECONDS)

    def end(self, how):
        """End dockerd by a signal, and wait until it is gone."""
        self._processes["dockerd"].send_signal(how)
        self._processes["dockerd"].wait(SECONDS)

    def close(self):
        """Leave nothing: what runs in it ends with it."""
        if self._processes and not self.running:
            self.start()
        self.clear()
        for name in ("dockerd", "containerd"):
            if process := self._processes.pop(name, None):
                process.send_signal(signal.SIGTERM)
                process.wait(SECONDS)
        # One that was killed leaves its mounts behind.
        rows = [row.split() for row in Path("/proc/self/mounts").read_text().splitlines()]
        for place in [row[1] for row in reversed(rows) if row[1].startswith(f"{self._folder}/")]:
            subprocess.run(["umount", "--lazy", place], check=True)

    def clear(self):
        """Remove its containers and images."""
        with self.api.client() as client:
            for row in client.containers(all=True):
                client.remove_container(row["Id"], force=True, v=True)
            for row in client.images():
                client.remove_image(row["Id"], force=True)

    def containers(self, name):
        """(running, deploy id) of each container of this name."""
        with self.api.client() as client:
            found = client.containers(all=True, filters={"name": name})
        return [(row["State"] == "running", row["Labels"].get("smokedeploy.deploy_id")) for row in found]

    def _run(self, *words):
        with (self._folder / f"{words[0]}.log").open("ab") as log:
            self._processes[words[0]] = subprocess.Popen(
                words, stdout=log, stderr=log, start_new_session=True
            )

    def _answers(self):
        assert self.running, (self._folder / "dockerd.log").read_text()[-2000:]
        try:
            with self.api.client(seconds=5) as client:
                return client.ping()
        except EngineError:
            return False
