"""One pull: reports progress, is bounded in time, and ends at once when it is cancelled."""

import json
import threading
import time
from collections.abc import Callable, Generator
from typing import Any, Final

from docker import auth

from pytest_smokedeploy.agent.engines.base import LAYER
from pytest_smokedeploy.agent.engines.docker.answer_reader import AnswerReader
from pytest_smokedeploy.agent.engines.docker.api import Client, DockerApi
from pytest_smokedeploy.agent.engines.docker.errors import told
from pytest_smokedeploy.support.errors import EngineError
from pytest_smokedeploy.support.image import ImageReference

#: Seconds one pull may take; the caller's own patience is shorter or longer.
PULL_SECONDS: Final = 1800
_LOOK_SECONDS: Final = 0.05
_ROOM: Final = 1000
_DIGEST: Final = "Digest: "
_DONE: Final = "Status: "


def pull(
    api: DockerApi, reference: ImageReference, cancelled: threading.Event, progress: Callable[[str], None]
) -> str | None:
    """Pull `reference`; returns the digest that the registry gave for it.

    Args:
        api: the engine.
        reference: what to pull.
        cancelled: once it is set the pull is called off, within a twentieth of a second.
        progress: takes one line for people each time the pull got on.

    Raises:
        EngineError: it failed, was called off, or took longer than `PULL_SECONDS`.

    """
    digest, done, deadline = None, False, time.monotonic() + PULL_SECONDS
    with api.client(seconds=PULL_SECONDS) as client:
        for events in AnswerReader(client, _events(client, reference), _ROOM).batches(_LOOK_SECONDS):
            for event in events:
                if "error" in event:
                    raise told(str(event["error"]))
                status = str(event.get("status", ""))
                if status.startswith(_DIGEST):
                    digest = status.removeprefix(_DIGEST)
                done = done or status.startswith(_DONE)
                progress(_line(event, status))
            if cancelled.is_set():
                raise EngineError("the pull was called off by a stop.")
            if time.monotonic() > deadline:
                words = f"the pull took longer than {PULL_SECONDS} seconds and was called off."
                raise EngineError(words, remedy="Check the registry and the server's network.")
    if not done:
        # What lies on the server under this name would be an older image.
        raise EngineError("the engine broke the pull off without a word.", remedy="Look at its log.")
    return digest


def _events(client: Client, reference: ImageReference) -> Generator[tuple[dict[str, Any], int]]:
    """The pull's events, one each."""
    name = f"{reference.host}/{reference.path}"
    # The operator's own login, where the server has one for this registry.
    login = auth.get_config_header(client, auth.resolve_repository_name(name)[0])
    headers = {"X-Registry-Auth": login} if login else {}
    params = {"fromImage": name, "tag": reference.digest or reference.tag or "latest"}
    with client.answer("POST", "/images/create", params, headers) as answer:
        for line in answer.iter_lines():
            if line.strip():
                yield json.loads(line), 1


def _line(event: dict[str, Any], status: str) -> str:
    """One step of the pull for people: ``layer 5f70bf18a086: Downloading, 3 of 12 MB``."""
    detail = event.get("progressDetail") or {}
    layer = f"{LAYER}{event['id']}: " if event.get("id") and "progressDetail" in event else ""
    current, total = detail.get("current"), detail.get("total")
    if isinstance(current, int) and isinstance(total, int):
        return f"{layer}{status}, {current / 1e6:.1f} of {total / 1e6:.1f} MB"
    return f"{layer}{status}"
