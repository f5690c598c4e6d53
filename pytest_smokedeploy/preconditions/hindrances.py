"""What an agent's preflight tells of that a deploy would fail of (PRE-6)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from pytest_smokedeploy.client.answer import shown
from pytest_smokedeploy.model import remedies
from pytest_smokedeploy.settings import RunConfig
from pytest_smokedeploy.settings.model import MountSettings
from pytest_smokedeploy.support.image import ImageReference

_TAKEN: Final = "Rename or remove that container on the server, or set another CONTAINER_NAME there."
_NAME: Final = "Name it alike in `agent.container_name` and in the agent's CONTAINER_NAME."
_IMAGES: Final = "Mend `{}` in the settings, or the agent's {} on the server."


def hindrances(preflight: Mapping[str, object], run: RunConfig) -> Iterator[tuple[str, str]]:
    """Words and remedy of each.

    An answer that is not documented hinders nothing here: EXT-4 has it.

    Args:
        preflight: the answer, {} where there is none.
        run: names what it asks for.

    """
    settings = run.settings
    told, name = preflight.get("container_name"), settings.agent.container_name
    if isinstance(told, str) and told != name:
        yield f"its container's name is {shown(told, 128)}, and the settings say {name}", _NAME
    there = preflight.get("container")
    if isinstance(there, dict) and there.get("ours") is False:
        name = shown(str(there.get("name")), 128)
        yield f"the name {name} is taken by a container that it did not make", _TAKEN
    yield from _images(preflight.get("images"), run)
    told = preflight.get("mounts")
    if isinstance(told, list):
        rows = [row for row in told if isinstance(row, dict) and isinstance(row.get("name"), str)]
        by_name = {row["name"]: row for row in rows}
        if faults := [words for mount in settings.mounts if (words := _unfit(mount, by_name))]:
            yield f"{', '.join(faults)} (it has {_listed(list(by_name))})", remedies.MOUNTS
    injected_by = settings.runtime.injected_by
    told = preflight.get("env" if injected_by == "server" else "ci_env")
    if isinstance(told, list) and (lacking := [n for n in settings.runtime.environment if n not in told]):
        whose = "for the container" if injected_by == "server" else "taken from a deploy"
        yield f"no variable {', '.join(lacking)} {whose}", remedies.VARIABLES[injected_by]


def _images(told: object, run: RunConfig) -> Iterator[tuple[str, str]]:
    """Images of the settings that are not among those that the agent tells."""
    for image, key, setting in (
        (run.image_repository, "image.repository", "ALLOWED_IMAGES"),
        (run.settings.shutdown.image, "shutdown.image", "STOP_ONLY_IMAGES"),
    ):
        # Spelled out, as the agent does: `a/b` is `docker.io/a/b`.
        if image and isinstance(told, list) and str(ImageReference.parse(image)) not in told:
            yield f"it does not deploy {image} ({_listed(told)} alone)", _IMAGES.format(key, setting)


def _unfit(mount: MountSettings, told: Mapping[str, Mapping[str, Any]]) -> str:
    """Why a mount of the settings can't be used, or ""."""
    name = mount.name
    if name not in told:
        return f"no mount {name}"
    # Whether it can be written is the runtime's user's to find out, and not the agent's.
    if told[name].get("exists") is not True:
        return f"the folder of the mount {name} is missing on the server"
    if isinstance(target := told[name].get("target"), str) and target != mount.target:
        return f"the mount {name} at {shown(target, 128)}, not at {mount.target}"
    return ""


def _listed(names: Sequence[object]) -> str:
    return shown(", ".join(map(str, names)), 600) or "none"
