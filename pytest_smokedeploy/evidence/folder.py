"""The evidence folder: an older run's files go first, this run's are written whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from pytest_smokedeploy.errors import EvidenceError
from pytest_smokedeploy.evidence.document import build, sha256
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
        EvidenceError: it can't be made or cleared.

    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in OURS:
            (folder / name).unlink(missing_ok=True)
    except OSError as error:
        words = f"The evidence folder {folder} can't be used: {error.strerror or error}."
        raise EvidenceError(words, remedy="Name another with --smokedeploy-evidence.") from error


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
