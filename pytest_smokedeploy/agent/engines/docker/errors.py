"""Translates an engine's errors for an operator, by step: what each means, and what to do next."""

import re
from collections.abc import Iterable
from typing import Final

import requests
from docker.credentials import StoreError
from docker.errors import APIError, DockerException

from pytest_smokedeploy.contract import StepName
from pytest_smokedeploy.support.errors import EngineError

_SHOWN: Final = 500
FOREIGN: Final = "a container that this agent did not make; it is left alone"
LOOK_BY_HAND: Final = "Look at what runs under this name, and remove or rename it by hand."

_DISK: Final = "Free space on the server, and start again."
_NETWORK: Final = "Check the registry and the server's network."
_PROXY: Final = "Check HTTPS_PROXY and NO_PROXY of the engine's service."

#: Pattern in the engine's sentence, meaning, remedy; the pattern's group stands for ``{0}``. The first row
#: that fits counts, so the specific ones come first: who answered, before what it said. A word that may
#: stand in a path or a name too has a pattern that asks for what is around it.
_ANY_STEP: Final = (
    (r"no space left on device", "the server's disk is full", _DISK),
    (r"disk quota exceeded", "the server's disk quota is used up", _DISK),
    (
        r"no such image|image not known",
        "the image is not on the server any more",
        "Start again: it is pulled anew.",
    ),
    (r"already in progress", "someone else removes it, and it is still there", "Look at the engine's log."),
    (r"does not support reading", "the engine keeps no readable log", "Deploy anew: it sets json-file."),
)
#: Before and behind a word that is no part of a name or a path.
_WORD: Final = (r"(?<![\w/.-])", r"(?![\w/.-])")
_PULL: Final = (
    (r"proxyconnect", "the engine's proxy can't be reached", _PROXY),
    (r"proxy authentication required", "the engine's proxy wants a login", _PROXY),
    (
        r"failed to register layer.*permission denied",
        "the engine may not write what it unpacks of the image",
        "Look at the rights of the engine's data folder on the server.",
    ),
    (
        r"failed to register layer",
        "the engine can't unpack the image",
        "Push the image anew; look at the engine's own log on the server.",
    ),
    (
        r"lookup (\S+?)(?: on \S+)?: ",
        "the name {0} can't be resolved",
        "Check the image's host and the server's DNS.",
    ),
    (
        r"no matching manifest for (\S+)",
        "the image is not built for this server's platform, {0}",
        "Build and push it for that platform too.",
    ),
    (
        r"no image found in (?:manifest list|image index) for architecture (\w+)",
        "the image is not built for this server's platform, {0}",
        "Build and push it for that platform too.",
    ),
    (
        r"toomanyrequests|too many requests",
        "the registry takes no more requests for now",
        "Wait, or log in, and start again.",
    ),
    (r"pull access denied", "the registry hides this repository", "Check its name, and log the server in."),
    (
        r"manifest unknown|manifest for .* not found",
        "the registry has no image under this tag",
        "Push the image under this tag first.",
    ),
    (
        r"repository name not known|name unknown",
        "the registry has no such repository",
        "Push it first, or check its name.",
    ),
    (r"no basic auth credentials", "the registry wants a login", "Log the server in to the registry."),
    (
        rf"{_WORD[0]}unauthorized{_WORD[1]}",
        "the registry lets this server in only with a login",
        "Log the server in to it.",
    ),
    (
        rf"(?<!permission ){_WORD[0]}denied{_WORD[1]}",
        "the registry refuses this server",
        "Check the server's login and its rights there.",
    ),
    (
        r"http response to https|not look like a tls",
        "the registry has no TLS",
        "Give it TLS, or add it to the engine's insecure registries.",
    ),
    (
        r"x509: .*expired",
        "the registry's certificate has expired, or the server's clock is wrong",
        "Renew it, or set the clock.",
    ),
    (
        r"x509: .*(?:unknown authority|not trusted)",
        "the registry's certificate is not trusted",
        "Give the engine the registry's CA.",
    ),
    (
        r"x509: .*(?:certificate is valid for|cannot validate certificate for|not valid for any names)",
        "the registry's certificate is for another name",
        "Name the registry as its certificate does, or give it one with this name.",
    ),
    (
        r"x509:",
        "the registry's certificate is not accepted",
        "Look at the certificate: its names, its CA, its use.",
    ),
    (r"connection refused", "nothing listens at the registry's address", "Check that the registry runs."),
    (
        r"no route to host|network is unreachable",
        "the registry can't be reached",
        "Check the server's network.",
    ),
    (r"i/o timeout|awaiting headers|deadline exceeded", "the registry did not answer in time", _NETWORK),
)
_START: Final = (
    (
        r'exec: "([^"]+)": permission denied',
        "the entrypoint {0} can't be executed",
        "Make it an executable file in the image: chmod +x {0}.",
    ),
    (
        r'exec: "([^"]+)": (?:stat .*no such file|executable file not found)',
        "the entrypoint {0} is not in the image",
        "Check the image's ENTRYPOINT and CMD.",
    ),
    (r"exec format error", "the image is for another processor", "Build it for the server's architecture."),
    (
        r"no command specified|no command or entrypoint",
        "the image has nothing to start",
        "Give the image an ENTRYPOINT or CMD.",
    ),
    (r"unable to find user ([^:]+)", "the image has no user {0}", "Check USER in the image."),
    (
        r"bind source path does not exist",
        "a mount's folder is missing",
        "Create it, writable for the runtime.",
    ),
    (
        r'error mounting "[^"]*" to rootfs at "([^"]*)".*not a directory',
        "what the image has at {0} is no folder to mount on",
        "Check AUDIT_EVENTS_TARGET, SNAPSHOTS_TARGET and MOUNTS in the agent's settings.",
    ),
    (
        r'unknown capability: "([^"]+)"',
        "this engine knows no capability {0}",
        "Take it out of CAPABILITIES in the agent's settings, or update the engine.",
    ),
    (r"container name .* is already in use by", f"the name is that of {FOREIGN}", LOOK_BY_HAND),
    (
        r"network \S+ not found|network not found|unable to find network|cannot join network",
        "the network can't be had",
        "Check NETWORK_MODE in the agent's settings.",
    ),
)
_ROWS: Final = {StepName.PULL: (*_ANY_STEP, *_PULL), StepName.START: (*_ANY_STEP, *_START)}
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
    return told(str(explanation or error), _step(error))


def told(words: str, step: StepName | None = None) -> EngineError:
    """The EngineError for a message of the engine, read by the step that it came in."""
    words = " ".join(words.split())[:_SHOWN]
    rows = _ROWS.get(step, _ANY_STEP) if step else _ANY_STEP
    meaning, remedy = _meaning(rows, words, "Look at the engine's own log on the server.")
    words = f"{meaning} (the engine: {words})." if meaning else f"the engine: {words}."
    return EngineError(words, remedy=remedy)


def no_login(error: Exception) -> EngineError:
    """The EngineError for a credential helper of the agent's user that gives no login for the registry."""
    if isinstance(cause := error.__cause__, StoreError):
        words = str(cause).replace('\n"', '"').rstrip(".")
    else:
        words = f"it answered with what is no login ({type(error).__name__})"
    if helper := re.match(r"(docker-credential-\S+) not installed", words):
        words = f"the credential helper {helper[1]} is not installed, or not on the agent's PATH"
        remedy = "Install it, or take it out of ~/.docker/config.json of the agent's user."
    else:
        words = f"the credential helper of the agent's user gives no login: {words}"
        remedy = "Log the agent's user in to the registry anew (docker login)."
    return EngineError(f"{words}.", remedy=remedy)


def _step(error: Exception) -> StepName | None:
    """The step whose call to the engine failed, by the call's path."""
    answer = error.response if isinstance(error, APIError) else None
    path = str(getattr(answer, "url", "")).partition("?")[0]
    if path.endswith("/images/create"):
        return StepName.PULL
    return StepName.START if path.endswith(("/containers/create", "/start")) else None


def _unreachable(error: Exception, host: str) -> EngineError:
    words = " ".join(str(error).split())
    meaning, remedy = _meaning(_ABSENT, words, "Look at the engine on the server.")
    words = f"the Docker engine at {host} can't be asked: {meaning or words[:_SHOWN]}."
    return EngineError(words, remedy=remedy)


def _meaning(table: Iterable[tuple[str, str, str]], words: str, otherwise: str) -> tuple[str, str]:
    """Meaning and remedy of the first row whose pattern is in `words`; ("", otherwise) where none is."""
    for pattern, meaning, remedy in table:
        if found := re.search(pattern, words, re.IGNORECASE):
            return meaning.format(*found.groups()), remedy.format(*found.groups())
    return "", otherwise
