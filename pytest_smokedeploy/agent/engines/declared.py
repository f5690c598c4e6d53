"""Compares a created container with its specification (AGT-4). Its errors hold no value of a variable."""

import posixpath

from pytest_smokedeploy.agent.engines.base import ContainerSpec, CreatedContainer
from pytest_smokedeploy.contract import Mount
from pytest_smokedeploy.support.errors import EngineError


def check(spec: ContainerSpec, made: CreatedContainer) -> None:
    """Nothing runs but what was asked for.

    Args:
        spec: what was asked for.
        made: what was created, less what the image brings.

    Raises:
        EngineError: step `start`; each difference is named.

    """
    found = [*_env(spec, made), *_mounts(spec, made)]
    if made.network != spec.network_mode:
        found.append(f"its network is {made.network}, and {spec.network_mode} was asked for")
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
