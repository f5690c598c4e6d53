"""The Docker engine through its own API: one container under one name, and never a foreign one."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import docker
import requests
from docker.errors import APIError, DockerException, ImageNotFound, NotFound
from docker.types import Mount

from pytest_smokedeploy.agent.engines.base import ContainerSpec, ContainerState, LogRecord, utc_now
from pytest_smokedeploy.contract import Activity
from pytest_smokedeploy.errors import EngineError
from pytest_smokedeploy.image import ImageReference

LABEL: Final = "smokedeploy.agent"
#: Whole seconds one call of the engine's API may take; a pull is bounded by the caller's patience.
_CALL_SECONDS: Final = 60
_PULL_SECONDS: Final = 900
#: How long a followed log may be silent; the runtime's idle is silence.
_FOLLOW_SECONDS: Final = 24 * 3600
_SILENCE_SECONDS: Final = 1.0
#: Records that may wait between the engine and a slow reader; beyond it the engine is made to wait.
_WAITING: Final = 1000


class DockerEngine:
    """One container of one Docker engine.

    Args:
        name: the container's name, owned by the server.
        host: the engine's address, "" for the default socket.

    """

    kind = "docker"

    def __init__(self, name: str, host: str = "") -> None:
        self._name = name
        self._host = host or "unix:///var/run/docker.sock"

    def ping(self) -> str:
        """The engine's version."""
        with self._client() as client:
            return str(client.version()["Version"])

    def pull(
        self,
        image: str,
        *,
        cancelled: threading.Event | None = None,  # noqa: ARG002 - not heeded yet
        progress: Callable[[str], None] | None = None,  # noqa: ARG002 - not told yet
    ) -> str | None:
        """Pull; returns the digest that the image's RepoDigests give for the repository asked."""
        reference = ImageReference.parse(image)
        with self._client("pull", _PULL_SECONDS) as client:
            name = f"{reference.host}/{reference.path}"
            pulled = client.images.pull(name, tag=reference.digest or reference.tag)
            return _digest(pulled.attrs, reference)

    def inspect(self) -> ContainerState | None:
        """The container, or None."""
        with self._client() as client:
            try:
                attrs = client.api.inspect_container(self._name)
            except NotFound:
                return None
            state, config = attrs["State"], attrs["Config"]
            labels = config.get("Labels") or {}
            return ContainerState(
                container_id=attrs["Id"],
                image=config["Image"],
                digest=self._image_digest(client, attrs["Image"], config["Image"]),
                running=state["Running"] is True and not state.get("Restarting", False),
                started_at=None if state["StartedAt"].startswith("0001-") else state["StartedAt"],
                exit_code=None if state["Running"] else state["ExitCode"],
                restart_count=attrs.get("RestartCount", 0),
                oom_killed=bool(state.get("OOMKilled")),
                ours=labels.get(LABEL) == self._name,
                labels=labels,
            )

    def stop(self, grace_seconds: int) -> None:
        """SIGTERM, the grace, SIGKILL."""
        with self._client("stop", _CALL_SECONDS + grace_seconds) as client:
            try:
                client.api.stop(self._name, timeout=grace_seconds)
            except NotFound:
                return

    def remove(self) -> None:
        """Remove the stopped container, its anonymous volumes too."""
        with self._client("remove") as client:
            try:
                client.api.remove_container(self._name, v=True)
            except NotFound:
                return

    def start(self, spec: ContainerSpec) -> ContainerState:
        """Create and start. No restart policy, the engine's default: a smoke deploy starts once."""
        mounts = [Mount(m.target, m.source, type="bind", read_only=False) for m in spec.mounts]
        with self._client("start") as client:
            client.containers.create(
                spec.image,
                name=self._name,
                environment=dict(spec.env),
                labels=dict(spec.labels),
                mounts=mounts,
                network_mode=spec.network_mode,
                detach=True,
            ).start()
        state = self.inspect()
        if state is None:
            raise EngineError("the container vanished while starting", step="start")
        return state

    def logs(self, since: str | None, *, follow: bool) -> Iterator[Sequence[LogRecord]]:
        """Both streams, each by its own call, so that a line's stream is known."""
        waiting: queue.Queue[LogRecord | None] = queue.Queue(_WAITING)
        with self._client(seconds=_FOLLOW_SECONDS) as client:
            sources = []
            for stream in ("stdout", "stderr"):
                try:
                    source = client.api.logs(
                        self._name,
                        stdout=stream == "stdout",
                        stderr=stream == "stderr",
                        stream=True,
                        follow=follow,
                        timestamps=True,
                    )
                except NotFound:
                    return
                sources.append(source)
                threading.Thread(target=_read, args=(source, stream, waiting), daemon=True).start()
            ended = 0
            try:
                while ended < len(sources):
                    try:
                        record = waiting.get(timeout=_SILENCE_SECONDS)
                    except queue.Empty:
                        yield ()
                        continue
                    if record is None:
                        ended += 1
                    elif since is None or record.time >= since:
                        yield (record,)
            finally:
                for source in sources:
                    source.close()

    def activity(self) -> Activity | None:
        """Counters since the container's start; None where nothing runs.

        The network's are null without a network of its own (``none``, ``host``).
        """
        with self._client() as client:
            try:
                stats = client.api.stats(self._name, stream=False, one_shot=True)
            except NotFound:
                return None
        if stats["read"].startswith("0001-"):
            return None
        networks = (stats.get("networks") or {}).values()
        return Activity(
            cpu_seconds=stats["cpu_stats"]["cpu_usage"]["total_usage"] / 1e9,
            network_tx_bytes=sum(n["tx_bytes"] for n in networks) if networks else None,
            network_rx_bytes=sum(n["rx_bytes"] for n in networks) if networks else None,
            processes=stats.get("pids_stats", {}).get("current"),
        )

    @staticmethod
    def _image_digest(client: docker.DockerClient, image_id: str, name: str) -> str | None:
        try:
            return _digest(client.images.get(image_id).attrs, ImageReference.parse(name))
        except (ImageNotFound, ValueError):
            return None

    @contextmanager
    def _client(self, step: str = "", seconds: int = _CALL_SECONDS) -> Iterator[docker.DockerClient]:
        """A client for one call; what goes wrong becomes EngineError with a remedy."""
        client = None
        try:
            client = docker.DockerClient(base_url=self._host, timeout=seconds)
            yield client
        except (APIError, DockerException, requests.RequestException) as error:
            words = str(getattr(error, "explanation", None) or error).strip()
            raise EngineError(f"Docker: {words[:500]}", step=step, remedy=_remedy(words)) from error
        finally:
            if client is not None:
                client.close()


def _remedy(words: str) -> str:
    low = words.lower()
    for sign, remedy in (
        ("manifest unknown", "Push the image under this tag first."),
        ("not found", "Push the image under this tag first."),
        ("connection refused", "Check that the registry and the engine run."),
        ("no space left", "Free space on the server."),
        ("already in use", "The name is taken; look at what runs there."),
        ("bind source path does not exist", "Create the mount's folder on the server."),
    ):
        if sign in low:
            return remedy
    return ""


def _digest(attrs: dict[str, Any], reference: ImageReference) -> str | None:
    """The digest under which this repository knows the image; an id is never one (FACTS: Docker)."""
    for text in attrs.get("RepoDigests") or []:
        known = ImageReference.parse(text)
        if known.repository == reference.repository:
            return known.digest
    return None


def _read(source: Any, stream: str, waiting: queue.Queue[LogRecord | None]) -> None:  # noqa: ANN401 - the SDK's own
    """Lines of one stream with the engine's times; long ones come in parts and are joined."""
    rest, at = "", ""
    try:
        for frame in source:
            for part in frame.decode("utf-8", "backslashreplace").splitlines(keepends=True):
                time, _, text = part.partition(" ")
                at = at or time
                rest += text
                if rest.endswith("\n"):
                    waiting.put(LogRecord(at, stream, rest.removesuffix("\n")))
                    rest, at = "", ""
    except (DockerException, requests.RequestException, OSError, ValueError, AttributeError):
        # The reader left, or the engine did; either way the stream is over.
        rest = rest or ""
    if rest:
        waiting.put(LogRecord(at or utc_now(), stream, rest))
    waiting.put(None)
