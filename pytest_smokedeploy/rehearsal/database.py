"""The rehearsal's database: SQLite, with the repository's migrations recorded as applied."""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from pytest_smokedeploy.database import migration_files
from pytest_smokedeploy.settings.model import Database
from pytest_smokedeploy.support.errors import SmokedeployError


def create(file: Path, settings: Database, folder: Path, applied: Iterable[str] | None) -> None:
    """Create `file` with its table of migrations. They are not run: their SQL may be another database's.

    Args:
        file: the database.
        settings: the tool and its table.
        folder: what the settings' folder of migrations stands in.
        applied: versions recorded in place of the folder's, or None.

    """
    # Where the settings name no folder, a migrated database is one with a migration in its table.
    found: Iterable[str] = ["0001"]
    if settings.migrations is not None:
        try:
            found = migration_files.read(folder / settings.migrations, settings.tool).wanted
        except SmokedeployError:
            found = []  # the gate's own look at the folder says why
    table = settings.migrations_table.rpartition(".")[2]
    column = "version_num" if settings.tool == "alembic" else "version"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute(f"CREATE TABLE {table} ({column} TEXT PRIMARY KEY)")
        rows = [(version,) for version in (found if applied is None else applied)]
        connection.executemany(f"INSERT INTO {table} VALUES (?)", rows)  # noqa: S608 - a checked name
        connection.commit()
