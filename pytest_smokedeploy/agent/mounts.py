"""The runtime's mounts: the model's two, each by settings of its own, and further ones in ``MOUNTS``."""

import re
import shlex
from collections.abc import Iterator, Sequence
from itertools import combinations
from os.path import normpath
from pathlib import Path
from typing import Final

from pytest_smokedeploy.contract import Mount

#: As the gate's settings name one: the log names mounts too.
_MOUNT: Final = re.compile(r"(?P<name>[a-z0-9]+(?:[._-][a-z0-9]+)*)=(?P<source>[^:]+):(?P<target>[^:]+)")
_LIKE: Final = "NAME=/folder/on/the/server:/place/in/the/container, its name in lower case"
#: Settings of the model's own two.
_OWN: Final = {"audit-events": "AUDIT_EVENTS", "snapshots": "SNAPSHOTS"}


def absolute(path: Path) -> Path:
    """An absolute path; whether it is there is for `--check` and the preflight to say.

    Raises:
        ValueError: it is none.

    """
    if not path.is_absolute():
        raise ValueError(f"is {str(path)!r}; an absolute path")
    return path


def target(text: str) -> str:
    """An absolute path in the container, which isn't its root.

    Raises:
        ValueError: it is none.

    """
    path = normpath(absolute(Path(text)))
    if path == "/":
        raise ValueError("is '/'; a folder below it, since nothing can be mounted over the whole container")
    return path


def read(text: str) -> Mount:
    """One of ``MOUNTS``.

    Raises:
        ValueError: it is none.

    """
    if (found := _MOUNT.fullmatch(text)) is None:
        raise ValueError(f"holds {text!r}; a mount is {_LIKE}")
    source = str(absolute(Path(found["source"])))
    return Mount(name=found["name"], source=source, target=target(found["target"]), writable=True)


def variable(name: str) -> str:
    """A mount's name as it stands in variables: ``AUDIT_EVENTS`` of ``audit-events``."""
    return re.sub(r"[.-]", "_", name).upper()


def owners_alone(folder: Path) -> bool:
    """Whether a folder's mode lets neither group nor others write."""
    return not folder.stat().st_mode & 0o022


def opened(folders: Sequence[str], group: str) -> str:
    """The command by which the runtime's user owns folders that the agent's group may write to, for root."""
    names = shlex.join(folders)
    number = "with the number of the runtime's user for UID (0 where that is root)"
    return f"as root, {number}: chown UID:{group} {names} && chmod 0770 {names}"


def contradictions(state: Path, mounts: Sequence[Mount]) -> Iterator[tuple[str, str]]:
    """Name and message of each setting by which mounts contradict each other or STATE_PATH.

    Args:
        state: STATE_PATH.
        mounts: the model's own two first.

    """
    for mount in mounts:
        if state.resolve().is_relative_to(Path(mount.source).resolve()):
            whose = _called(mount, "PATH")
            words = f"lies in {whose}, which the runtime can write to: it could lift its own hold."
            yield "STATE_PATH", words
    for first, second in combinations(mounts, 2):
        if variable(first.name) == variable(second.name):
            words = f"has the name {second.name}, and another mount is called {first.name}; each has its own."
            yield "MOUNTS", words
        elif Path(first.source).resolve() == Path(second.source).resolve():
            words = f"is {_called(first, 'PATH')} too; each mount has a folder of its own."
            yield _called(second, "PATH"), words
        elif first.target == second.target:
            words = f"is {_called(first, 'TARGET')} too; each mount has a place of its own."
            yield _called(second, "TARGET"), words


def _called(mount: Mount, part: str) -> str:
    """The setting of a part of a mount."""
    return f"{_OWN[mount.name]}_{part}" if mount.name in _OWN else f"MOUNTS, {mount.name}"
