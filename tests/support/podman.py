"""Podman's Docker-compatible service of a test's own (FACTS: Images and Docker)."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pytest_smokedeploy.agent.engines.docker.api import DockerApi
from pytest_smokedeploy.rehearsal.registry import Registry
from pytest_smokedeploy.support.errors import EngineError
from tests.support.agent_process import until

SECONDS = 60
#: Limits that a container without others may have on a machine whose own are lower than Podman's defaults.
_CONTAINERS = """[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
"""
_REGISTRIES = """unqualified-search-registries = []
[[registry]]
location = "localhost"
insecure = true
"""


class Podman:
    """One service on a folder: its containers and images stay, the process comes and goes.

    Args:
        folder: short, since a socket's path has hardly more than a hundred characters.

    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.socket = folder / "podman.sock"
        self.host = f"unix://{self.socket}"
        self.api = DockerApi(self.host, seconds=SECONDS)
        self._process: subprocess.Popen[bytes] | None = None
        (folder / "containers.conf").write_text(_CONTAINERS)
        (folder / "registries.conf").write_text(_REGISTRIES)

    def start(self) -> None:
        """Start it, and wait until it answers."""
        places = [f"--{name}={self._folder / name}" for name in ("root", "runroot", "tmpdir")]
        service = ["--storage-driver=vfs", "system", "service", "--time=0", self.host]
        environ = {
            **os.environ,
            "CONTAINERS_CONF": str(self._folder / "containers.conf"),
            "CONTAINERS_REGISTRIES_CONF": str(self._folder / "registries.conf"),
        }
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                ["podman", *places, *service], env=environ, stdout=log, stderr=log, start_new_session=True
            )
        until(self._answers, SECONDS)

    def end(self, how: int = signal.SIGTERM) -> None:
        """End the process by a signal, and wait until it is gone; its containers run on."""
        assert self._process is not None
        self._process.send_signal(how)
        self._process.wait(SECONDS)

    def close(self) -> None:
        """Leave nothing: no container, no process, no mount."""
        with self.api.client() as client:
            for row in client.containers(all=True):
                client.remove_container(row["Id"], force=True, v=True)
        self.end()
        rows = [row.split() for row in Path("/proc/self/mounts").read_text().splitlines()]
        for place in [row[1] for row in reversed(rows) if row[1].startswith(f"{self._folder}/")]:
            subprocess.run(["umount", "--lazy", place], check=True)

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self._folder / "log").read_text()[-2000:]
        try:
            with self.api.client(seconds=5) as client:
                return bool(client.ping())
        except EngineError:
            return False


@contextmanager
def podman_service() -> Iterator[Podman]:
    """A running service on a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="pd-") as folder:
        service = Podman(Path(folder))
        service.start()
        try:
            yield service
        finally:
            service.close()


@pytest.fixture(scope="session")
def podman(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Podman, Registry]]:
    """A Podman service, and a registry that it builds for and pulls from."""
    with podman_service() as service:
        made = Registry(tmp_path_factory.mktemp("podman") / "registry", service.host)
        try:
            made.start()
            yield service, made
        finally:
            made.stop()
