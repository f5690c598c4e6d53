"""Records what the engine tells of the agent's containers: it forgets soon (FACTS: Images and Docker)."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

import requests

from pytest_smokedeploy.agent.engines.base import ToldEvents
from pytest_smokedeploy.agent.engines.docker.api import Client, DockerApi
from pytest_smokedeploy.agent.engines.docker.errors import told
from pytest_smokedeploy.agent.engines.docker.own import MADE_LABEL
from pytest_smokedeploy.contract import EngineEvent

#: Events of one container that are kept (chosen: a sound run has five), and containers, the last ones.
_EVENTS: Final = 200
_CONTAINERS: Final = 8
_SECOND: Final = 10**9
#: Nanoseconds before the last recorded event from which events are asked for: Podman reads a time to 240 ns.
_MARGIN: Final = 10**6
#: Podman's names of what Docker tells too, and what it tells beside a start and an end (4.3.1).
_DOCKERS: Final = {"remove": "destroy", "exec": "exec_start", "exec_died": "exec_die"}
_PODMANS: Final = frozenset({"init", "cleanup"})
#: A header of each of Podman's answers.
_PODMAN: Final = "Libpod-Api-Version"
_EXIT_CODE: Final = "exitCode"
_MANY: Final = f"more than {_EVENTS} events were told, and only the first are kept"
_GAP: Final = "the engine's events could not be read for a while, and it remembers nothing of the time before"


class Row(NamedTuple):
    """One event of a container, whose labels are among its attributes; `at` in nanoseconds since 1970."""

    container_id: str
    attributes: Mapping[str, str]
    at: int
    event: EngineEvent


@dataclass(slots=True)
class _Container:
    """The events of one container by nanosecond and action, and why some may be missing.

    `labels` are among the attributes of its first event.
    """

    labels: Mapping[str, str]
    events: dict[tuple[int, str], EngineEvent] = field(default_factory=dict)
    incomplete: str | None = None


class EngineEvents:
    """The events of containers with one label, as the engine's stream and its memory tell them.

    Docker remembers the last 256 events of everything on the engine. What it answers from memory is without
    a gap if it holds the last event that was recorded.

    Args:
        api: the engine.
        label: the label of the containers, ``name=value``.

    Attributes:
        listening: whether a stream has told everything since the record was last complete.

    """

    def __init__(self, api: DockerApi, label: str) -> None:
        self.listening = False
        self._api = api
        self._filters = json.dumps({"type": ["container"], "label": [label]})
        self._containers: dict[str, _Container] = {}
        self._last = 0
        self._lock = threading.Lock()

    def told(self, labels: Mapping[str, str]) -> ToldEvents:
        """Every event by now of containers with these labels.

        An image that was made of one (``docker commit``) brings its labels to others: the first one counts.

        Raises:
            EngineError: the engine does not answer.

        """
        self.catch_up()
        first = dict[str, _Container]()
        with self._lock:
            for container_id, one in self._containers.items():
                if labels.items() <= one.labels.items():
                    first.setdefault(one.labels.get(MADE_LABEL, container_id), one)
            there = [*first.values()]
            rows = sorted(row for one in there for row in one.events.items())
        why = next((one.incomplete for one in there if one.incomplete), None)
        return ToldEvents(tuple(event for _, event in rows), why)

    def stream(self, client: Client) -> Iterator[Row | None]:
        """Every event from the last recorded one on, as it comes; None first, once the answer has begun.

        Raises:
            requests.ConnectionError: the answer ended.
            ValueError: it tells no events.

        """
        with client.answer("GET", "/events", self._asked()) as answer:
            yield None
            yield from _rows(answer)
        raise requests.ConnectionError("the engine ended its answer")

    def catch_up(self) -> list[Row]:
        """Record what the engine remembers, and return it; where that does not reach back, there is a gap.

        Raises:
            EngineError: the engine does not answer, or tells no events.

        """
        last, listening = self._last, self.listening
        with self._api.client() as client:
            try:
                found = self._remembered(client, self._asked())
            except ValueError as error:
                raise told(str(error)) from error
        with self._lock:
            if last and not listening and last not in {row.at for row in found}:
                for one in self._containers.values():
                    one.incomplete = one.incomplete or _GAP
        self.record(found)
        return found

    def record(self, rows: Iterable[Row]) -> None:
        """Take events, each once however often it is told."""
        with self._lock:
            for row in rows:
                self._take(row)

    def _take(self, row: Row) -> None:
        self._last = max(self._last, row.at)
        if row.event.action in _PODMANS:
            return
        if row.container_id not in self._containers:
            self._containers[row.container_id] = _Container(row.attributes)
            while len(self._containers) > _CONTAINERS:
                del self._containers[next(iter(self._containers))]
        one, key = self._containers[row.container_id], (row.at, row.event.action)
        event = row.event
        if _EXIT_CODE in one.labels:
            # Docker puts a label of this name, which an image may bring, in the exit code's place.
            event = event.model_copy(update={"exit_code": None})
        if key not in one.events and len(one.events) >= _EVENTS:
            one.incomplete = _MANY
        else:
            one.events[key] = event

    def _asked(self) -> dict[str, str]:
        return {"filters": self._filters, "since": _seconds(max(0, self._last - _MARGIN))}

    @staticmethod
    def _remembered(client: Client, asked: dict[str, str]) -> list[Row]:
        """What the engine remembers: Docker needs an `until` to end, with which Podman reads nothing."""
        with client.answer("GET", "/events", asked | {"until": _seconds(time.time_ns())}) as answer:
            if _PODMAN not in answer.headers:
                return list(_rows(answer))
        with client.answer("GET", "/events", asked | {"stream": "false"}) as answer:
            return list(_rows(answer))


def _rows(answer: requests.Response) -> Iterator[Row]:
    for line in answer.iter_lines(chunk_size=None):
        if line:
            yield _row(json.loads(line))


def _row(row: Any) -> Row:  # noqa: ANN401 - any JSON
    """One event of an answer.

    Raises:
        ValueError: it is none.

    """
    try:
        actor, at = row["Actor"], row["timeNano"]
        # What follows a colon is a command or a result: a command may hold a secret.
        said = str(row["Action"]).partition(":")[0]
        action, attributes = _DOCKERS.get(said, said), dict(actor["Attributes"])
        left = str(attributes.get(_EXIT_CODE)) if action == "die" else ""
        code = int(left) if left.isdecimal() else None
        return Row(actor["ID"], attributes, at, EngineEvent(time=_time(at), action=action, exit_code=code))
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError("it tells an event that can't be read") from error


def _seconds(at: int) -> str:
    """Nanoseconds since 1970 as an engine reads them."""
    return f"{at // _SECOND}.{at % _SECOND:09d}"


def _time(at: int) -> str:
    """Nanoseconds since 1970 as an RFC 3339 time."""
    moment = datetime.fromtimestamp(at // _SECOND, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{at % _SECOND:09d}Z"
