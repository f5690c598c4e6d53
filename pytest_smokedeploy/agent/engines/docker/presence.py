"""Whether the engine is there: an answer of its own that stays open and ends with it."""

import json
import threading
import time
from functools import partial
from typing import Final

import requests
from docker.errors import APIError

from pytest_smokedeploy.agent.engines.backlog import Backlog
from pytest_smokedeploy.agent.engines.docker.api import Client, DockerApi, read_in_thread
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
            with api.client(seconds=_OPEN_SECONDS) as client:
                error = _ended(client, closing)
                refused = isinstance(error, APIError)
                if error is not None and not refused and "timed out" not in str(error):
                    if time.monotonic() - began >= _ASK_SECONDS:
                        raise error
                    refused = True
            if refused:
                # Its events can't be read, or a proxy keeps no answer open: ping it instead.
                _asked(api, closing)
    except EngineError:
        return not closing.is_set()
    return False


def _ended(client: Client, closing: threading.Event) -> Exception | None:
    """What ended the open answer; None once `closing` was set."""
    backlog: Backlog[None] = Backlog(1)
    work = read_in_thread(client, backlog, partial(_read, client))
    try:
        while not backlog.ended:
            backlog.take(_LOOK_SECONDS)
            if closing.is_set():
                return None
    finally:
        client.cut()
        work.join()
    return backlog.error


def _read(client: Client) -> None:
    with client.answer("GET", "/events", _NONE) as answer:
        for _ in answer.iter_content(chunk_size=None):
            pass
    raise requests.ConnectionError("the engine ended its answer")


def _asked(api: DockerApi, closing: threading.Event) -> None:
    """Ask, at once and again, until it does not answer, which raises, `closing` is set, or a while passed."""
    until = time.monotonic() + _OPEN_SECONDS
    while not closing.is_set() and time.monotonic() < until:
        with api.client() as client:
            client.ping()
        closing.wait(_ASK_SECONDS)
