"""Translates Docker's errors for an operator: what each means, and what to do next."""

from collections.abc import Iterable
from typing import Final

import requests
from docker.errors import DockerException

from pytest_smokedeploy.support.errors import EngineError

_SHOWN: Final = 500
FOREIGN: Final = "a container that this agent did not make; it is left alone"
LOOK_BY_HAND: Final = "Look at what runs under this name, and remove or rename it by hand."

#: Text in the engine's message (lower case), meaning, remedy. The first row that fits counts.
_MEANINGS: Final = (
    ("manifest unknown", "the registry has no image under this tag", "Push the image under this tag first."),
    ("manifest for", "the registry has no image under this tag", "Push the image under this tag first."),
    ("pull access denied", "the registry hides this repository", "Check its name, and log the server in."),
    ("repository name not known", "the registry has no such repository", "Push it first, or check its name."),
    ("unauthorized", "the registry lets this server in only with a login", "Log the server in to it."),
    ("no basic auth credentials", "the registry wants a login", "Log the server in to the registry."),
    ("denied", "the registry refuses this server", "Check the server's login and its rights there."),
    ("toomanyrequests", "the registry takes no more requests for now", "Wait, or log in, and start again."),
    ("no space left on device", "the server's disk is full", "Free space on the server, and start again."),
    ("disk quota exceeded", "the server's disk quota is used up", "Free space on the server."),
    ("http response to https", "the registry has no TLS", "Give it TLS, or add it to insecure-registries."),
    ("x509:", "the registry's certificate is not trusted", "Give the engine the registry's CA."),
    ("no such host", "the registry's name can't be resolved", "Check the image's host and the server's DNS."),
    ("connection refused", "nothing listens at the registry's address", "Check that the registry runs."),
    ("no route to host", "the registry can't be reached", "Check the server's network."),
    ("network is unreachable", "the registry can't be reached", "Check the server's network."),
    ("i/o timeout", "the registry did not answer in time", "Check the registry and the server's network."),
    ("awaiting headers", "the registry did not answer in time", "Check the registry and the network."),
    ("deadline exceeded", "the registry did not answer in time", "Check the registry and the network."),
    ("is already in use by container", f"the name is that of {FOREIGN}", LOOK_BY_HAND),
    (
        "already in progress",
        "someone else removes it, and it is still there",
        "Look at the engine's log.",
    ),
    ("bind source path does not", "a mount's folder is missing", "Create it, writable for the runtime."),
    ("no such image", "the image is not on the server any more", "Start again: it is pulled anew."),
    ("no command specified", "the image has nothing to start", "Give the image an ENTRYPOINT or CMD."),
    ("exec format error", "the image is for another processor", "Build it for the server's architecture."),
    ("exec:", "the image's entrypoint can't be started", "Check the image's ENTRYPOINT and CMD."),
    ("does not support reading", "the engine keeps no readable log", "Deploy anew: it sets json-file."),
    ("network", "the network can't be had", "Check NETWORK_MODE in the agent's settings."),
)
#: The same for an engine that can't be asked at all.
_ABSENT: Final = (
    ("no such file", "there is no Docker socket", "Start the engine, or set DOCKER_HOST."),
    ("permission denied", "this user may not use it", "Let the agent's user use the engine's socket."),
    ("connection refused", "nothing listens there", "Start the engine."),
    ("aborted", "it broke the connection off", "Look at the engine on the server."),
    ("invalid bind address", "that is no address", "Set DOCKER_HOST, such as unix:///run/docker.sock."),
)


def explained(error: Exception, host: str, seconds: float) -> EngineError:
    """The EngineError for an error of the SDK or its transport.

    Args:
        error: what the SDK or its transport raised.
        host: the engine's address.
        seconds: how long the call was allowed to take.

    """
    if isinstance(error, requests.Timeout) or "timed out" in str(error).lower():
        words = f"the Docker engine did not answer within {seconds:g} seconds."
        return EngineError(words, remedy="Look at the engine on the server; it may hang.")
    explanation = getattr(error, "explanation", None)
    if explanation is None and isinstance(error, requests.RequestException | DockerException):
        return _unreachable(error, host)
    return told(str(explanation or error))


def told(words: str) -> EngineError:
    """The EngineError for a message of the engine."""
    words = " ".join(words.split())[:_SHOWN]
    meaning, remedy = _meaning(_MEANINGS, words, "Look at the engine's own log on the server.")
    words = f"{meaning} (Docker: {words})." if meaning else f"Docker: {words}."
    return EngineError(words, remedy=remedy)


def _unreachable(error: Exception, host: str) -> EngineError:
    words = " ".join(str(error).split())
    meaning, remedy = _meaning(_ABSENT, words, "Look at the engine on the server.")
    words = f"the Docker engine at {host} can't be asked: {meaning or words[:_SHOWN]}."
    return EngineError(words, remedy=remedy)


def _meaning(table: Iterable[tuple[str, str, str]], words: str, otherwise: str) -> tuple[str, str]:
    """Meaning and remedy of the first row whose sign is in `words`; ("", otherwise) where none is."""
    low = words.lower()
    return next(((meaning, remedy) for sign, meaning, remedy in table if sign in low), ("", otherwise))
