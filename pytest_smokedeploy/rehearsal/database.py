"""The rehearsal's database: SQLite, with the migrations of the repository applied."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

_TABLE = "CREATE TABLE schema_migrations (version TEXT PRIMARY KEY)"


def create(file: Path, folder: Path | None, applied: Iterable[str] | None) -> None:
    """Create `file` and apply the SQL files of `folder`.

    Args:
        file: the database.
        folder: migrations named ``<version>_*.sql``, or None.
        applied: versions recorded in place of the folder's, or None.

    """
    scripts = sorted(folder.glob("*.sql")) if folder and folder.is_dir() else []
    found = [path.name.partition("_")[0] for path in scripts]
    # Where the settings name no folder, a migrated database is one with a migration in its table.
    versions = list(applied) if applied is not None else found if folder else ["0001"]
    with closing(sqlite3.connect(file)) as connection:
        connection.execute(_TABLE)
        for path in scripts:
            connection.executescript(path.read_text(encoding="utf-8"))
        connection.executemany("INSERT INTO schema_migrations VALUES (?)", [(v,) for v in versions])
        connection.commit()
