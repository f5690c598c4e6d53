"""What a request may ask for, held against what the server owns; whatever else is a definite no."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pytest_smokedeploy.agent.settings import PLANE, AgentSettings
from pytest_smokedeploy.contract import DeployRequest
from pytest_smokedeploy.support.errors import SmokedeployError
from pytest_smokedeploy.support.image import ImageReference

#: What a request may try to name, and the setting by which the server owns it.
SERVER_OWNED: Final = {
    **dict.fromkeys(("container_name", "name"), "CONTAINER_NAME"),
    **dict.fromkeys(("mounts", "volumes", "binds"), "AUDIT_EVENTS_PATH, SNAPSHOTS_PATH and MOUNTS"),
    **dict.fromkeys(("network", "network_mode", "ports"), "NETWORK_MODE"),
    "execution_plane": "ALLOW_EXECUTION_PLANE",
    "env_file": "RUNTIME_ENV_FILE",
    **dict.fromkeys(
        ("privileged", "user", "command", "entrypoint", "labels", "restart_policy", "restart", "cap_add"),
        "no setting: it is never changed",
    ),
}


class RefusedError(SmokedeployError):
    """A definite no: nothing was done.

    Attributes:
        status: the HTTP status.

    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def unknown_field(name: str) -> str:
    """What to say of a field that no request carries."""
    owner = SERVER_OWNED.get(name)
    if owner is None:
        return f"{name}: this agent knows no such field."
    return f"{name}: the server owns it ({owner}); a request can't set it."


@dataclass(frozen=True, slots=True)
class Terms:
    """A deploy that may be done: the runtime's whole environment, and whether the image only stops."""

    env: dict[str, str]
    stop_only: bool


def admit(settings: AgentSettings, request: DeployRequest) -> Terms:
    """Hold a request against the settings.

    Args:
        settings: what the server owns.
        request: what is asked for.

    Raises:
        RefusedError: 400, naming the field.

    """
    if request.environment != settings.environment:
        raise RefusedError(400, f"environment: this agent is {settings.environment}'s.")
    try:
        reference = ImageReference.parse(request.image)
    except ValueError as error:
        raise RefusedError(400, f"image: {error}.") from error
    stop_only = str(reference) in settings.stop_only_images
    if not stop_only and reference.repository not in settings.allowed_images:
        raise RefusedError(400, f"image: {reference.repository} is not among ALLOWED_IMAGES.")
    if reference.tag == "latest" or (reference.tag is None and reference.digest is None):
        raise RefusedError(400, "image: a tag that can move (none, or latest) is never deployed.")
    if stop_only and request.deploy_id is not None:
        raise RefusedError(400, "deploy_id: a stop-only image takes none; it ends a deploy and begins none.")
    return Terms(_env(settings, request), stop_only)


def check_mounts(settings: AgentSettings) -> None:
    """Look at the folders to be mounted: the engine would, but once the container before is gone.

    Raises:
        RefusedError: 409; one is not there.

    """
    for mount in settings.mounts:
        if not Path(mount.source).is_dir():
            words = f"mounts: {mount.source} ({mount.name}) is no folder on the server. Make it there first."
            raise RefusedError(409, words)


def _env(settings: AgentSettings, request: DeployRequest) -> dict[str, str]:
    env = {PLANE: settings.execution_plane, **settings.runtime_env}
    for name, value in (request.env or {}).items():
        if name in settings.runtime_env or name in settings.mount_env:
            raise RefusedError(400, f"env: {name} is set on the server; a request can't set it.")
        # The plane that the agent starts on anyway says nothing new; another one is the server's to allow.
        same = (name, value) == (PLANE, settings.execution_plane)
        if name not in settings.ci_env_keys and not same:
            raise RefusedError(400, f"env: {name} is not among RUNTIME_ENV_KEYS; the server owns it.")
        if name == PLANE and value not in settings.allowed_planes:
            raise RefusedError(400, f"env: {PLANE} {value} is not among ALLOW_EXECUTION_PLANE.")
        env[name] = value
    return env | settings.mount_env
