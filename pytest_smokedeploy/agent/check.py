"""``smokedeploy agent --check``: what is wrong with settings and server, before anybody depends on it."""

import grp
import os
import pwd
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from pytest_smokedeploy.agent import mounts
from pytest_smokedeploy.agent.engines.base import ContainerState
from pytest_smokedeploy.agent.env_file import unquoted
from pytest_smokedeploy.agent.http.keys import KeysError, fetch
from pytest_smokedeploy.agent.main import make_engine
from pytest_smokedeploy.agent.settings import AgentSettings, WrongSettingsError
from pytest_smokedeploy.database.migrations import look
from pytest_smokedeploy.support.errors import EngineError, SmokedeployError
from pytest_smokedeploy.support.output import say
from pytest_smokedeploy.support.redaction import Sanitiser


def check(environ: Mapping[str, str]) -> int:
    """Look at everything, print a line each and what to do next, change nothing; 0 where all is well, else 1.

    Args:
        environ: the settings, as the agent itself would read them.

    """
    sanitiser = Sanitiser()
    try:
        settings = AgentSettings.from_environ(environ)
    except WrongSettingsError as error:
        lines = [f"wrong  settings: {one}" for one in error.errors]
        lines.append("wrong  the rest: was not looked at; mend the settings first.")
    else:
        sanitiser = Sanitiser(settings.secrets)
        lines = ["ok     settings: every one is as it should be", *_server(settings, environ)]
    wrong = [line for line in lines if line.startswith("wrong")]
    for line in (*lines, _next(wrong)):
        say(sanitiser.text(line))
    return int(bool(wrong))


def _next(wrong: Sequence[str]) -> str:
    """What to do next, by the lines that are wrong, in their order."""
    if not wrong:
        started = (
            "start the agent (systemctl enable --now deploy-agent), or let one that runs take up changed"
        )
        again = "settings and variables (systemctl restart deploy-agent, between two runs)"
        return f"next   {started} {again}; then call `smokedeploy check --live` in the repository"
    rows = [line.removeprefix("wrong  ").partition(": ") for line in wrong]
    first = rows[0][0]
    if first == "settings":
        names = dict.fromkeys(words.partition(":")[0] for what, _, words in rows if what == first)
        first = f"the settings {', '.join(names)}"
    return f"next   first mend what is wrong with {first}, then call this again"


def _server(settings: AgentSettings, environ: Mapping[str, str]) -> Iterator[str]:
    """A line for each thing on the server: what was found, or what is wrong and its remedy."""
    looks: dict[str, Callable[[], str]] = {
        "AUDIT_EVENTS_PATH": partial(_folder, settings.audit_events),
        "SNAPSHOTS_PATH": partial(_folder, settings.snapshots),
        **{f"mount {one.name}": partial(_folder, Path(one.source)) for one in settings.more_mounts},
        "STATE_PATH": partial(_state, settings.state),
        "keys": partial(_keys, settings.team),
        "database": partial(_database, settings),
    }
    if name := environ.get("RUNTIME_ENV_FILE", "").strip():
        looks["RUNTIME_ENV_FILE"] = partial(_env_file, Path(name), settings.runtime_env)
    try:
        engine = make_engine(settings)
        yield f"ok     engine: {settings.engine} {engine.ping()}"
        looks[f"container {settings.container_name}"] = partial(_container, engine.inspect())
    except EngineError as error:
        yield f"wrong  engine: {error}"
    for what, found in looks.items():
        try:
            yield f"ok     {what}: {found()}"
        except SmokedeployError as error:
            yield f"wrong  {what}: {error}"


def _container(state: ContainerState | None) -> str:
    if state is not None and not state.ours:
        words = "this name is taken by a container that the agent did not make, and never touches."
        raise SmokedeployError(f"{words} Rename or remove that one, or set another CONTAINER_NAME.")
    if state is None:
        return "there is none yet"
    return f"the agent's own, {state.state}{f', renamed {state.renamed}' if state.renamed else ''}"


def _folder(path: Path) -> str:
    if not path.is_dir():
        raise SmokedeployError(f"{path} is no folder. Create it, as `smokedeploy agent init` does.")
    user = _name(lambda: pwd.getpwuid(os.geteuid()).pw_name, os.geteuid())
    remedy = mounts.opened([str(path)], _name(lambda: grp.getgrgid(os.getegid()).gr_name, os.getegid()))
    if not os.access(path, os.W_OK | os.X_OK):
        # The runtime's user may well be allowed what the agent's is not: the preflight says the same.
        raise SmokedeployError(f"{path} can't be written to by {user}. Open it {remedy}")
    words = f"{path} can be written to by {user}; whether the container's user may is not known here"
    # The mode is all that a look from outside shows of it: a bind mount keeps numbers and modes.
    alone = f". By its mode its owner alone may: where the runtime is another user, open it {remedy}"
    return f"{words}{alone if mounts.owners_alone(path) else ''}"


def _name(known: Callable[[], str], number: int) -> str:
    """The name of a user or group, or its number where it has none here."""
    try:
        return known()
    except KeyError:
        return str(number)


def _state(path: Path) -> str:
    at = next(folder for folder in (path, *path.parents) if folder.exists())
    if not at.is_dir() or not os.access(at, os.W_OK | os.X_OK):
        raise SmokedeployError(f"{at} can't be written to by this user. Make {path} its own.")
    if at == path and path.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        words = "others may write to it, and could lift a hold or change the audit log."
        raise SmokedeployError(f"{path}: {words} chmod 700 it.")
    return f"{path} {'is there' if at == path else 'can be made'}"


def _env_file(path: Path, found: Mapping[str, str]) -> str:
    if path.stat().st_mode & stat.S_IROTH:
        raise SmokedeployError(f"{path} can be read by everybody: `chmod o= {path}`.")
    quoted = ", ".join(name for name, value in found.items() if unquoted(value))
    words = f"; the quotes around the value of {quoted} belong to it, as `docker run --env-file` takes it"
    rows = (name if value else f"{name} (empty)" for name, value in found.items())
    names = f"{len(found)} names{': ' if found else ''}{', '.join(rows)}"
    return f"{names}{words if quoted else ''}"


def _keys(team: str) -> str:
    try:
        return f"{team} lists {len(fetch(team))}"
    except KeysError as error:
        raise SmokedeployError(f"{error} Without them nobody is let in.") from error


def _database(settings: AgentSettings) -> str:
    if settings.database_url is None:
        return "DATABASE_URL is not set; the gate then asks it itself, or takes an attestation"
    found = look(settings.database_url, settings.database_table)
    if found.applied is None:
        raise SmokedeployError(f"{found.reason}. Start, create or migrate it, or mend DATABASE_URL.")
    return f"{len(found.applied)} migrations in {settings.database_table}"
