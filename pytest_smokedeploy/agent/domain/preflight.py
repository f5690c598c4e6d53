"""What the agent can say before a deploy: mounts, environment, engine, container, database. Read-only."""

import os
from pathlib import Path
from typing import Any

from pytest_smokedeploy.agent.domain.container import name_of
from pytest_smokedeploy.agent.domain.flow import Flow
from pytest_smokedeploy.agent.domain.status import state_of, told_hold
from pytest_smokedeploy.agent.settings import PLANE
from pytest_smokedeploy.contract import Mount
from pytest_smokedeploy.database.migrations import look
from pytest_smokedeploy.support.errors import EngineError
from pytest_smokedeploy.support.redaction import Secret


def preflight(flow: Flow) -> dict[str, Any]:
    """The answer to ``GET /v1/preflight``."""
    settings = flow.settings
    return {
        "environment": settings.environment,
        "execution_plane": settings.execution_plane,
        "container_name": settings.container_name,
        "images": [*settings.allowed_images, *sorted(settings.stop_only_images)],
        "mounts": [_mount(mount) for mount in settings.mounts],
        "env": sorted({PLANE, *settings.mount_env, *settings.runtime_env}),
        "ci_env": sorted({PLANE, *settings.ci_env_keys} - {*settings.mount_env, *settings.runtime_env}),
        "engine": _engine(flow),
        "container": _container(flow),
        "database": _database(settings.database_url, settings.database_table),
        "hold": told_hold(flow, state_of(flow)),
    }


def _mount(mount: Mount) -> dict[str, Any]:
    there = Path(mount.source).is_dir()
    # By its mode alone: the check writes nothing.
    writable = there and os.access(mount.source, os.W_OK | os.X_OK)
    row = {"name": mount.name, "source": mount.source, "target": mount.target}
    return row | {"exists": there, "writable": writable}


def _engine(flow: Flow) -> dict[str, Any]:
    kind = flow.settings.engine
    try:
        return {"kind": kind, "reachable": True, "version": flow.engine.ping()}
    except EngineError as error:
        return {"kind": kind, "reachable": False, "reason": str(error)}


def _container(flow: Flow) -> dict[str, Any] | None:
    try:
        there = flow.container.look()
    except EngineError:
        return None
    return {"name": name_of(there, flow.settings.container_name), "ours": there.ours} if there else None


def _database(url: Secret | None, table: str) -> dict[str, Any] | None:
    if url is None:
        return None
    found = look(url, table)
    row: dict[str, Any] = {"reachable": found.reachable}
    if found.reachable:
        row["applied"] = None if found.applied is None else list(found.applied)
    return row | ({"reason": found.reason} if found.reason else {})
