"""The migrations that a repository holds: a folder of SQL files, or Alembic's revisions (PRE-5)."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pytest_smokedeploy.support.errors import SmokedeployError

Tool = Literal["sql", "alembic"]


@dataclass(frozen=True, slots=True)
class MigrationFiles:
    """The versions in a folder of migrations.

    Attributes:
        wanted: versions that a migrated database's table holds: every file's, or Alembic's heads.
        known: every version there is.

    """

    wanted: tuple[str, ...]
    known: frozenset[str]


def read(folder: Path, tool: Tool) -> MigrationFiles:
    """Read a folder.

    Raises:
        SmokedeployError: it is missing, empty, or not to be read (PRE-5).

    """
    if not folder.is_dir():
        raise _error(f"the migrations' folder {folder.name} is missing")
    found = _alembic(folder) if tool == "alembic" else _sql(folder)
    if not found.wanted:
        what = "Alembic revision" if tool == "alembic" else "file named <version>_<what>.sql"
        raise _error(f"the migrations' folder {folder.name} holds no {what}")
    return found


def _sql(folder: Path) -> MigrationFiles:
    # The first dot ends the name too: 0001.sql, and 0001_events.up.sql beside its .down.sql.
    versions = {path.name.partition(".")[0].partition("_")[0] for path in folder.glob("*.sql")}
    return MigrationFiles(tuple(sorted(versions)), frozenset(versions))


def _alembic(folder: Path) -> MigrationFiles:
    """`folder` is Alembic's own, with `versions` in it, or that `versions` itself."""
    try:
        from alembic.script import ScriptDirectory  # noqa: PLC0415 - the extra `database`
    except ImportError as error:
        words = "Alembic is not installed here; install pytest-smokedeploy[database]"
        raise _error(words) from error
    versions = folder / "versions" if (folder / "versions").is_dir() else folder
    try:
        scripts = ScriptDirectory(str(folder), version_locations=[str(versions)])
        heads = tuple(sorted(scripts.get_heads()))
        known = frozenset(script.revision for script in scripts.walk_revisions())
    except Exception as error:  # a revision is a Python file of somebody's own, and raises what it likes
        said = str(error).splitlines() or [type(error).__name__]
        raise _error(f"Alembic can't read the folder {folder.name}: {said[0][:200]}") from error
    return MigrationFiles(heads, known)


def _error(words: str) -> SmokedeployError:
    return SmokedeployError(words, clause="PRE-5")
