"""What the agent can say before anything is deployed: mounts, environment, engine, database. Read-only."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from pytest_smokedeploy.agent.engines.base import Engine
from pytest_smokedeploy.agent.settings import PLANE, AgentSettings
from pytest_smokedeploy.database.migrations import look
from pytest_smokedeploy.support.errors import EngineError
from pytest_smokedeploy.support.redaction import Secret


def preflight(settings: AgentSettings, engine: Engine) -> dict[str, Any]:
    """The answer to ``GET /v1/preflight``."""
    names = sorted({PLANE, "AUDIT_EVENTS_PATH", "SNAPSHOTS_PATH", *settings.runtime_env})
    return {
        "environment": settings.environment,
        "execution_plane": settings.execution_plane,
        "mounts": [_mount("audit-events", settings.audit_events), _mount("snapshots", settings.snapshots)],
        "env": names,
        "engine": _engine(engine),
        "database": _database(settings.database_url, settings.database_table),
        "hold": None,
    }


def _mount(name: str, source: Path) -> dict[str, Any]:
    there = source.is_dir()
    return {
        "name": name,
        "source": str(source),
        "exists": there,
        # By its mode alone: the check writes nothing.
        "writable": there and os.access(source, os.W_OK | os.X_OK),
    }


def _engine(engine: Engine) -> dict[str, Any]:
    try:
        return {"kind": engine.kind, "reachable": True, "version": engine.ping()}
    except EngineError as error:
        return {"kind": engine.kind, "reachable": False, "reason": str(error)}


def _database(url: Secret | None, table: str) -> dict[str, Any] | None:
    if url is None:
        return None
    found = look(url, table)
    row: dict[str, Any] = {"reachable": found.reachable}
    if found.reachable:
        row["applied"] = None if found.applied is None else list(found.applied)
    return row | ({"reason": found.reason} if found.reason else {})
