"""One pull: reports progress, is bounded in time, and ends at once when it is cancelled.

That an answer ended proves nothing: an engine that is told to end while it pulls ends it in order and
without a word, and what lies on the server under the name is then an older image. What is there
counts as pulled if this answer named it, as Docker does by its digest and Podman by its id.
"""

import json
import re
import threading
import time
import warnings
from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from typing import Any, Final

from docker import auth
from docker.errors import DockerException

from pytest_smokedeploy.agent.engines.base import LAYER
from pytest_smokedeploy.agent.engines.docker.answer_reader import AnswerReader
from pytest_smokedeploy.agent.engines.docker.api import Client, DockerApi
from pytest_smokedeploy.agent.engines.docker.errors import no_login, told
from pytest_smokedeploy.contract import StepName
from pytest_smokedeploy.support.errors import EngineError
from pytest_smokedeploy.support.image import ImageReference

#: Seconds one pull may take; the caller's own patience is shorter or longer.
PULL_SECONDS: Final = 1800
_LOOK_SECONDS: Final = 0.05
_ROOM: Final = 1000
#: A digest in an event's text, and an event's `id`: of a layer or an image, whole or its first digits.
_DIGEST: Final = re.compile(r"sha256:([0-9a-f]{64})\b")
_ID: Final = re.compile(r"(?:sha256:)?([0-9a-f]{12,64})")


def pull(
    api: DockerApi, reference: ImageReference, cancelled: threading.Event, progress: Callable[[str], None]
) -> frozenset[str]:
    """Pull `reference`; returns what the engine named in it: hexadecimal digests and ids, or their first 12.

    Args:
        api: the engine.
        reference: what to pull.
        cancelled: once it is set the pull is called off, within a twentieth of a second.
        progress: takes one line for people each time the pull got on.

    Raises:
        EngineError: it failed, was called off, or took longer than `PULL_SECONDS`.

    """
    named, deadline = {(reference.digest or "").removeprefix("sha256:")}, time.monotonic() + PULL_SECONDS
    with api.client(seconds=PULL_SECONDS) as client:
        parts = _events(client, reference, _login(client, reference))
        for events in AnswerReader(client, parts, _ROOM).batches(_LOOK_SECONDS):
            for event in events:
                if "error" in event:
                    raise _failed(api, reference, str(event["error"]))
                status = str(event.get("status", ""))
                named.update(_named(event, status, reference))
                progress(_line(event, status))
            if cancelled.is_set():
                raise EngineError("the pull was called off by a stop.")
            if time.monotonic() > deadline:
                words = f"the pull took longer than {PULL_SECONDS} seconds and was called off."
                raise EngineError(words, remedy="Check the registry and the server's network.")
    return frozenset(named - {""})


def pulled(named: frozenset[str], image: str, digests: Sequence[str]) -> str:
    """The digest of the image that is there, once it is proven to be the one pulled.

    Args:
        named: what the engine named in the pull.
        image: id of the image that is there under the reference.
        digests: those under which its repository knows that image.

    Raises:
        EngineError: the pull did not name that image.

    """

    def is_named(address: str) -> bool:
        return address.removeprefix("sha256:").startswith(tuple(named))

    known = [digest for digest in digests if is_named(digest)]
    if is_named(image):
        known = known or [*digests]
    if known:
        return known[0]
    words = "the engine ended the pull, and what is there under this name may be an older image."
    raise EngineError(words, remedy="Look at the engine's log: it may have ended. Then start again.")


def _login(client: Client, reference: ImageReference) -> dict[str, Any]:
    """The header with the operator's own login, where the server has one for this registry."""
    name = f"{reference.host}/{reference.path}"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the SDK's, of a helper that is missing: it raises too
            login = auth.get_config_header(client, auth.resolve_repository_name(name)[0])
    except (DockerException, ValueError, KeyError) as error:
        raise no_login(error) from error
    return {"X-Registry-Auth": login} if login else {}


def _events(
    client: Client, reference: ImageReference, login: dict[str, Any]
) -> Generator[tuple[dict[str, Any], int]]:
    """The pull's events, one each."""
    name = f"{reference.host}/{reference.path}"
    params = {"fromImage": name, "tag": reference.digest or reference.tag or "latest"}
    with client.answer("POST", "/images/create", params, login) as answer:
        for line in answer.iter_lines():
            if line.strip():
                yield json.loads(line), 1


def _failed(api: DockerApi, reference: ImageReference, words: str) -> EngineError:
    """The error of a pull; of an image for other platforms it names those, where the engine can tell."""
    error = told(words, StepName.PULL)
    if "platform" not in error.message:
        return error
    with suppress(EngineError), api.client() as client:
        there = client.inspect_distribution(str(reference))["Platforms"]  # type: ignore[no-untyped-call]
        built = ", ".join(f"{one['os']}/{one['architecture']}" for one in there)
        return EngineError(f"{error.message} It is built for {built}.", remedy=error.remedy)
    return error


def _named(event: dict[str, Any], status: str, reference: ImageReference) -> list[str]:
    """The digests and ids that one event names; Docker's first event has the tag for its id."""
    id_ = _ID.fullmatch(text) if (text := str(event.get("id", ""))) != reference.tag else None
    return [*_DIGEST.findall(status), *([id_[1]] if id_ else [])]


def _line(event: dict[str, Any], status: str) -> str:
    """One step of the pull for people: ``layer 5f70bf18a086: Downloading, 3 of 12 MB``."""
    detail = event.get("progressDetail") or {}
    layer = f"{LAYER}{event['id']}: " if event.get("id") and "progressDetail" in event else ""
    current, total = detail.get("current"), detail.get("total")
    if isinstance(current, int) and isinstance(total, int):
        return f"{layer}{status}, {current / 1e6:.1f} of {total / 1e6:.1f} MB"
    return f"{layer}{status}"
