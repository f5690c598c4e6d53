"""What an agent's preflight tells of that a deploy would fail of (PRE-6)."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pytest_smokedeploy.client.answer import shown
from pytest_smokedeploy.settings import Settings

_TAKEN: Final = "Rename or remove that container on the server, or set another CONTAINER_NAME there."
_MOUNTS: Final = "Mend `mounts` in the settings, or the agent's on the server; both name them alike."
_SERVER_ENV: Final = (
    "Write what lacks into the agent's RUNTIME_ENV_FILE on the server, and restart the agent; "
    "or mend `runtime.environment` in the settings."
)
_CI_ENV: Final = (
    "Name what lacks in the agent's RUNTIME_ENV_KEYS on the server, take it out of RUNTIME_ENV_FILE there, "
    "and restart the agent; "
    "or mend `runtime` in the settings (`injected_by: server` leaves all of them to the server)."
)


def hindrances(preflight: Mapping[str, object], settings: Settings) -> Iterator[tuple[str, str]]:
    """Words and remedy of each.

    An answer that is not documented hinders nothing here: EXT-4 has it.

    Args:
        preflight: the answer, {} where there is none.
        settings: name the mounts and the variables that the run asks for.

    """
    there = preflight.get("container")
    if isinstance(there, dict) and there.get("ours") is False:
        name = shown(str(there.get("name")), 128)
        yield f"the name {name} is taken by a container that it did not make", _TAKEN
    told = preflight.get("mounts")
    if isinstance(told, list):
        rows = [row for row in told if isinstance(row, dict) and isinstance(row.get("name"), str)]
        by_name = {row["name"]: row for row in rows}
        mounts = [mount.name for mount in settings.mounts]
        if faults := [words for name in mounts if (words := _unfit(name, by_name))]:
            known = ", ".join(shown(name, 64) for name in by_name) or "none"
            yield f"{', '.join(faults)} (it has {known})", _MOUNTS
    by_server = settings.runtime.injected_by == "server"
    told = preflight.get("env" if by_server else "ci_env")
    if isinstance(told, list) and (lacking := [n for n in settings.runtime.environment if n not in told]):
        words = f"no variable {', '.join(lacking)} "
        if by_server:
            yield f"{words}for the container", _SERVER_ENV
        else:
            yield f"{words}taken from a deploy", _CI_ENV


def _unfit(name: str, mounts: Mapping[str, Mapping[str, Any]]) -> str:
    """Why the mount of this name can't be used, or ""."""
    if name not in mounts:
        return f"no mount {name}"
    # Whether it can be written is the runtime's user's to find out, and not the agent's.
    there = mounts[name].get("exists") is True
    return "" if there else f"the folder of the mount {name} is missing on the server"
