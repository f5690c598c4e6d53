"""``smokedeploy agent init``: lays unit, settings and folders on the server; what is there is left."""

import argparse
import grp
import os
import pwd
import re
import shlex
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pytest_smokedeploy.agent import mounts, reach
from pytest_smokedeploy.support.documents import documents
from pytest_smokedeploy.support.errors import SmokedeployError
from pytest_smokedeploy.support.output import say
from pytest_smokedeploy.support.placeholder import is_placeholder

_USER: Final = "deploy-agent"
_ENV: Final = "/etc/deploy-agent/agent.env"
_UNIT: Final = "/etc/systemd/system/deploy-agent.service"
_ADD_USER: Final = (
    "useradd",
    "--system",
    "--user-group",
    "--no-create-home",
    "--shell",
    "/usr/sbin/nologin",
    _USER,
)
#: Where the unit's ExecStart= finds the program, until it is laid.
_PROGRAM: Final = "/opt/smokedeploy/bin/smokedeploy"
#: The unit's StateDirectory=, which systemd itself lets the agent write to.
_STATE: Final = "/var/lib/deploy-agent"
#: By what name a person on the server calls the program: a folder of everybody's PATH, and of sudo's.
_COMMAND: Final = "/usr/local/bin/smokedeploy"
_ANEW: Final = (
    "Build the environment anew with the system's own Python, open to other users: "
    "`umask 022; /usr/bin/python3 -m venv --clear /opt/smokedeploy`; install the package there, and call "
    "`/opt/smokedeploy/bin/smokedeploy agent init`."
)
_MEND: Final = f"Mend ExecStart= in {_UNIT}."
#: Lines of the unit by which `systemd-run` runs a command as the unit runs the agent.
_ALIKE: Final = re.compile(r"^(?:User|SupplementaryGroups|EnvironmentFile)=.+$", re.MULTILINE)
_WRITABLE: Final = re.compile(r"^ReadWritePaths=(.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class _Place:
    """A file or folder of the server.

    Attributes:
        path: absolute, below the root.
        owner: user and group, as ``chown`` takes them.
        text: a file's text; None for a folder.

    """

    path: str
    owner: str
    mode: int
    text: str | None = None


def run(argv: Sequence[str]) -> int:
    """Lay what is missing, say what is left as it is and what could not be done, and what to do next.

    Args:
        argv: ``--root FOLDER``, in place of ``/``.

    Returns:
        0; or 1 with the reason on stderr: root's rights are needed, a setting can't be read, no user is made,
        or the agent's user can't reach this installation.

    """
    parser = argparse.ArgumentParser(prog="smokedeploy agent init")
    words = "lay everything below this folder, to look at it; owners by this machine's ids (default: /)"
    parser.add_argument("--root", type=Path, default=Path("/"), metavar="FOLDER", help=words)
    try:
        _lay_all(parser.parse_args(argv).root.absolute())
    except SmokedeployError as error:
        say(f"smokedeploy agent init: {error}", sys.stderr)
        return 1
    except OSError as error:
        say(f"smokedeploy agent init: {error.filename or 'a file'}: {error.strerror or error}.", sys.stderr)
        return 1
    return 0


def _lay_all(root: Path) -> None:
    own_program = f"{sysconfig.get_path('scripts')}/smokedeploy"
    real, may_own = root == Path("/"), os.geteuid() == 0
    if real and not may_own:
        words = "Only root may lay the agent's user, unit, settings and folders."
        raise SmokedeployError(
            words, remedy=f"sudo {own_program} agent init; or --root FOLDER to look at them first."
        )
    template = (documents() / "docs" / "agent.env").read_text("utf-8")
    settings = _text(_at(root, _ENV), template)
    values = _values(settings)
    left = [name for name in _values(template) if is_placeholder(values.get(name, ""))]
    folders = _folders(values)
    writable = [path for path in folders if path != _STATE]
    unit = (documents() / "docs" / "deploy-agent.service").read_text("utf-8").replace(_PROGRAM, own_program)
    unit = _text(_at(root, _UNIT), _WRITABLE.sub(lambda _: f"ReadWritePaths={' '.join(writable)}", unit))
    started = re.search(r"^ExecStart=(\S+)", unit, re.MULTILINE)
    program = started[1] if started else own_program
    shut = reach.hindrance(unit, program, own=program == own_program)
    if real and shut and program == own_program:
        raise SmokedeployError(f"The agent would not start: {shut}.", remedy=f"{_ANEW} Nothing was laid.")
    if real:
        _make_user()
    own = f"{_USER}:{_USER}"
    state = values.get("STATE_PATH")
    for place in (
        _Place(str(Path(_ENV).parent), f"root:{_USER}", 0o750),
        _Place(_ENV, f"root:{_USER}", 0o640, settings),
        _Place(_UNIT, "root:root", 0o644, unit),
        *(_Place(path, own, 0o700 if path == state else 0o750) for path in folders),
    ):
        _lay(_at(root, place.path), place, may_own=may_own)
    # What the unit starts: a hold is released by the agent's own installation, whoever called this one.
    _link(_at(root, _COMMAND), program if Path(program).name == "smokedeploy" else own_program)
    found = (
        [f"the agent would not start: {shut}. {_ANEW if program == own_program else _MEND}"] if shut else []
    )
    found += _hindrances(unit, writable, real=real)
    mounted = [path for path in folders if path != state and mounts.owners_alone(_at(root, path))]
    for words in (*found, *_next(unit, program, left, mounted)):
        say(f"smokedeploy agent init: {words}")


def _at(root: Path, path: str) -> Path:
    return root / path.lstrip("/")


def _text(file: Path, otherwise: str) -> str:
    """What stands in a file, or is to be laid there."""
    return file.read_text("utf-8", "backslashreplace") if os.path.lexists(file) else otherwise


def _values(text: str) -> dict[str, str]:
    """The settings of an environment file, as systemd reads a line without escapes."""
    rows = (row.strip().partition("=") for row in text.splitlines() if not row.strip().startswith(("#", ";")))
    return {name.strip(): value.strip().strip("\"'") for name, _, value in rows}


def _folders(values: Mapping[str, str]) -> list[str]:
    """STATE_PATH and the source of each mount; a path that is not absolute is `--check`'s to refuse.

    Raises:
        SmokedeployError: one of MOUNTS can't be read.

    """
    named = [values.get(name, "") for name in ("STATE_PATH", "AUDIT_EVENTS_PATH", "SNAPSHOTS_PATH")]
    try:
        named += [mounts.read(one).source for one in values.get("MOUNTS", "").replace(",", " ").split()]
    except ValueError as error:
        words = f"{_ENV}: MOUNTS {error}."
        raise SmokedeployError(words, remedy="Mend it, and call this again; nothing was laid.") from error
    return list(dict.fromkeys(path for path in named if path.startswith("/")))


def _make_user() -> None:
    """Make the agent's user where there is none."""
    with suppress(KeyError):
        pwd.getpwnam(_USER)
        say(f"smokedeploy agent init: left as it is: the user {_USER}")
        return
    try:
        subprocess.run(_ADD_USER, check=True, capture_output=True, text=True)  # noqa: S603 - fixed words
    except (OSError, subprocess.CalledProcessError) as error:
        said = str(getattr(error, "stderr", "") or error).strip()
        words = f"The user {_USER} could not be made: {said}."
        remedy = f"Make it by hand, as `{shlex.join(_ADD_USER)}` does, and call this again; nothing was laid."
        raise SmokedeployError(words, remedy=remedy) from error
    say(f"smokedeploy agent init: made the user {_USER}")


def _lay(at: Path, place: _Place, *, may_own: bool) -> None:
    """Lay a file or folder that is missing, with its owner and mode."""
    if os.path.lexists(at):
        say(f"smokedeploy agent init: left as it is: {at}")
        return
    for folder in reversed([one for one in at.parents if not one.exists()]):
        folder.mkdir()
        folder.chmod(0o755)
    if place.text is None:
        at.mkdir(0o700)
    else:
        with os.fdopen(os.open(at, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(place.text)
    ids = _ids(place.owner) if may_own else None
    if ids:
        os.chown(at, *ids)
    at.chmod(place.mode)
    say(f"smokedeploy agent init: laid {at} ({place.owner}, {place.mode:04o})")
    if ids is None:
        why = "there is no such user or group" if may_own else "this user may not"
        command = f"sudo chown {place.owner} {shlex.quote(str(at))}"
        say(f"smokedeploy agent init: its owner was not set, since {why}: {command}")


def _link(at: Path, program: str) -> None:
    """Lay the name by which a person calls the program."""
    if os.path.lexists(at):
        say(f"smokedeploy agent init: left as it is: {at}")
        return
    at.parent.mkdir(parents=True, exist_ok=True)
    at.symlink_to(program)
    say(f"smokedeploy agent init: laid {at}, which is {program}")


def _ids(owner: str) -> tuple[int, int] | None:
    """The numbers of ``USER:GROUP``, None where one is not known here."""
    user, _, group = owner.partition(":")
    try:
        return pwd.getpwnam(user).pw_uid, grp.getgrnam(group).gr_gid
    except KeyError:
        return None


def _hindrances(unit: str, writable: Sequence[str], *, real: bool) -> Iterator[str]:
    """What keeps the unit, as it stands there, from running the agent."""
    listed = [one for row in _WRITABLE.findall(unit) for one in row.split()]
    for path in writable:
        if not any(Path(path).is_relative_to(one) for one in listed):
            yield f"add {path} to ReadWritePaths= in {_UNIT}: the agent finds it read-only otherwise"
    if real and _ids("root:docker") is None:
        yield f"there is no group docker here: install the engine, or mend SupplementaryGroups= in {_UNIT}"


def _next(unit: str, program: str, left: Sequence[str], mounted: Sequence[str]) -> Iterator[str]:
    """What is left to do, numbered.

    Args:
        unit: the unit's text.
        program: what it starts.
        left: settings that are still a placeholder.
        mounted: folders of mounts that their owner alone may write to.

    """
    alike = " ".join(f"-p {shlex.quote(row)}" for row in _ALIKE.findall(unit))
    steps = [f"Write your own values in {_ENV} for {', '.join(left)}."] if left else []
    steps += [f"Open the mounts, {mounts.opened(mounted, _USER)}"] if mounted else []
    steps += [
        f"Look: systemd-run --quiet --pipe --wait {alike} {program} agent --check",
        "Where all is well: systemctl daemon-reload && systemctl enable --now deploy-agent",
    ]
    yield from (f"next, {number}. {words}" for number, words in enumerate(steps, 1))
