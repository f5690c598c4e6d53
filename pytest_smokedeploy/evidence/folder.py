"""The evidence folder: an older run's files are removed, this run's are each put in place in one step."""

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

from pytest_smokedeploy.evidence.document import build
from pytest_smokedeploy.evidence.files import MOST_BYTES, opened, sha256
from pytest_smokedeploy.evidence.journal import Journal
from pytest_smokedeploy.evidence.statement import predicate, statement
from pytest_smokedeploy.support.disk import sync
from pytest_smokedeploy.support.errors import EvidenceError

EVIDENCE: Final = "evidence.json"
JOURNAL: Final = "journal.jsonl"
STATEMENT: Final = "test-result.intoto.json"
PREDICATE: Final = "test-result.predicate.json"
REPORT: Final = "report.html"
OURS: Final = (EVIDENCE, STATEMENT, PREDICATE, REPORT, *MOST_BYTES)
#: A file that is removed where the disk is full, so that the folder can still say so; and its bytes (chosen:
#: with the room of the first evidence it holds a whole run's).
_RESERVE: Final = ".reserve"
_RESERVED_BYTES: Final = 64 * 1024
#: Other files made from a document: path -> text.
Pages = Callable[[Mapping[str, Any]], Mapping[Path, str]]


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
        tidy(folder)
        for name in OURS:
            (folder / name).unlink(missing_ok=True)
        (folder / _RESERVE).write_bytes(bytes(_RESERVED_BYTES))


def tidy(folder: Path) -> None:
    """Remove what a run needs beside its evidence until it is whole: drafts, and room for a full disk.

    Raises:
        OSError: a file can't be removed.

    """
    for path in (folder / _RESERVE, *(_draft(folder / name) for name in OURS)):
        path.unlink(missing_ok=True)


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
    # One that lost its first line is taken for a live run's.
    rehearsed = any(e.get("event") == "run.started" and e.get("rehearsal") is True for e in events)
    return not rehearsed and owed(events) is not None


def owed(events: Sequence[Mapping[str, Any]]) -> str | None:
    """The id of the deploy that a stop is owed for, or None.

    None is owed where no deploy was sent or it was refused, and once the second look after a stop was taken
    (`stop.stayed`): a run killed between the confirmed stop and that look leaves the stop owed.
    """
    promised, owes = "", False
    for event in events:
        match event.get("event"):
            case "deploy.promised" | "deploy.sent":
                promised, owes = str(event.get("deploy_id", promised)), True
            case "deploy.refused" | "stop.stayed":
                owes = False
            case "stop.unconfirmed":
                owes = True
    return promised if owes else None


@dataclass(frozen=True)
class Drafts:
    """Files beside the ones that they replace.

    Attributes:
        document: the evidence.
        paths: the files that they replace, the evidence last.

    """

    document: dict[str, Any]
    paths: tuple[Path, ...]

    def place(self) -> None:
        """Put each in place in one step, so that whoever reads finds no half of one.

        Raises:
            OSError: one can't be put in place.

        """
        for path in self.paths:
            _draft(path).replace(path)
        for folder in {path.parent for path in self.paths}:
            sync(folder)


def no_pages(_document: Mapping[str, Any]) -> Mapping[Path, str]:
    """No file beside evidence, statement and predicate."""
    return {}


def draft_folder(
    folder: Path, events: Sequence[Mapping[str, Any]], pages: Pages = no_pages, last: bytes = b""
) -> Drafts:
    """Draft evidence, statement and predicate, and the other pages; all on the disk when it returns.

    A file that can't be read is not named in the evidence, and `verify` then says why.

    Args:
        folder: the evidence folder.
        events: the journal's, the last one included.
        pages: makes the other files.
        last: the last event's line, for which the journal has room at its end and no more.

    Raises:
        OSError: a draft can't be written; what there is of them stays, for `tidy`.

    """
    files = hashes(folder)[0]
    if last:
        files[JOURNAL] = _sha256_with(folder / JOURNAL, last)
    document = build(events, files)
    for name in files:
        sync(folder / name)
    made = pages(document)
    for path, text in made.items():
        _write(path, [text.encode("utf-8", "surrogateescape")])
    _write(folder / EVIDENCE, lines(document))
    _write(folder / STATEMENT, lines(statement(document, sha256(_draft(folder / EVIDENCE)))))
    _write(folder / PREDICATE, lines(predicate(document)))
    return Drafts(document, (folder / STATEMENT, folder / PREDICATE, *made, folder / EVIDENCE))


def write_folder(
    folder: Path, events: Sequence[Mapping[str, Any]], pages: Pages = no_pages
) -> dict[str, Any]:
    """Write evidence, statement, predicate and the other pages; returns the evidence.

    Raises:
        OSError: they can't be written.

    """
    drafts = draft_folder(folder, events, pages)
    drafts.place()
    return drafts.document


def write_folder_somehow(folder: Path, events: Sequence[Mapping[str, Any]], pages: Pages) -> dict[str, Any]:
    """Write the folder, on a full disk too: without report in the room that was kept for it.

    Raises:
        OSError: it can't be written at all.

    """
    tidy(folder)
    with suppress(OSError):
        return write_folder(folder, events, pages)
    tidy(folder)
    drafts = draft_folder(folder, events)
    drafts.place()
    return drafts.document


def _sha256_with(journal: Path, last: bytes) -> str:
    """The SHA-256 that `journal` has once `last` stands in the room at its end."""
    with opened(journal) as file:
        return hashlib.sha256(file.read()[: -len(last)] + last).hexdigest()


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


def _draft(path: Path) -> Path:
    return path.with_name(f".{path.name}.new")


def _write(path: Path, blocks: Iterable[bytes]) -> None:
    """Write a draft of `path`, and put it on the disk."""
    with _draft(path).open("wb") as file:
        file.writelines(blocks)
        file.flush()
        os.fsync(file.fileno())
