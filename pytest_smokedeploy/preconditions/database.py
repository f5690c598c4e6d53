"""The database exists and is migrated (PRE-5): asked of the agent, directly, or attested."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pytest_smokedeploy.errors import SmokedeployError
from pytest_smokedeploy.migrations import look
from pytest_smokedeploy.model import Basis, Finding
from pytest_smokedeploy.redaction import Secret

_EXPECTED = "the database reachable, with exactly the migrations the repository holds"


def wanted(folder: Path | None) -> list[str] | None:
    """Versions of the migrations in `folder` (``<version>_*.sql``), sorted; None without a folder."""
    if folder is None:
        return None
    if not folder.is_dir():
        raise SmokedeployError(f"The migrations' folder {folder.name} is missing.", clause="PRE-5")
    return sorted(path.name.partition("_")[0] for path in folder.glob("*.sql"))


def compare(applied: Sequence[str], want: Sequence[str] | None, basis: Basis) -> Finding:
    """What the applied migrations say, held against the repository's."""
    if want is None:
        holds = bool(applied)
        seen = f"{len(applied)} migrations applied; no folder to compare with"
        return Finding("PRE-5", holds, _EXPECTED, seen, basis)
    behind, unknown = sorted(set(want) - set(applied)), sorted(set(applied) - set(want))
    if behind:
        return _violated(f"not applied: {', '.join(behind)}", "Migrate the database first.", basis)
    if unknown:
        return _violated(
            f"applied but unknown here: {', '.join(unknown)}", "Deploy the matching commit.", basis
        )
    return Finding(
        "PRE-5", True, _EXPECTED, f"{len(applied)} migrations applied, as in the repository", basis
    )


def told(answer: object, want: Sequence[str] | None) -> Finding:
    """What the agent's preflight says (its `database`, raw)."""
    if not isinstance(answer, dict):
        return _violated("the agent knows no database", "Give the agent DATABASE_URL.", Basis.TOLD)
    if answer.get("reachable") is not True:
        return _violated(
            f"the agent can't reach it: {answer.get('reason')}", "Start it, or mend its URL.", Basis.TOLD
        )
    applied = answer.get("applied")
    if not isinstance(applied, list):
        seen = f"its migrations can't be read: {answer.get('reason') or 'no migrations table'}"
        return _violated(seen, "Migrate the database first.", Basis.TOLD)
    return compare([str(version) for version in applied], want, Basis.TOLD)


def direct(url: Secret | None, table: str, want: Sequence[str] | None) -> Finding:
    """By a connection of our own."""
    if url is None:
        return _violated(
            "its URL is not set", "Set the variable that database.url_variable names.", Basis.SEEN
        )
    found = look(url, table)
    if found.applied is None:
        return _violated(found.reason, "Start, create or migrate it; then run again.", Basis.SEEN)
    return compare(found.applied, want, Basis.SEEN)


def _violated(seen: str, remedy: str, basis: Basis) -> Finding:
    return Finding("PRE-5", False, _EXPECTED, seen, basis, remedy=remedy)
