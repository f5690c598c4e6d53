"""The evidence folder: an older run's files go first, this run's are written whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from pytest_smokedeploy.errors import EvidenceError
from pytest_smokedeploy.evidence.document import build, sha256
from pytest_smokedeploy.evidence.journal import Journal
from pytest_smokedeploy.evidence.statement import predicate, statement

EVIDENCE: Final = "evidence.json"
JOURNAL: Final = "journal.jsonl"
STATEMENT: Final = "test-result.intoto.json"
PREDICATE: Final = "test-result.predicate.json"
REPORT: Final = "report.html"
HASHED: Final = ("journal.jsonl", "junit.xml", "startup.log")
OURS: Final = (EVIDENCE, STATEMENT, PREDICATE, REPORT, *HASHED)


def prepare(folder: Path) -> None:
    """Make the folder and clear an older run's files; whatever else lies there is left alone.

    Raises:
        EvidenceError: it can't be made or cleared, or its journal still owes a stop.

    """
    if _still_owes(folder / JOURNAL):
        words = f"The journal in {folder} still owes a stop: another run is under way, or was killed."
        raise EvidenceError(
            words, remedy="Run `smokedeploy stop` first; clearing it would forget the container."
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in OURS:
            (folder / name).unlink(missing_ok=True)
    except OSError as error:
        words = f"The evidence folder {folder} can't be used: {error.strerror or error}."
        raise EvidenceError(words, remedy="Name another with --smokedeploy-evidence.") from error


def _still_owes(journal: Path) -> bool:
    """Whether an older journal is a live run's whose container nobody stopped (a rehearsal's is gone)."""
    if not journal.is_file():
        return False
    try:
        events = Journal.read(journal)
    except OSError:
        return False
    live = any(event.get("event") == "run.started" and event.get("rehearsal") is False for event in events)
    return live and owed(events) is not None


def owed(events: Sequence[Mapping[str, Any]]) -> str | None:
    """The deploy id that a stop is owed for, or None: none sent, a definite no, or stopped and stayed so.

    A stop that was confirmed once is paid with the second look: a run killed in between leaves it owed.
    """
    found: str | None = None
    for event in events:
        name = str(event.get("event"))
        if name == "deploy.promised":
            found = str(event.get("deploy_id"))
        elif name in {"deploy.refused", "stop.stayed"}:
            found = None
        elif name == "stop.unconfirmed" and found is None:
            found = str(next((e.get("deploy_id") for e in events if e.get("event") == "deploy.promised"), ""))
    return found


def write_folder(folder: Path, events: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Write evidence, statement and predicate; returns the evidence."""
    files = {name: folder / name for name in HASHED if (folder / name).is_file()}
    document = build(events, files)
    _write(folder / EVIDENCE, document)
    signed = statement(document, sha256(folder / EVIDENCE))
    _write(folder / STATEMENT, signed)
    _write(folder / PREDICATE, predicate(document))
    return document


def _write(path: Path, data: Mapping[str, Any]) -> None:
    # Replaced in one step: whoever reads never finds half of it, nor yesterday's.
    draft = path.with_name(f".{path.name}.new")
    text = json.dumps(data, indent=2, ensure_ascii=False) + "\n"
    draft.write_bytes(text.encode("utf-8", "backslashreplace"))
    draft.replace(path)
