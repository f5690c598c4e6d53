"""What the agent can say before anything is deployed: mounts, environment, engine, database. Read-only."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

from pytest_smokedeploy.agent.engines.base import Engine
from pytest_smokedeploy.agent.settings import PLANE, AgentSettings
from pytest_smokedeploy.errors import EngineError
from pytest_smokedeploy.redaction import Sanitiser, Secret

_CONNECT_SECONDS: Final = 5


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
    try:
        import sqlalchemy  # noqa: PLC0415 - the extra `database`
    except ImportError:
        return {"reachable": False, "reason": "the extra `database` is not installed on the server"}
    try:
        address = sqlalchemy.make_url(url.reveal())
        options: dict[str, Any] = {}
        if address.get_backend_name() == "postgresql":
            options = {"connect_args": {"connect_timeout": _CONNECT_SECONDS}}
        elif not Path(address.database or "").is_file():
            return {"reachable": False, "reason": "the database file does not exist"}
        engine = sqlalchemy.create_engine(address, poolclass=sqlalchemy.NullPool, **options)
        with engine.connect() as connection:
            if not sqlalchemy.inspect(connection).has_table(table):
                return {"reachable": True, "applied": None, "reason": f"there is no table {table}"}
            column: sqlalchemy.ColumnClause[str] = sqlalchemy.column("version")
            query = sqlalchemy.select(column).select_from(sqlalchemy.table(table)).order_by(column)
            return {"reachable": True, "applied": [str(row[0]) for row in connection.execute(query)]}
    except (sqlalchemy.exc.SQLAlchemyError, ImportError, ValueError) as error:
        said = str(getattr(error, "orig", None) or error).strip().splitlines()
        password = address.password if "address" in locals() else None
        known = [url, *([Secret(str(password))] if password else [])]
        return {
            "reachable": False,
            "reason": Sanitiser(known).text(said[0] if said else "no reason given")[:300],
        }
