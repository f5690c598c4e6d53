"""Whether the engine is there: an answer of its own that stays open and ends with it."""

from __future__ import annotations

import json
import threading
import time
from typing import Final

import requests
from docker.errors import APIError, DockerException

from pytest_smokedeploy.agent.engines.backlog import Backlog
from pytest_smokedeploy.agent.engines.docker.api import Client, DockerApi
from pytest_smokedeploy.support.errors import EngineError

#: How long one answer is read; then it is asked anew, so that an engine lost without a word is missed.
_OPEN_SECONDS: Final = 600
#: How often an engine that tells no events is asked whether it is there.
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
                # It lets nobody read its events, or somebody before it keeps no answer open: it is asked.
                _asked(api, closing)
    except EngineError:
        return not closing.is_set()
    return False


def _ended(client: Client, closing: threading.Event) -> Exception | None:
    """What ended the open answer; None once `closing` was set."""
    backlog: Backlog[None] = Backlog(1)
    work = threading.Thread(target=_read, args=(client, backlog), daemon=True, name="docker-presence")
    work.start()
    try:
        while not backlog.ended:
            backlog.take(_LOOK_SECONDS)
            if closing.is_set():
                return None
    finally:
        client.cut()
        work.join()
    return backlog.error


def _read(client: Client, backlog: Backlog[None]) -> None:
    try:
        with client.answer("GET", "/events", _NONE) as answer:
            for _ in answer.iter_content(chunk_size=None):
                pass
        failed: Exception = requests.ConnectionError("the engine ended its answer")
    except (DockerException, requests.RequestException, OSError, AttributeError) as error:
        # AttributeError: urllib3's, where the connection is cut under it.
        failed = error if isinstance(error, DockerException | requests.RequestException) else _broken(error)
    backlog.finish(failed)


def _broken(error: Exception) -> requests.ConnectionError:
    return requests.ConnectionError(f"the connection broke: {error}")


def _asked(api: DockerApi, closing: threading.Event) -> None:
    """Ask, at once and again, until it does not answer, which raises, `closing` is set, or a while passed."""
    until = time.monotonic() + _OPEN_SECONDS
    while not closing.is_set() and time.monotonic() < until:
        with api.client() as client:
            client.ping()
        closing.wait(_ASK_SECONDS)
