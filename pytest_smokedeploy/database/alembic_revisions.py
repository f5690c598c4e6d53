"""Alembic's revisions, read from their source; none of them is run (PRE-5)."""

import ast
import re
import warnings
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Final

from pytest_smokedeploy.support.errors import SmokedeployError

_REQUIRED: Final = ("revision", "down_revision")
_FIELDS: Final = (*_REQUIRED, "branch_labels", "depends_on")
#: Names of files in which Alembic looks for no revision.
_PASSED_OVER: Final = re.compile(r"\.#|__init__")
#: The texts of a field, and where it stands: file and line.
_Field = tuple[tuple[str, ...], str]


def read(folder: Path) -> tuple[tuple[str, ...], frozenset[str]]:
    """Versions that a migrated database's table holds, in ascending order, and every revision there is.

    The table holds no revision that another one follows or depends on.

    Raises:
        SmokedeployError: a file is no revision, or does not go with the others (PRE-5).

    """
    paths = sorted(folder.glob("*.py"))
    files = [_fields(path) for path in paths if not _PASSED_OVER.match(path.name) and not path.is_dir()]
    known: dict[str, str] = {}
    for kind in ("revision", "branch_labels"):
        for name, own, place in _named(files, kind):
            if name in known:
                raise _error(place, f"the {kind} {name!r:.100} is taken: another file has it too")
            known[name] = own
    before: dict[str, set[str]] = {own: set() for own in known.values()}
    for kind in ("down_revision", "depends_on"):
        for name, own, place in _named(files, kind):
            if name not in known:
                raise _error(place, f"the {kind} {name!r:.100} is no revision of this folder")
            before[own].add(known[name])
    try:
        TopologicalSorter(before).prepare()
    except CycleError as error:
        place = next(place for name, _, place in _named(files, "revision") if name in error.args[1])
        circle = ", ".join(map(repr, error.args[1]))
        raise _error(place, f"revisions in a circle: {circle:.300}") from error
    return tuple(sorted(before.keys() - set().union(*before.values()))), frozenset(before)


def _named(files: list[dict[str, _Field]], kind: str) -> Iterator[tuple[str, str, str]]:
    """Each text of a field, the revision whose file has it, and the place."""
    for fields in files:
        texts, place = fields[kind]
        yield from ((text, fields["revision"][0][0], place) for text in texts)


def _fields(path: Path) -> dict[str, _Field]:
    """The fields of one file; what only a run would show is refused."""
    file = f"{path.parent.name}/{path.name}"
    try:
        with warnings.catch_warnings(action="ignore"):
            tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError) as error:
        words = getattr(error, "msg", None) or getattr(error, "strerror", None) or str(error)
        line = getattr(error, "lineno", None) or 1
        raise _error(f"{file}:{line}", f"it can't be read as Python: {words}") from error
    found: dict[str, _Field] = {}
    for name, line, value in _set(tree):
        texts = _texts(value)
        if texts is None or name in found or (name == "revision" and len(texts) != 1):
            wanted = "a text" if name == "revision" else "a text, a tuple of texts or None"
            words = f"{name} must be set once, to {wanted}, as a literal; the file is not run"
            raise _error(f"{file}:{line}", words)
        found[name] = texts, f"{file}:{line}"
    if lacking := [name for name in _REQUIRED if name not in found]:
        raise _error(f"{file}:1", f"no revision of Alembic's: it sets no {' and no '.join(lacking)}")
    return {name: found.get(name, ((), file)) for name in _FIELDS}


def _set(tree: ast.Module) -> Iterator[tuple[str, int, ast.expr | None]]:
    """Name, line and value of each field that the module sets; no value where it is no plain assignment."""
    for statement in tree.body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        plain: list[ast.expr] = []
        value = None
        if isinstance(statement, ast.Assign):
            plain, value = statement.targets, statement.value
        elif isinstance(statement, ast.AnnAssign):
            plain, value = [statement.target], statement.value
        for node in ast.walk(statement):
            name = node.id if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load) else ""
            name = node.asname or node.name if isinstance(node, ast.alias) else name
            if name in _FIELDS:
                yield name, statement.lineno, value if node in plain else None


def _texts(value: ast.expr | None) -> tuple[str, ...] | None:
    """The texts of a literal; None where it holds anything else."""
    if value is None:
        return None
    try:
        said = ast.literal_eval(value)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return None
    texts = () if said is None else (said,) if isinstance(said, str) else said
    fit = isinstance(texts, tuple | list | set) and all(isinstance(text, str) for text in texts)
    return tuple(texts) if fit else None


def _error(place: str, words: str) -> SmokedeployError:
    return SmokedeployError(f"{place}: {words}", clause="PRE-5")
