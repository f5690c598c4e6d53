"""What an agent's preflight tells of that a deploy would fail of (PRE-6)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from pytest_smokedeploy.client.answer import shown

_TAKEN: Final = "Rename or remove that container on the server, or set another CONTAINER_NAME there."
_MOUNTS: Final = "Mend `mounts` in the settings, or the agent's on the server; both name them alike."


def hindrances(preflight: Mapping[str, object], mounts: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Words and remedy of each.

    An answer that is not documented hinders nothing here: EXT-4 has it.

    Args:
        preflight: the answer, {} where there is none.
        mounts: names of those that the settings ask for.

    """
    there = preflight.get("container")
    if isinstance(there, dict) and there.get("ours") is False:
        name = shown(str(there.get("name")), 128)
        yield f"the name {name} is taken by a container that it did not make", _TAKEN
    told = preflight.get("mounts")
    if isinstance(told, list):
        rows = [row for row in told if isinstance(row, dict) and isinstance(row.get("name"), str)]
        by_name = {row["name"]: row for row in rows}
        if faults := [words for name in mounts if (words := _unfit(name, by_name))]:
            known = ", ".join(shown(name, 64) for name in by_name) or "none"
            yield f"{', '.join(faults)} (it has {known})", _MOUNTS


def _unfit(name: str, mounts: Mapping[str, Mapping[str, Any]]) -> str:
    """Why the mount of this name can't be used, or ""."""
    if name not in mounts:
        return f"no mount {name}"
    # Whether it can be written is the runtime's user's to find out, and not the agent's.
    there = mounts[name].get("exists") is True
    return "" if there else f"the folder of the mount {name} is missing on the server"
