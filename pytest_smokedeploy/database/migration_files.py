"""The migrations that a repository holds: a folder of SQL files, or Alembic's revisions (PRE-5)."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pytest_smokedeploy.database import alembic_revisions
from pytest_smokedeploy.support.errors import SmokedeployError

Tool = Literal["sql", "alembic"]


@dataclass(frozen=True, slots=True)
class MigrationFiles:
    """The versions in a folder of migrations.

    Attributes:
        wanted: versions that a migrated database's table holds: every file's, or Alembic's effective heads.
        known: every version there is.
        otherwise: all of them as another tool records them, one way each: by their files' stems or names.

    """

    wanted: tuple[str, ...]
    known: frozenset[str]
    otherwise: tuple[tuple[str, ...], ...] = ()


def read(folder: Path, tool: Tool) -> MigrationFiles:
    """Read a folder.

    Raises:
        SmokedeployError: it is missing, holds something else, or is not to be read (PRE-5).

    """
    if not folder.is_dir():
        raise _error(f"the migrations' folder {folder.name} is missing")
    # Alembic's own folder holds more than revisions.
    place = folder / "versions" if tool == "alembic" and (folder / "versions").is_dir() else folder
    found = MigrationFiles(*alembic_revisions.read(place)) if tool == "alembic" else _sql(folder)
    if not found.wanted and (others := sorted(path.name for path in place.iterdir() if _counts(path))):
        what = "Alembic revision" if tool == "alembic" else "file named <version>_<what>.sql"
        raise _error(f"the migrations' folder {folder.name} holds {others[0]} and no {what}")
    return found


def _counts(path: Path) -> bool:
    """Whether a folder that holds this is not empty: one without a migration is kept by a hidden file."""
    return not path.name.startswith(".") and path.name != "__pycache__"


def _sql(folder: Path) -> MigrationFiles:
    # The first dot ends the stem: 0001.sql, and 0001_events.up.sql beside its .down.sql.
    names = sorted(path.name for path in folder.glob("*.sql") if not path.name.endswith(".down.sql"))
    stems = tuple(dict.fromkeys(name.partition(".")[0] for name in names))
    versions = tuple(dict.fromkeys(stem.partition("_")[0] for stem in stems))
    first, *more = ((versions,) if len(versions) == len(stems) else ()) + (stems, tuple(names))
    return MigrationFiles(first, frozenset(first), tuple(way for way in more if way != first))


def _error(words: str) -> SmokedeployError:
    return SmokedeployError(words, clause="PRE-5")
