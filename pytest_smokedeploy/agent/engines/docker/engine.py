"""The Docker engine through its own API: the one container that the agent made, and never a foreign one."""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from threading import Event
from typing import Any, Final, NoReturn

from docker.errors import APIError, ImageNotFound, NotFound
from docker.types import Mount

from pytest_smokedeploy.agent.engines import base
from pytest_smokedeploy.agent.engines.docker import logs, presence
from pytest_smokedeploy.agent.engines.docker.api import CALL_SECONDS, Client, DockerApi
from pytest_smokedeploy.agent.engines.docker.cgroup import container_activity
from pytest_smokedeploy.agent.engines.docker.created import NO_HEALTH_CHECK, check, created
from pytest_smokedeploy.agent.engines.docker.errors import FOREIGN, LOOK_BY_HAND
from pytest_smokedeploy.agent.engines.docker.events import EngineEvents
from pytest_smokedeploy.agent.engines.docker.limits import asked
from pytest_smokedeploy.agent.engines.docker.own import LABEL, OwnContainers, labels_of
from pytest_smokedeploy.agent.engines.docker.pull import pull, pulled
from pytest_smokedeploy.agent.engines.docker.states import engine_state
from pytest_smokedeploy.agent.engines.log_limit import limited
from pytest_smokedeploy.contract import Activity, EngineState
from pytest_smokedeploy.support.errors import EngineError
from pytest_smokedeploy.support.image import ImageReference

#: The digest that the registry gave at the pull: a repository may know one image by several.
DIGEST_LABEL: Final = "smokedeploy.digest"
#: Seconds that someone else's removal of the container is waited for: one the engine tells of, or one that
#: an error may come from.
_GOING_SECONDS: Final = 30.0
_GONE_SECONDS: Final = 2.0
_LOOK_SECONDS: Final = 0.05
#: Networks on which a container has no counters of its own.
_UNCOUNTED: Final = frozenset({"none", "host"})
LOG_LABEL: Final = "smokedeploy.log_limit"


class DockerEngine:
    """One container of one Docker engine.

    Args:
        name: the container's name, owned by the server.
        host: the engine's address, "" for the default socket.
        seconds: longest wait for the engine's answer to one call; a pull has its own.

    """

    def __init__(self, name: str, host: str = "", seconds: int = CALL_SECONDS) -> None:
        self._name = name
        self._api = DockerApi(host, seconds)
        self._containers = OwnContainers(name, self._api)
        self._events = EngineEvents(self._api, f"{LABEL}={name}")
        self._pulled: tuple[str, str] | None = None
        self._known: tuple[tuple[str, str, str], str] | None = None

    def ping(self) -> str:
        """The engine's version."""
        with self._api.client() as client:
            return str(client.version()["Version"])

    def away(self, closing: Event, started: Callable[[], None]) -> bool:
        """Wait until the engine goes away: True; False once `closing` was set."""
        return presence.away(self._api, self._events, closing, started)

    def pull(self, image: str, cancelled: Event | None = None, progress: base.Progress = None) -> str | None:
        """Pull; returns the digest that the image's RepoDigests give for the repository asked."""
        reference = ImageReference.parse(image)
        named = pull(self._api, reference, cancelled or Event(), progress or (lambda _line: None))
        with self._api.client() as client:
            attrs = client.image(image)
        digest = pulled(named, attrs["Id"], _digests(attrs, reference))
        self._pulled = (image, digest)
        return digest

    def inspect(self, labels: Mapping[str, str] = base.NO_LABELS) -> base.ContainerState | None:
        """The container, or None."""
        with self._api.client() as client:
            attrs = self._containers.find(client, labels)
            return None if attrs is None else self._state(client, attrs)

    def alive(self) -> list[base.ContainerState]:
        """Each container of the agent's own that is alive."""
        with self._api.client() as client:
            return [self._state(client, attrs) for attrs in self._containers.alive(client)]

    def stop(self, grace_seconds: int, container_id: str = "") -> None:
        """SIGTERM, the grace, SIGKILL; a foreign container is left alone, with EngineError."""
        with self._api.client() as client:
            attrs = self._own(client, container_id)
            if attrs is not None and (state := engine_state(attrs)) in base.ALIVE_STATES:
                with suppress(NotFound), self._containers.acting(attrs):
                    # Podman (4.3) stops no paused one; Docker goes on with it itself.
                    if state is EngineState.PAUSED and self._api.podman:
                        client.unpause(attrs["Id"])
                    # The client adds the grace itself.
                    client.stop(attrs["Id"], timeout=grace_seconds)

    def remove(self, container_id: str = "") -> None:
        """Remove the stopped container, its anonymous volumes too; a foreign one is left alone."""
        with self._api.client() as client:
            attrs = self._own(client, container_id)
            if attrs is None:
                return
            try:
                client.remove_container(attrs["Id"], v=True)
            except APIError as error:
                # Somebody else may be removing it: then the name is free in a while.
                going = isinstance(error, NotFound) or "already in progress" in str(error.explanation)
                deadline = time.monotonic() + (_GOING_SECONDS if going else _GONE_SECONDS)
                while client.container(attrs["Id"]) is not None:
                    if time.monotonic() >= deadline:
                        raise
                    time.sleep(_LOOK_SECONDS)

    def start(self, spec: base.ContainerSpec, cancelled: Event | None = None) -> base.CreatedContainer:
        """Create, read back and start; where one fails, or a stop came between, what never ran is removed.

        Restart policy: no, since a smoke deploy starts once. The image's health check is off: its processes
        and time would be counted as the runtime's.
        """
        mounts = [Mount(m.target, m.source, type="bind", read_only=False) for m in spec.mounts]
        log_limit = spec.limits.log_characters
        digest = self._pulled[1] if self._pulled is not None and self._pulled[0] == spec.image else ""
        # Each has a value: a label that is not set would have the image's.
        labels = {DIGEST_LABEL: digest, LOG_LABEL: str(log_limit or ""), **spec.labels}
        labels |= self._containers.labels()
        made = ""
        try:
            with self._api.client() as client:
                spec = replace(spec, network_mode=_network(client, spec.network_mode))
                host = client.create_host_config(
                    mounts=mounts,
                    network_mode=spec.network_mode,
                    restart_policy={"Name": "no"},
                    **asked(spec.limits, podman=self._api.podman),
                )
                made = client.create_container(
                    spec.image,
                    name=self._name,
                    environment=dict(spec.env),
                    labels=labels,
                    healthcheck={"test": list(NO_HEALTH_CHECK)},
                    # Else HTTP_PROXY and its like of ~/.docker/config.json (FACTS: Images and Docker).
                    use_config_proxy=False,
                    host_config=host,
                )["Id"]
                attrs = client.inspect_container(made)
                told = created(attrs, client.image(attrs["Image"]), spec)
                check(spec, told)
                if cancelled is not None and cancelled.is_set():
                    raise EngineError("a stop came before it was started.")  # noqa: TRY301 - undone below
                with self._containers.acting(attrs):
                    client.start(made)
                return told
        except BaseException as error:  # noqa: BLE001 - raised again once nothing is left
            self._undo(made, labels, error)

    def logs(self, since: str | None, *, follow: bool, container_id: str = "") -> base.Log:
        """Output in the order in which the engine wrote it down; nothing of a foreign container."""
        with self._api.client() as client:
            attrs = self._found(client, container_id)
            if attrs is None or not self._containers.made(client, attrs):
                return _nothing(base.LogEnd(None) if attrs is None else None)
        most = labels_of(attrs).get(LOG_LABEL)
        log = logs.read(self._api, attrs["Id"], since, follow=follow)
        return limited(log, int(most) if most else None, follow=follow)

    def remove_image(self, image: str) -> bool:
        """Remove an image, with its layers where no other reference needs them."""
        with self._api.client() as client:
            try:
                found = client.image(image)["Id"]
            except ImageNotFound:
                return False
            # Every container, stopped ones and those of others too.
            if client.containers(all=True, filters={"ancestor": found}):
                return False
            client.remove_image(image)
            return True

    def activity(self) -> Activity | None:
        """Counters since the container's start; None where nothing runs.

        The network's are null without a network of its own (``none``, ``host``).
        """
        with self._api.client() as client:
            attrs = self._containers.find(client)
            if attrs is None or engine_state(attrs) not in {EngineState.RUNNING, EngineState.PAUSED}:
                return None
            if attrs["HostConfig"]["NetworkMode"] in _UNCOUNTED and (
                seen := container_activity(attrs["State"]["Pid"], attrs["Id"])
            ):
                return seen
            try:
                stats = client.stats(attrs["Id"], stream=False, one_shot=True)
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

    def events(self, labels: Mapping[str, str]) -> base.ToldEvents:
        """What the engine told by now of the container that has these labels, or had them."""
        return self._events.told(labels)

    # -- one container ---------------------------------------------------------------------

    def _found(self, client: Client, container_id: str) -> dict[str, Any] | None:
        return client.container(container_id) if container_id else self._containers.find(client)

    def _own(self, client: Client, container_id: str) -> dict[str, Any] | None:
        """The container, None where there is none.

        What follows acts on its id, so a new container of the same name is not touched.
        """
        attrs = self._found(client, container_id)
        if attrs is not None and not self._containers.made(client, attrs):
            raise EngineError(f"{self._name} is the name of {FOREIGN}.", remedy=LOOK_BY_HAND)
        return attrs

    def _state(self, client: Client, attrs: dict[str, Any]) -> base.ContainerState:
        state, config = attrs["State"], attrs["Config"]
        ours = self._containers.made(client, attrs)
        labels = labels_of(attrs) if ours else {}
        started, alive = _started(attrs), engine_state(attrs) in base.ALIVE_STATES
        return base.ContainerState(
            container_id=attrs["Id"],
            image=config["Image"],
            digest=self._image_digest(client, attrs["Image"], config["Image"], labels.get(DIGEST_LABEL, "")),
            state=engine_state(attrs),
            started_at=state["StartedAt"] if started else None,
            # The engine reports 0 for a container that runs, and for one that never did.
            exit_code=None if alive or not started else state["ExitCode"],
            restart_count=attrs.get("RestartCount", 0),
            oom_killed=bool(state.get("OOMKilled")),
            ours=ours,
            labels=labels,
            renamed=self._containers.other_name(attrs),
        )

    def _image_digest(self, client: Client, image_id: str, name: str, said: str) -> str | None:
        key = (image_id, name, said)
        if self._known is not None and self._known[0] == key:
            return self._known[1]
        try:
            digests = _digests(client.image(image_id), ImageReference.parse(name))
        except (ImageNotFound, ValueError):
            return None
        digest = said if said in digests else next(iter(digests), None)
        # One image under one name never changes its digest; status is asked for often.
        self._known = (key, digest) if digest else None
        return digest

    def _undo(self, made: str, labels: dict[str, str], error: BaseException) -> NoReturn:
        """Remove what a failed start made and never ran; raises `error`, with what may be left added.

        What ran is kept, with its log: a lost answer says nothing of the start.
        """
        try:
            with self._api.client() as client:
                # The engine's answer may have been lost after it made the container.
                attrs = client.container(made) if made else self._containers.named(client)
                if attrs is not None and not _started(attrs) and labels_of(attrs).items() >= labels.items():
                    with suppress(NotFound):
                        client.remove_container(attrs["Id"], v=True, force=True)
        except EngineError as second:
            if isinstance(error, EngineError):
                words = f"{error.message} What was made of the container may be left: {second.message}"
                raise EngineError(words, remedy=error.remedy) from error
        raise error


def _network(client: Client, mode: str) -> str:
    """The network mode as the engine reports it: ``container:NAME`` with the other's id."""
    kind, _, name = mode.partition(":")
    return f"{kind}:{client.inspect_container(name)['Id']}" if kind == "container" else mode


def _nothing(ended: base.LogEnd | None) -> base.Log:
    yield from ()
    return ended


def _started(attrs: dict[str, Any]) -> bool:
    return not attrs["State"]["StartedAt"].startswith("0001-")


def _digests(attrs: dict[str, Any], reference: ImageReference) -> list[str]:
    """The digests under which this repository knows the image; an id is never one (FACTS: Docker)."""
    known = [ImageReference.parse(text) for text in attrs.get("RepoDigests") or []]
    return [one.digest for one in known if one.digest and one.repository == reference.repository]
