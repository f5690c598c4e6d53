"""Whether the engine is there: an answer of its own that stays open and ends with it."""

import json
import threading
import time
from collections.abc import Generator
from typing import Final

import requests
from docker.errors import APIError

from pytest_smokedeploy.agent.engines.docker.answer_reader import AnswerReader
from pytest_smokedeploy.agent.engines.docker.api import Client, DockerApi
from pytest_smokedeploy.support.errors import EngineError

#: Seconds one answer is read; a new request then finds an engine that vanished without closing it.
_OPEN_SECONDS: Final = 600
#: Seconds between pings of an engine whose events can't be read.
_ASK_SECONDS: Final = 2.0
_LOOK_SECONDS: Final = 1.0
#: Events that no engine has: the answer is silent as long as it lasts.
_NONE: Final = {"filters": json.dumps({"event": ["smokedeploy-none"]})}


def away(api: DockerApi, closing: threading.Event) -> bool:
    """Wait until the engine goes away.

    Args:
        api: the engine.
        closing: ends the wait, within about a second.

    Returns:
        True once it went away, False once `closing` was set.

    """
    try:
        while not closing.is_set():
            began = time.monotonic()
            try:
                _listen(api, closing)
            except EngineError as error:
                lasted, refused = time.monotonic() - began, isinstance(error.__cause__, APIError)
                if not refused and _ASK_SECONDS <= lasted < _OPEN_SECONDS:
                    raise
                if refused or lasted < _ASK_SECONDS:
                    # Its events can't be read, or a proxy keeps no answer open: ping it instead.
                    _asked(api, closing)
    except EngineError:
        return not closing.is_set()
    return False


def _listen(api: DockerApi, closing: threading.Event) -> None:
    """Read the open answer until it ends, which raises, or `closing` is set."""
    with api.client(seconds=_OPEN_SECONDS) as client:
        for _ in AnswerReader(client, _events(client), 1).batches(_LOOK_SECONDS):
            if closing.is_set():
                return


def _events(client: Client) -> Generator[tuple[None, int]]:
    with client.answer("GET", "/events", _NONE) as answer:
        for _ in answer.iter_content(chunk_size=None):
            yield None, 1
    raise requests.ConnectionError("the engine ended its answer")


def _asked(api: DockerApi, closing: threading.Event) -> None:
    """Ask, at once and again, until it does not answer, which raises, `closing` is set, or a while passed."""
    until = time.monotonic() + _OPEN_SECONDS
    while not closing.is_set() and time.monotonic() < until:
        with api.client() as client:
            client.ping()
        closing.wait(_ASK_SECONDS)
