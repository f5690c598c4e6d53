"""The database exists and is migrated (PRE-5): asked of the agent, directly, or attested."""

from collections.abc import Collection, Sequence
from importlib.util import find_spec

from pytest_smokedeploy.database import migration_files
from pytest_smokedeploy.database.migration_files import MigrationFiles
from pytest_smokedeploy.database.migrations import look
from pytest_smokedeploy.judging import workflow_install
from pytest_smokedeploy.model import REMEDIES, Basis, Finding
from pytest_smokedeploy.preconditions import ledger
from pytest_smokedeploy.preconditions.workflow_file import WorkflowFile
from pytest_smokedeploy.settings import RunConfig
from pytest_smokedeploy.support.errors import SmokedeployError
from pytest_smokedeploy.support.redaction import Secret

_NO_LOOK = "The gate could not look at the database."
_EXPECTED = "the database reachable, with exactly the migrations the repository holds"


def in_checkout(run: RunConfig, workflow: WorkflowFile) -> Finding | MigrationFiles | None:
    """PRE-5 where the checkout decides it; else the migrations it holds, None where no folder is named."""
    settings = run.settings.database
    if settings.proof == "attested":
        return ledger.attested(run.ledger_file, "database")
    if settings.proof == "direct" and (lacking := _uninstalled(run, workflow)) is not None:
        return lacking
    if settings.migrations is None:
        return None
    try:
        return migration_files.read(run.folder / settings.migrations, settings.tool)
    except SmokedeployError as error:
        remedy = "Mend database.migrations in the settings, or the folder."
        expected, meaning = "the repository's migrations", "What the database must hold is not known."
        return Finding("PRE-5", False, expected, str(error), meaning=meaning, remedy=remedy)


def _uninstalled(run: RunConfig, workflow: WorkflowFile) -> Finding | None:
    """PRE-5 where the workflow installs the gate without what `proof: direct` needs."""
    # In a job what is there counts, however it came there.
    if workflow.document is None or (run.github.in_actions and find_spec("sqlalchemy")):
        return None
    if (found := workflow_install.without_database(workflow.document)) is None:
        return None
    place, requirement = found
    expected = "the gate installed with the extra `database`, as `database.proof: direct` needs"
    seen = f"{place} installs `{requirement}`, without it"
    remedy = f"Write `{workflow_install.with_database(requirement)}` there."
    return Finding("PRE-5", False, expected, seen, meaning=_NO_LOOK, remedy=remedy)


def compare(applied: Sequence[str], files: MigrationFiles | None, basis: Basis) -> Finding:
    """What the applied migrations say, held against the repository's."""
    if files is None:
        seen = f"{len(applied)} migrations applied; no folder to compare with"
        remedy = f"{REMEDIES['PRE-5']} {_NONE_YET}"
        return Finding("PRE-5", bool(applied), _EXPECTED, seen, basis, remedy=remedy)
    if not files.wanted and not applied:
        seen = "the folder that is named holds no migration yet, and none is applied"
        return Finding("PRE-5", True, _EXPECTED, seen, basis)
    there, ways = _versions(applied), _ways(files)
    # The way in which the table spells them: that by which most are known.
    wanted, known = min(ways, key=lambda way: len(there.keys() - way[1].keys()))
    behind, unknown = sorted(wanted.keys() - there.keys()), sorted(there.keys() - known.keys())
    if unknown:
        names = ", ".join(there[key] for key in unknown)
        if all(any(key in way[1] for way in ways) for key in unknown):
            words, remedy = "recorded in another way than the rest", "Record all of them in one way."
        else:
            words, remedy = "applied but unknown here", "Deploy the matching commit."
        return _violated(f"{words}: {names}"[:300], basis, remedy)
    if behind:
        names = ", ".join(wanted[key] for key in behind)
        at = f" (it stands at {', '.join(sorted(applied))})" if known.keys() != wanted.keys() else ""
        return _violated(f"not applied: {names}{at}"[:300], basis)
    if extra := sorted(there.keys() - wanted.keys()):
        names = ", ".join(there[key] for key in extra)
        return _violated(f"its table holds {names} beside the heads"[:300], basis, "Look what left it there.")
    seen = f"migrated as the repository is: {', '.join(sorted(applied)[-3:])} the newest of {len(there)}"
    return Finding("PRE-5", True, _EXPECTED, seen, basis)


# git keeps no empty folder.
_NONE_YET = "Where there is no migration yet, name a folder with a .gitkeep alone in database.migrations."


def _ways(files: MigrationFiles) -> list[tuple[dict[str, str], dict[str, str]]]:
    """Wanted and known versions, in each way in which a table may spell them."""
    more = ((way, way) for way in map(_versions, files.otherwise))
    return [(_versions(files.wanted), _versions(files.known)), *more]


def _versions(versions: Collection[str]) -> dict[str, str]:
    """Versions by what they mean."""
    return {migration_files.meaning(version): version for version in versions}


def told(answer: object, files: MigrationFiles | None) -> Finding:
    """What the agent's preflight says (its `database`, raw)."""
    if not isinstance(answer, dict):
        return _violated("the agent knows no database", Basis.TOLD, "Give the agent DATABASE_URL.")
    if answer.get("reachable") is not True:
        seen = f"the agent can't reach it: {answer.get('reason') or 'it gives no reason'}"
        remedy = "Start it, or mend its URL or the agent's installation on the server."
        return _violated(seen[:300], Basis.TOLD, remedy)
    applied = answer.get("applied")
    if not isinstance(applied, list) or not all(isinstance(version, str) for version in applied):
        seen = f"its migrations can't be read: {answer.get('reason') or 'no migrations table'}"
        return _violated(seen[:300], Basis.TOLD)
    return compare(applied, files, Basis.TOLD)


def direct(url: Secret | None, table: str, files: MigrationFiles | None) -> Finding:
    """By a connection of our own."""
    if url is None:
        remedy = "Set the variable that database.url_variable names."
        return _violated("its URL is not set", Basis.SEEN, remedy)
    found = look(url, table)
    if found.applied is None:
        remedy = "Migrate it, or let the user of its URL read the table."
        if not found.installed:
            remedy = "Install it where the gate is installed: in the workflow's step, or on this machine."
        elif not found.reachable:
            remedy = "Start it, create it, or mend its URL (user and password too)."
        return _violated(found.reason, Basis.SEEN, remedy)
    return compare(found.applied, files, Basis.SEEN)


def _violated(seen: str, basis: Basis, remedy: str = "") -> Finding:
    return Finding("PRE-5", False, _EXPECTED, seen, basis, remedy=remedy)
