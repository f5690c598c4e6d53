"""Reads a created container back, less what image and engine bring, and compares it (AGT-4)."""

import posixpath
from typing import Any, Final

from pytest_smokedeploy.agent.engines.base import ContainerSpec, CreatedContainer
from pytest_smokedeploy.agent.engines.docker import limits
from pytest_smokedeploy.contract import Mount
from pytest_smokedeploy.support.errors import EngineError

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
        limits=limits.told(attrs["HostConfig"], spec.limits),
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


def check(spec: ContainerSpec, made: CreatedContainer) -> None:
    """Nothing runs but what was asked for; no error holds a variable's value.

    Args:
        spec: what was asked for.
        made: what was created, less what the image brings.

    Raises:
        EngineError: step `start`; each difference is named.

    """
    found = [*_env(spec, made), *_mounts(spec, made)]
    if made.network != spec.network_mode:
        found.append(f"its network is {made.network}, and {spec.network_mode} was asked for")
    found += limits.differences(spec.limits, made.limits)
    if made.health_check:
        found.append("its health check is on, and was to be off")
    if found:
        words = f"the container that was created is not the one asked for: {'; '.join(found)}."
        remedy = "Look at what the engine on the server adds or changes; the container was not started."
        raise EngineError(words, remedy=remedy)


def clean(path: str) -> str:
    """An absolute path as engines report it: no `.`, `..`, doubled or last slash."""
    return "/" + posixpath.normpath(path).lstrip("/")


def _env(spec: ContainerSpec, made: CreatedContainer) -> list[str]:
    there = {name for name, _ in made.env}
    other = {name for name, value in made.env if spec.env.get(name) != value}
    named = {
        "variables that nobody set": other - spec.env.keys(),
        "variables with another value than was set": other & spec.env.keys(),
        "variables that were set and are missing": spec.env.keys() - there,
    }
    return [f"{words}: {', '.join(sorted(names))}" for words, names in named.items() if names]


def _mounts(spec: ContainerSpec, made: CreatedContainer) -> list[str]:
    wanted = {
        m.model_copy(update={"source": clean(m.source), "target": clean(m.target)}) for m in spec.mounts
    }
    there = set(made.mounts)
    named = {"mounts that nobody asked for": there - wanted, "mounts that are missing": wanted - there}
    return [f"{words}: {', '.join(sorted(map(_told, found)))}" for words, found in named.items() if found]


def _told(mount: Mount) -> str:
    return f"{mount.source} at {mount.target}{'' if mount.writable else ', read-only'}"
