"""The migrations that a repository holds: a folder of SQL files, or Alembic's revisions (PRE-5)."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from pytest_smokedeploy.database import alembic_revisions
from pytest_smokedeploy.support.errors import SmokedeployError

Tool = Literal["sql", "alembic"]
#: The number that a stem begins with: 20260131 of 20260131-events, 1.2 of V1.2__events.
_NUMBER: Final = re.compile(r"[Vv]?([0-9]+(?:\.[0-9]+)*)")
#: A file of SQL that is neither hidden nor a way back.
_SQL: Final = re.compile(r"(?!\.|.*\.down\.sql$).*\.sql", re.IGNORECASE)
#: The dot that ends a stem.
_END: Final = re.compile(r"\.(?![0-9])")


@dataclass(frozen=True, slots=True)
class MigrationFiles:
    """The versions in a folder of migrations.

    Attributes:
        wanted: versions that a migrated database's table holds: every file's, or Alembic's effective heads.
        known: every version there is.
        otherwise: all of them as another tool records them, one way each: by their files' stems, names or
            numbers.

    """

    wanted: tuple[str, ...]
    known: frozenset[str]
    otherwise: tuple[tuple[str, ...], ...] = ()


def read(folder: Path, tool: Tool) -> MigrationFiles:
    """Read a folder.

    Raises:
        SmokedeployError: it is missing, holds something else, or is not to be read (PRE-5).

    """
    try:
        names = sorted(path.name for path in folder.iterdir())
        # Alembic's own folder holds more than revisions.
        place = folder / "versions" if tool == "alembic" and (folder / "versions").is_dir() else folder
        there = names if place == folder else sorted(path.name for path in place.iterdir())
        below = next(_below(place, tool, there), None)
    except FileNotFoundError as error:
        raise _error(f"the migrations' folder {folder} is missing") from error
    except OSError as error:
        raise _error(f"the migrations' folder {folder} can't be read: {error.strerror}") from error
    if below:
        words = f"holds {below.relative_to(place)}, and only files in itself are read"
        raise _error(f"the migrations' folder {place} {words}: keep all migrations in one folder")
    found = MigrationFiles(*alembic_revisions.read(place)) if tool == "alembic" else _sql(names)
    if not found.wanted and (others := list(filter(_counts, there))):
        what = "Alembic revision" if tool == "alembic" else "file named <version>_<what>.sql"
        raise _error(f"the migrations' folder {folder} holds {others[0]} and no {what}")
    return found


def meaning(version: str) -> str:
    """What two spellings of one version share: a number is the same with and without leading zeros."""
    return version.lstrip("0") or "0" if version.isascii() and version.isdigit() else version


def _below(place: Path, tool: Tool, there: Sequence[str]) -> Iterator[Path]:
    """Migrations in folders below the folder, where some tools look too."""
    own = {_stem(name) for name in there if _SQL.fullmatch(name)}
    for path in sorted(place.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(place).parts)
        if path.parent == place or hidden or not path.is_file():
            continue
        if tool == "alembic":
            found = path.suffix == ".py" and b"down_revision" in path.read_bytes()
        else:
            # A way back has the stem of its migration.
            found = (
                bool(_SQL.fullmatch(path.name) and _NUMBER.match(path.name)) and _stem(path.name) not in own
            )
        if found:
            yield path


def _stem(name: str) -> str:
    return _END.split(name, maxsplit=1)[0]


def _counts(name: str) -> bool:
    """Whether a folder that holds this is not empty: one without a migration is kept by a hidden file."""
    return not name.startswith(".") and name != "__pycache__"


def _sql(there: Sequence[str]) -> MigrationFiles:
    """A version for each stem, in every way in which no two of them mean the same."""
    names = [name for name in there if _SQL.fullmatch(name)]
    # 0001_events.up.sql beside its .down.sql has the stem 0001_events, and V1.2__events.sql has V1.2__events.
    stems = list(dict.fromkeys(map(_stem, names)))
    numbers = [found[1] for found in map(_NUMBER.match, stems) if found]
    ways = ([stem.partition("_")[0] for stem in stems], stems, numbers)
    apart = [tuple(way) for way in ways if len(set(map(meaning, way))) == len(stems)]
    first, *more = dict.fromkeys((*apart, tuple(names)))
    return MigrationFiles(first, frozenset(first), tuple(more))


def _error(words: str) -> SmokedeployError:
    return SmokedeployError(words, clause="PRE-5")
