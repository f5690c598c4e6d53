"""The evidence folder: an older run's files are removed, this run's are each written in one step."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, Final

from pytest_smokedeploy.evidence.document import build
from pytest_smokedeploy.evidence.files import MOST_BYTES, sha256
from pytest_smokedeploy.evidence.journal import Journal
from pytest_smokedeploy.evidence.statement import predicate, statement
from pytest_smokedeploy.support.errors import EvidenceError

EVIDENCE: Final = "evidence.json"
JOURNAL: Final = "journal.jsonl"
STATEMENT: Final = "test-result.intoto.json"
PREDICATE: Final = "test-result.predicate.json"
OURS: Final = (EVIDENCE, STATEMENT, PREDICATE, "report.html", *MOST_BYTES)


def prepare(folder: Path) -> None:
    """Make the folder and clear an older run's files; whatever else lies there is left alone.

    Raises:
        EvidenceError: it can't be made or cleared, or its journal still owes a stop.

    """
    if _still_owes(folder / JOURNAL):
        words = f"The journal in {folder} still owes a stop: another run is under way, or was killed."
        remedy = "Run `smokedeploy stop` first; clearing it would forget the container."
        raise EvidenceError(words, remedy=remedy)
    with usable(folder):
        for name in OURS:
            (folder / name).unlink(missing_ok=True)


@contextmanager
def usable(folder: Path) -> Iterator[None]:
    """Make the folder, to be worked in.

    Raises:
        EvidenceError: it can't be made, or the work in it failed.

    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        words = f"The evidence folder {folder} can't be used: {error.strerror or error}."
        raise EvidenceError(words, remedy="Name another with --smokedeploy-evidence.") from error


def _still_owes(journal: Path) -> bool:
    """Whether an older journal is a live run's whose container nobody stopped (a rehearsal's is gone)."""
    if not journal.is_file():
        return False
    events = Journal.read(journal)
    live = any(event.get("event") == "run.started" and event.get("rehearsal") is False for event in events)
    return live and owed(events) is not None


def owed(events: Sequence[Mapping[str, Any]]) -> str | None:
    """The id of the deploy that a stop is owed for, or None.

    None is owed where no deploy was sent or it was refused, and once the second look after a stop was taken
    (`stop.stayed`): a run killed between the confirmed stop and that look leaves the stop owed.
    """
    promised, owes = "", False
    for event in events:
        match event.get("event"):
            case "deploy.promised":
                promised, owes = str(event.get("deploy_id")), True
            case "deploy.refused" | "stop.stayed":
                owes = False
            case "stop.unconfirmed":
                owes = True
    return promised if owes else None


def write_folder(folder: Path, events: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Write evidence, statement and predicate; returns the evidence.

    A file that can't be read is not named in it, and `verify` then says why.
    """
    document = build(events, hashes(folder)[0])
    _write(folder / EVIDENCE, document)
    _write(folder / STATEMENT, statement(document, sha256(folder / EVIDENCE)))
    _write(folder / PREDICATE, predicate(document))
    return document


def hashes(folder: Path) -> tuple[dict[str, str], list[str]]:
    """The SHA-256 of each file that evidence is made with, and why the others can't be read."""
    found: dict[str, str] = {}
    faults = []
    for name in MOST_BYTES:
        try:
            found[name] = sha256(folder / name)
        except EvidenceError as error:
            faults.append(str(error))
    return found, faults


def lines(data: Mapping[str, Any]) -> Iterator[bytes]:
    """The lines of the file that holds `data`; one at a time, since deep nesting multiplies their size."""
    parts, line = json.JSONEncoder(indent=2, ensure_ascii=False).iterencode(data), ""
    while block := "".join(islice(parts, 1024)):
        *ended, line = (line + block).split("\n")
        yield from (f"{text}\n".encode("utf-8", "backslashreplace") for text in ended)
    yield f"{line}\n".encode("utf-8", "backslashreplace")


def _write(path: Path, data: Mapping[str, Any]) -> None:
    # Replaced in one step: whoever reads never finds half of it, nor yesterday's.
    draft = path.with_name(f".{path.name}.new")
    with draft.open("wb") as file:
        file.writelines(lines(data))
    draft.replace(path)
