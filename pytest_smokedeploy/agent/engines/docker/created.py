"""Reads a created container back from the engine's `inspect`, less what image and engine bring (AGT-4)."""

from typing import Any, Final

from pytest_smokedeploy.agent.engines.base import ContainerSpec, CreatedContainer
from pytest_smokedeploy.agent.engines.declared import clean
from pytest_smokedeploy.contract import Mount

#: What Podman itself sets in every container, PATH where the image has none (FACTS: Images and Docker).
_PODMANS: Final = (
    ("container", "podman"),
    ("TERM", "xterm"),
    ("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
)
#: Turns the image's health check off; the engine reports it unchanged (FACTS: Images and Docker).
NO_HEALTH_CHECK: Final = ("NONE",)


def created(attrs: dict[str, Any], image: dict[str, Any], spec: ContainerSpec) -> CreatedContainer:
    """The container as it was created.

    Args:
        attrs: what the engine tells of the container.
        image: what it tells of the container's image.
        spec: what was asked for: a variable that it sets is never taken for the image's. An engine knows no
            mount's name; one has the name of what was asked for at its target.

    """
    config, brought = attrs["Config"], image.get("Config") or {}
    brought_env = {pair for pair in (*_PODMANS, *_pairs(brought)) if pair[0] not in spec.env}
    names = {clean(mount.target): mount.name for mount in spec.mounts}
    volumes = {clean(path) for path in brought.get("Volumes") or {}}
    check = (config.get("Healthcheck") or {}).get("Test") or NO_HEALTH_CHECK
    return CreatedContainer(
        env=tuple(pair for pair in _pairs(config) if pair not in brought_env),
        mounts=tuple(
            Mount(name=names.get(target, ""), source=clean(row["Source"]), target=target, writable=row["RW"])
            for row in sorted(attrs["Mounts"], key=lambda row: str(row["Destination"]))
            if (target := clean(row["Destination"])) not in volumes or row["Type"] != "volume"
        ),
        network=_network(attrs, spec.network_mode),
        health_check=tuple(check) != NO_HEALTH_CHECK,
    )


def _network(attrs: dict[str, Any], asked: str) -> str:
    """The network: Podman reports the mode ``bridge`` for every named one; several are joined by commas."""
    there = sorted(attrs["NetworkSettings"].get("Networks") or {})
    if len(there) > 1:
        return ", ".join(there)
    mode: str = attrs["HostConfig"]["NetworkMode"]
    return asked if there == [asked] else mode


def _pairs(config: dict[str, Any]) -> list[tuple[str, str]]:
    """Each variable with its value; a name alone is one that is not set."""
    rows = [text.partition("=") for text in config.get("Env") or []]
    return [(name, value) for name, equals, value in rows if equals]
