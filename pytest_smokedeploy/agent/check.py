"""``smokedeploy agent --check``: what is wrong with settings and server, before anybody depends on it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from pytest_smokedeploy.agent.http.keys import KeysError, fetch
from pytest_smokedeploy.agent.main import make_engine
from pytest_smokedeploy.agent.settings import AgentSettings, WrongSettingsError
from pytest_smokedeploy.database.migrations import look
from pytest_smokedeploy.support.errors import EngineError
from pytest_smokedeploy.support.redaction import Sanitiser


class CheckLine(NamedTuple):
    """One thing looked at: `found` where it is well, `wrong` with its remedy where it is not."""

    what: str
    found: str = ""
    wrong: str = ""


def check(environ: Mapping[str, str]) -> int:
    """Look at everything, print one line each, change nothing; 0 where all is well, 1 otherwise.

    Args:
        environ: the settings, as the agent itself would read them.

    """
    sanitiser, lines = Sanitiser(), []
    try:
        settings = AgentSettings.from_environ(environ)
    except WrongSettingsError as error:
        lines = [CheckLine("settings", wrong=str(one)) for one in error.errors]
        lines.append(CheckLine("the rest", wrong="was not looked at; mend the settings first."))
    else:
        sanitiser = Sanitiser(settings.secrets)
        lines = [CheckLine("settings", "every one is as it should be"), *_server(settings, environ)]
    for line in lines:
        words = f"wrong  {line.what}: {line.wrong}" if line.wrong else f"ok     {line.what}: {line.found}"
        print(sanitiser.text(words), flush=True)  # noqa: T201 - a command line's voice
    return 1 if any(line.wrong for line in lines) else 0


def _server(settings: AgentSettings, environ: Mapping[str, str]) -> Iterator[CheckLine]:
    yield from _engine(settings)
    yield _folder("AUDIT_EVENTS_PATH", settings.audit_events)
    yield _folder("SNAPSHOTS_PATH", settings.snapshots)
    yield _state(settings.state)
    if name := environ.get("RUNTIME_ENV_FILE", "").strip():
        yield _env_file(Path(name), len(settings.runtime_env))
    try:
        found = fetch(settings.team)
        yield CheckLine("keys", f"{settings.team} lists {len(found)}")
    except KeysError as error:
        yield CheckLine("keys", wrong=f"{error} Without them nobody is let in.")
    yield _database(settings)


def _engine(settings: AgentSettings) -> Iterator[CheckLine]:
    try:
        engine = make_engine(settings)
        yield CheckLine("engine", f"{engine.kind} {engine.ping()}")
        state = engine.inspect()
    except EngineError as error:
        yield CheckLine("engine", wrong=str(error))
        return
    name = f"container {settings.container_name}"
    if state is None:
        yield CheckLine(name, "there is none yet")
    elif state.ours:
        yield CheckLine(name, f"the agent's own, {state.state}")
    else:
        words = "this name is taken by a container that the agent did not make, and never touches."
        yield CheckLine(name, wrong=f"{words} Rename or remove that one, or set another CONTAINER_NAME.")


def _folder(name: str, path: Path) -> CheckLine:
    if not path.is_dir():
        return CheckLine(name, wrong=f"{path} is no folder. Create it for the user the runtime runs as.")
    if not os.access(path, os.W_OK | os.X_OK):
        # The runtime's user may well be allowed what the agent's is not: the preflight says the same.
        return CheckLine(
            name, wrong=f"{path} can't be written to by this user. Give it the right owner or mode."
        )
    return CheckLine(name, f"{path} is there and can be written to")


def _state(path: Path) -> CheckLine:
    name, at = "STATE_PATH", path
    while not at.exists() and at != at.parent:
        at = at.parent
    if not at.is_dir() or not os.access(at, os.W_OK | os.X_OK):
        return CheckLine(name, wrong=f"{at} can't be written to by this user. Make {path} its own.")
    if at == path and path.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        words = "others may write to it, and could lift a hold or change the audit log."
        return CheckLine(name, wrong=f"{path}: {words} chmod 700 it.")
    return CheckLine(name, f"{path} {'is there' if at == path else 'can be made'}")


def _env_file(path: Path, count: int) -> CheckLine:
    if path.stat().st_mode & stat.S_IROTH:
        return CheckLine("RUNTIME_ENV_FILE", wrong=f"{path} can be read by everybody. chmod 600 it.")
    return CheckLine("RUNTIME_ENV_FILE", f"{count} names")


def _database(settings: AgentSettings) -> CheckLine:
    name = "database"
    if settings.database_url is None:
        return CheckLine(
            name, "DATABASE_URL is not set; the gate then asks it itself, or takes an attestation"
        )
    found = look(settings.database_url, settings.database_table)
    if found.applied is None:
        return CheckLine(name, wrong=f"{found.reason}. Start, create or migrate it, or mend DATABASE_URL.")
    return CheckLine(name, f"{len(found.applied)} migrations in {settings.database_table}")
