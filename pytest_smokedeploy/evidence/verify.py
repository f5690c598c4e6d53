"""`smokedeploy verify`: the door that later phases stand behind (EXT-5)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from pytest_smokedeploy.errors import EvidenceError
from pytest_smokedeploy.evidence.document import SCHEMA_VERSION, build, sha256
from pytest_smokedeploy.evidence.folder import EVIDENCE, PREDICATE, STATEMENT
from pytest_smokedeploy.evidence.journal import Journal
from pytest_smokedeploy.evidence.statement import predicate, statement
from pytest_smokedeploy.image import DIGEST

#: Parts of the evidence that must be what its own facts make of them.
_DERIVED: Final = (
    "verdict", "clause", "reason", "exit_status", "rehearsal", "environment", "execution_plane",
    "clauses", "stages", "stop", "image", "run", "log", "deploy_id", "endpoint_host", "finished", "facts",
    "started_at", "finished_at", "agent", "engine", "versions", "receipt", "timeline",
)  # fmt: skip
_MAX_BYTES: Final = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Report:
    """Whether a folder is evidence, and every reason why not."""

    ok: bool
    reasons: tuple[str, ...]


def verify(
    folder: Path,
    *,
    image_digest: str | None = None,
    max_age: timedelta | None = None,
    run_id: str | None = None,
    now: datetime | None = None,
) -> Report:
    """Whether `folder` holds a live PASS that is whole and consistent with itself.

    That nobody edited it is what a signature proves, and this does not.

    Args:
        folder: the evidence folder.
        image_digest: ``sha256:<hex>`` the evidence must be about, or None.
        max_age: how old it may be, or None.
        run_id: the id of the workflow run that it must be of, or None.
        now: the time to count from (default: the clock's).

    """
    try:
        reasons = _reasons(folder, image_digest, max_age, run_id, now or datetime.now(UTC))
    except EvidenceError as error:
        reasons = [str(error)]
    except (KeyError, TypeError, ValueError, AttributeError, OSError, RecursionError) as error:
        reasons = [f"the evidence is malformed ({type(error).__name__}: {error})."]
    return Report(not reasons, tuple(reasons))


def torn(folder: Path, document: Mapping[str, Any]) -> str:
    """Why the folder is not whole, or not what its own journal makes of it; "" where it is.

    Args:
        folder: the evidence folder, as written.
        document: its evidence.

    """
    try:
        return next(iter(_consistent(folder, document)), "")
    except (KeyError, TypeError, ValueError, AttributeError, OSError, RecursionError) as error:
        return f"the evidence is malformed ({type(error).__name__}: {error})."


def _reasons(
    folder: Path, image_digest: str | None, max_age: timedelta | None, run_id: str | None, now: datetime
) -> list[str]:
    document = _load(folder / EVIDENCE)
    if document.get("schema_version") != SCHEMA_VERSION:
        return [f"schema_version is {document.get('schema_version')!r}, and this reads {SCHEMA_VERSION!r}."]
    reasons = []
    if document["verdict"] != "PASS":
        reasons.append(f"the verdict is {document['verdict']}, not PASS: {document['reason']}")
    if document["rehearsal"] is not False:
        reasons.append("it is a rehearsal's, and a rehearsal never counts (EXT-1).")
    if document["finished"] is not True:
        reasons.append("the run never finished: the evidence is partial.")
    if document["environment"] != "dev" or document["execution_plane"] != "paper":
        reasons.append("it did not run in dev on the paper plane.")
    reasons += _consistent(folder, document)
    reasons += _of_the_image(document, image_digest)
    if run_id is not None and (not run_id or document["run"]["run_id"] != run_id):
        # An empty id is a variable of CI's that was never set, and fits no run.
        reasons.append(f"it is of the run {document['run']['run_id'] or 'nobody knows'!r}, not {run_id!r}.")
    if max_age is not None:
        age = now - datetime.fromisoformat(document["finished_at"])
        if not timedelta(0) <= age <= max_age:
            reasons.append(f"it is {age} old, and may be {max_age}.")
    return reasons


def _of_the_image(document: Mapping[str, Any], image_digest: str | None) -> list[str]:
    if image_digest is not None and not DIGEST.fullmatch(image_digest):
        # An empty one would fit evidence that knows no digest: a variable of CI's that was never set.
        return [f"{image_digest!r} is no digest like sha256:<64 hex digits>: nothing to hold it against."]
    if image_digest is not None and document["image"]["digest"] != image_digest:
        return [f"the image's digest is {document['image']['digest'] or 'not known'}, not {image_digest}."]
    return []


def _consistent(folder: Path, document: Mapping[str, Any]) -> list[str]:
    """Recompute everything from the journal; what was written must be what comes out."""
    files = document["files"]
    wanted = ("journal.jsonl", "startup.log", "junit.xml")
    found = [f"{name} is not among its files." for name in wanted if name not in files]
    for name, digest in files.items():
        path = folder / Path(name).name
        if not path.is_file() or sha256(path) != digest:
            found.append(f"{name} is missing or is not the file the evidence was made with.")
    if found:
        return found
    events, damaged = Journal.look(folder / "journal.jsonl")
    if damaged:
        return ["journal.jsonl is malformed: it holds lines that are no event."]
    again = build(events, {})
    found = [f"{key} is not what the journal makes of it." for key in _DERIVED if again[key] != document[key]]
    said = [str(event.get("verdict")) for event in events if event.get("event") == "run.finished"]
    if document["verdict"] == "PASS" and said != ["PASS"]:
        # The run knew of something that its facts don't show.
        found.append(f"the run ended saying {' and '.join(said) or 'nothing'}, and its facts make a PASS.")
    return found + _of_another(folder, document)


def _of_another(folder: Path, document: Mapping[str, Any]) -> list[str]:
    """What gets signed must be about this evidence, and say what it says."""
    wanted = {STATEMENT: statement(document, sha256(folder / EVIDENCE)), PREDICATE: predicate(document)}
    found = []
    for name, made in wanted.items():
        try:
            same = _load(folder / name) == made
        except EvidenceError as error:
            found.append(str(error))
        else:
            found += [] if same else [f"{name} is not what the evidence makes of it."]
    return found


def _load(path: Path) -> dict[str, Any]:
    if path.exists() and not path.is_file():
        # A pipe that nobody writes to would keep this waiting for ever.
        raise EvidenceError(f"{path} is no file.")
    try:
        with path.open("rb") as file:
            raw = file.read(_MAX_BYTES + 1)
        document = json.loads(raw)
    except OSError as error:
        raise EvidenceError(f"{path} can't be read: {error.strerror or error}.") from error
    except (ValueError, RecursionError) as error:
        raise EvidenceError(f"{path} is not JSON.") from error
    if not isinstance(document, dict):
        raise EvidenceError(f"{path} holds no evidence.")
    return document
