"""Whether the unit's user can reach the program that the unit starts, its interpreter and this package."""

import grp
import os
import pwd
import re
import sys
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

#: What a line of the unit hides from the agent, whatever its mode (systemd.exec).
_HIDES: Final = {
    "ProtectHome=yes": ("/home", "/root", "/run/user"),
    "PrivateTmp=yes": ("/tmp", "/var/tmp"),  # noqa: S108 - no file is made there
}


def hindrance(unit: str, program: str, *, own: bool) -> str:
    """What keeps the unit's user from starting the program, in words without a full stop; "" for nothing.

    Args:
        unit: the unit's text.
        program: what its ExecStart= starts.
        own: whether that is this installation's, so that it needs the interpreter that runs now.

    """
    needed = [Path(program)]
    needed += [Path(sys.executable), Path(sys.prefix), Path(__file__).parents[1]] if own else []
    user = next(iter(_named("User", unit)), "root")
    uid, groups = _ids(user, unit)
    for path in (hop for one in needed if one.exists() for hop in hops(one)):
        for line, folders in _HIDES.items():
            folder = next((one for one in folders if path.is_relative_to(one)), None)
            if folder and line in unit.splitlines():
                return f"{path} lies below {folder}, which is hidden from the unit ({line})"
        for step in (*reversed(path.parents), path):
            if not may_pass(step.stat(), uid, groups):
                mode = f"its mode is {step.stat().st_mode & 0o7777:04o}"
                return f"the unit's user {user} can't reach {path}: {step} is closed to it ({mode})"
    return ""


def hops(path: Path) -> Iterator[Path]:
    """The path, its folders resolved, and likewise what each link that it is leads to."""
    path = path.parent.resolve() / path.name
    yield path
    if path.is_symlink():
        yield from hops(path.parent / path.readlink())


def may_pass(found: os.stat_result, uid: int | None, groups: Collection[int]) -> bool:
    """Whether the mode's bit `x` holds for this user: that of owner, group or others, the first that it is.

    Args:
        found: a folder's, or a program's.
        uid: the user's number; None for one that is not made yet.
        groups: the numbers of its groups.

    """
    place = 6 if found.st_uid == uid else 3 if found.st_gid in groups else 0
    return uid == 0 or bool(found.st_mode >> place & 1)


def _named(key: str, unit: str) -> list[str]:
    return [name for row in re.findall(rf"^{key}=(.+)$", unit, re.MULTILINE) for name in row.split()]


def _ids(user: str, unit: str) -> tuple[int | None, set[int]]:
    """Numbers of the user and of its groups, those that the unit adds among them, as far as there are any."""
    uid, groups = None, set[int]()
    with suppress(KeyError):
        entry = pwd.getpwnam(user)
        uid, groups = entry.pw_uid, set(os.getgrouplist(user, entry.pw_gid))
    for name in (*_named("Group", unit), *_named("SupplementaryGroups", unit)):
        with suppress(KeyError):
            groups.add(grp.getgrnam(name).gr_gid)
    return uid, groups
