"""A real registry on loopback, and the reference runtime's image in it (FACTS: Images and Docker)."""

import io
import os
import shutil
import subprocess
import tarfile
import threading
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import IO, Final, cast

from docker.errors import APIError, NotFound

from pytest_smokedeploy.agent.engines.docker.api import DockerApi
from pytest_smokedeploy.agent.engines.docker.own import LABEL
from pytest_smokedeploy.rehearsal import child
from pytest_smokedeploy.support.errors import EngineError, SmokedeployError

_UP_SECONDS: Final = 20.0
_BUSYBOX: Final = Path("/bin/busybox")
_INSTALL: Final = "Install it with: apt-get install docker.io docker-registry busybox-static"
#: What the image declares beside its files.
_DECLARED: Final = ["ENV PATH=/bin", 'ENTRYPOINT ["/bin/sh", "/runtime"]']


class Registry:
    """`docker-registry serve` on a port that the system chooses.

    Args:
        folder: its storage and configuration.
        engine: address of the engine that builds and pushes, "" for the one of the environment.

    """

    def __init__(self, folder: Path, engine: str = "") -> None:
        self.port = 0
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._drain: threading.Thread | None = None
        self._pushed: list[str] = []
        self._engine = DockerApi(engine or os.environ.get("DOCKER_HOST", ""))

    def start(self) -> None:
        """Start it and wait until it listens.

        Raises:
            SmokedeployError: it is not installed, or does not come up.

        """
        program = shutil.which("docker-registry")
        if program is None or not _BUSYBOX.is_file():
            lacking = "a static /bin/busybox" if program else "`docker-registry`"
            raise SmokedeployError(f"The Docker rehearsal needs {lacking}.", remedy=_INSTALL)
        self._folder.mkdir(parents=True)
        config = self._folder / "config.yml"
        config.write_text(
            "version: 0.1\nlog: {level: info}\n"
            f"storage: {{filesystem: {{rootdirectory: '{self._folder / 'data'}'}}}}\n"
            "http: {addr: '127.0.0.1:0'}\n",
            encoding="utf-8",
        )
        self._process = subprocess.Popen(  # noqa: S603 - found on the path, its configuration is ours
            [program, "serve", str(config)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
            bufsize=0,
        )
        err = cast("IO[bytes]", self._process.stderr)
        found, said = child.read_until(err, rb"listening on 127\.0\.0\.1:(\d+)", _UP_SECONDS)
        if found is None:
            raise SmokedeployError(f"docker-registry did not come up: {said[-300:]!r}")
        self.port = int(found[1])
        # What it goes on to say fills the pipe, and a full one would make it wait for ever.
        self._drain = threading.Thread(target=deque, args=(err, 0), daemon=True)
        self._drain.start()

    def push(self, repository: str, tag: str, script: str, applets: Iterable[str] = ()) -> None:
        """Make the runtime's image of its files, and push it.

        Args:
            repository: host and path, this registry's.
            tag: the image's tag.
            script: the runtime, for a POSIX shell.
            applets: busybox's programs that it needs beside ``sh``, ``sleep`` and ``rm``.

        Raises:
            SmokedeployError: no engine is reachable, or it does not make or push it.

        """
        name = f"{repository}:{tag}"
        try:
            with self._engine.client() as client:
                client.import_image_from_data(_root(script, applets), name, changes=_DECLARED)
                self._pushed.append(name)
                for part in client.push(repository, tag=tag, stream=True, decode=True):
                    if "error" in part:
                        raise SmokedeployError(f"the image can't be pushed: {part['error']}")
                # What is pulled later must come from the registry, not from here.
                client.remove_image(name, force=True)
        except EngineError as error:
            words = f"The Docker rehearsal needs a running Docker engine: {error.message}"
            raise SmokedeployError(words, remedy=f"{error.remedy} Or rehearse without it.") from error

    def sweep(self, container: str) -> None:
        """Remove the failed start's container that an earlier rehearsal kept, and its image.

        Raises:
            SmokedeployError: the engine is not reachable.

        """
        with self._engine.client() as client, suppress(NotFound):
            attrs = client.inspect_container(container)
            labels, image = attrs["Config"].get("Labels") or {}, attrs["Config"]["Image"]
            kept = labels.get(LABEL) == container and image.startswith("localhost:")
            if kept and not attrs["State"]["Running"]:
                client.remove_container(attrs["Id"], v=True)
                # Under its own name: one that has another, or is in use, stays.
                with suppress(APIError):
                    client.remove_image(image)

    def stop(self) -> None:
        """Remove the images it made, and end it."""
        try:
            while self._pushed:
                with self._engine.client() as client, suppress(NotFound):
                    client.remove_image(self._pushed.pop(), force=True)
        except EngineError:
            self._pushed.clear()  # the engine left first, and what is left in it is the machine's own
        if self._process is not None:
            with self._process:  # its pipe is closed
                self._process.terminate()
                child.end(self._process, 10)
                if self._drain is not None:
                    self._drain.join()


def _root(script: str, applets: Iterable[str]) -> bytes:
    """The image's whole root, as a tar."""
    root = io.BytesIO()
    with tarfile.open(fileobj=root, mode="w") as tar:
        for name, data in {"bin/busybox": _BUSYBOX.read_bytes(), "runtime": script.encode()}.items():
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(data), 0o755
            tar.addfile(info, io.BytesIO(data))
        for applet in ("sh", "sleep", "rm", *applets):
            link = tarfile.TarInfo(f"bin/{applet}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            tar.addfile(link)
    return root.getvalue()
