"""``smokedeploy agent release``: a person on the server looked, and takes the hold off (FLR-3)."""

import argparse
import os
import pwd
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from pytest_smokedeploy.agent.domain.files import kept
from pytest_smokedeploy.agent.domain.hold import released
from pytest_smokedeploy.agent.domain.state import STATE_FILE, Store
from pytest_smokedeploy.support.errors import SmokedeployError
from pytest_smokedeploy.support.output import say


def run(argv: Sequence[str], environ: Mapping[str, str]) -> int:
    """Release the hold under STATE_PATH, whether the agent runs or not.

    Args:
        argv: ``--reason TEXT``, and ``--state FOLDER`` in place of the variable STATE_PATH.
        environ: where STATE_PATH is looked for, and who called sudo.

    Returns:
        0; or 1 with the reason on stderr: there is no hold, its deploy is under way, the state is lost, or
        it can't be read or written.

    """
    parser = argparse.ArgumentParser(prog="smokedeploy agent release")
    parser.add_argument("--reason", required=True, help="what was found; it goes to the audit log")
    parser.add_argument("--state", default=environ.get("STATE_PATH", ""), help="the agent's STATE_PATH")
    parsed = parser.parse_args(argv)
    folder = Path(parsed.state)
    if not parsed.state:
        parser.error("the agent's state folder is needed: set STATE_PATH, or pass --state FOLDER")
    if not folder.is_dir():
        words = "set STATE_PATH, or pass --state FOLDER, as the agent's own settings have it"
        parser.error(f"the agent's state folder {folder} is not there, or this user can't see it; {words}")
    try:
        with kept(f"{folder} can't be used"):
            _as_its_owner(folder)
        store = Store(folder)
        held = store.read().hold
        # A byte that is no UTF-8 arrives as a surrogate, which the state file can't hold.
        said = (parsed.reason, f"{person(environ)} on the server")
        released(store, *(text.encode("utf-8", "replace").decode() for text in said))
    except SmokedeployError as error:
        say(f"smokedeploy agent release: {error}", sys.stderr)
        return 1
    was = f" It was: {held.reason}" if held else ""
    say(f"smokedeploy agent release: the hold is off.{was}")
    return 0


def _as_its_owner(folder: Path) -> None:
    """Act as the agent's user where root calls: the agent could not open what root writes there."""
    if os.geteuid() == 0:
        file = folder / STATE_FILE
        owner = (file if os.path.lexists(file) else folder).lstat()
        os.setegid(owner.st_gid)
        os.seteuid(owner.st_uid)


def person(environ: Mapping[str, str]) -> str:
    """The user who calls: the one behind sudo, or the owner of this process."""
    try:
        user = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        user = f"uid {os.getuid()}"
    behind = environ.get("SUDO_USER", "")
    return f"{behind} (as {user})" if behind and behind != user else user
