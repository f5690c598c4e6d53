"""Which containers of an engine are the agent's own: by their labels, whatever name they have by now."""

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from pytest_smokedeploy.agent.engines.base import ALIVE_STATES, NO_LABELS, nanoseconds
from pytest_smokedeploy.agent.engines.docker.api import Client, DockerApi
from pytest_smokedeploy.agent.engines.docker.states import engine_state

#: The agent's container name, on each container that it made; and what no two of them share.
LABEL: Final = "smokedeploy.agent"
MADE_LABEL: Final = "smokedeploy.made"


class OwnContainers:
    """The containers that an agent made, of which at most one should run.

    A name can be changed by hand, and a label can't. An image that was made of such a container (``docker
    commit``) brings its labels to containers that somebody else makes: so a label counts that the image
    does not bring.

    Args:
        name: the container's name, owned by the server.
        api: the engine.

    """

    def __init__(self, name: str, api: DockerApi) -> None:
        self._name = name
        self._api = api
        self._vouched = ""
        self._acted_on: dict[str, Any] | None = None

    def labels(self) -> dict[str, str]:
        """Labels of a container that the agent is about to make."""
        return {LABEL: self._name, MADE_LABEL: uuid.uuid4().hex}

    def named(self, client: Client) -> dict[str, Any] | None:
        """What has the name now, whoever made it."""
        attrs = client.container(self._name)
        # The engine also finds containers by the beginning of their id.
        return attrs if attrs is not None and attrs["Name"] == f"/{self._name}" else None

    def find(self, client: Client, labels: Mapping[str, str] = NO_LABELS) -> dict[str, Any] | None:
        """The one that is alive, under whatever name; else what has the name; else the last one made.

        With `labels` only a container of the agent's own that has them all.
        """
        unchanged = self._unchanged(client)
        if unchanged is not None and _has(unchanged, labels):
            return unchanged
        named = self.named(client)
        if named is not None and _alive(named) and _has(named, labels) and self.made(client, named):
            return named
        mine = self._all(client, labels)
        other = [named] if named is not None and not labels else mine
        found = [attrs for attrs in mine if _alive(attrs)] or other
        return max(found, key=lambda attrs: nanoseconds(attrs["Created"]), default=None)

    def alive(self, client: Client) -> list[dict[str, Any]]:
        """Those that are alive."""
        return [attrs for attrs in self._all(client, NO_LABELS) if _alive(attrs)]

    def _all(self, client: Client, labels: Mapping[str, str]) -> list[dict[str, Any]]:
        wanted = [f"{name}={value}" for name, value in {LABEL: self._name, **labels}.items()]
        rows = client.containers(all=True, filters={"label": wanted})
        there = [attrs for row in rows if (attrs := client.container(row["Id"])) is not None]
        return [attrs for attrs in there if _has(attrs, labels) and self.made(client, attrs)]

    @contextmanager
    def acting(self, attrs: dict[str, Any]) -> Iterator[None]:
        """Start or end a container in the block, which is as `attrs` until then."""
        self._acted_on = attrs
        try:
            yield
        finally:
            self._acted_on = None

    def _unchanged(self, client: Client) -> dict[str, Any] | None:
        """The container that is acted on, as long as the engine lists it in the state in which that began.

        Docker answers an inspect of it only once it has started (measured: 0.3 s), or its end is settled
        (0.1 s), and a list at once.
        """
        attrs = self._acted_on
        if attrs is None or self._api.podman:
            return None
        here = {"id": attrs["Id"], "status": attrs["State"]["Status"]}
        return attrs if client.containers(all=True, filters=here) else None

    def made(self, client: Client, attrs: dict[str, Any]) -> bool:
        """Whether the agent made this container."""
        labels = labels_of(attrs)
        if labels.get(LABEL) != self._name:
            return False
        if attrs["Id"] != self._vouched:
            brought = client.image_labels(attrs["Image"])
            if labels.get(MADE_LABEL) == brought.get(MADE_LABEL):
                return False
            # Neither its labels nor its image's ever change; status is asked for often.
            self._vouched = attrs["Id"]
        return True

    def other_name(self, attrs: dict[str, Any]) -> str:
        """The name that somebody gave it in place of the agent's, or ""."""
        name = str(attrs["Name"]).removeprefix("/")
        return "" if name == self._name else name


def labels_of(attrs: dict[str, Any]) -> dict[str, str]:
    """A container's labels."""
    return attrs["Config"].get("Labels") or {}


def _has(attrs: dict[str, Any], labels: Mapping[str, str]) -> bool:
    return labels.items() <= labels_of(attrs).items()


def _alive(attrs: dict[str, Any]) -> bool:
    return engine_state(attrs) in ALIVE_STATES
