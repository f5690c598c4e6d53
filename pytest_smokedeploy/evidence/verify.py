"""`smokedeploy verify`: whether a folder is the evidence of a live PASS (EXT-5)."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from pytest_smokedeploy import __version__
from pytest_smokedeploy.evidence.document import build
from pytest_smokedeploy.evidence.files import opened, sha256
from pytest_smokedeploy.evidence.folder import EVIDENCE, JOURNAL, PREDICATE, STATEMENT, hashes, lines
from pytest_smokedeploy.evidence.journal import Journal
from pytest_smokedeploy.evidence.statement import predicate, statement
from pytest_smokedeploy.support.errors import EvidenceError
from pytest_smokedeploy.support.image import DIGEST

#: Characters that a reason shows of a line that is not as it must be.
_SHOWN: Final = 120
_HOUR: Final = timedelta(hours=1)


def verify(
    folder: Path,
    *,
    image_digest: str | None = None,
    max_age: timedelta | None = None,
    run_id: str | None = None,
    now: datetime | None = None,
) -> list[str]:
    """Why `folder` is not the evidence of a live PASS whose every byte the journal makes; [] where it is.

    It takes bounded memory whatever lies there. Who wrote the journal is what a signature proves, not this.

    Args:
        folder: the evidence folder.
        image_digest: ``sha256:<hex>`` the evidence must be about, or None.
        max_age: how old it may be, or None.
        run_id: the id of the workflow run that it must be of, or None.
        now: the time to count from (default: the clock's).

    """
    reasons: list[str] = []
    with _caught(reasons):
        document, found = _made_again(folder)
        if document["verdict"] != "PASS":
            reasons.append(f"the verdict is {document['verdict']}, not PASS: {document['reason']}")
        if document["rehearsal"] is not False:
            reasons.append("it is a rehearsal's, and a rehearsal never counts (EXT-1).")
        if document["finished"] is not True:
            reasons.append("the run never finished: the evidence is partial.")
        if document["environment"] != "dev" or document["execution_plane"] != "paper":
            reasons.append("it did not run in dev on the paper plane.")
        reasons += found
        digest, run = document["image"]["digest"], document["run"].get("run_id")
        if image_digest is not None and not DIGEST.fullmatch(image_digest):
            # An empty one would fit evidence that knows no digest: a variable of CI's that was never set.
            words = f"{image_digest!r} is no digest like sha256:<64 hex digits>: nothing to hold it against."
            reasons.append(words)
        elif image_digest not in {None, digest}:
            reasons.append(f"the image's digest is {digest or 'not known'}, not {image_digest}.")
        if run_id is not None and (not run_id or run != run_id):
            # An empty id is a variable of CI's that was never set, and fits no run.
            reasons.append(f"it is of the run {run or 'nobody knows'!r}, not {run_id!r}.")
        if max_age is not None:
            age = (now or datetime.now(UTC)) - datetime.fromisoformat(document["finished_at"])
            if not timedelta(0) <= age <= max_age:
                reasons.append(_too_old(age / _HOUR, max_age / _HOUR))
    return reasons


def torn(folder: Path) -> str:
    """Why the folder is not what its own journal and files make of it; "" where it is."""
    reasons: list[str] = []
    with _caught(reasons):
        reasons += _made_again(folder)[1]
    return next(iter(reasons), "")


def stale(folder: Path) -> bool:
    """Whether the evidence is not what the journal makes of the files that are there."""
    reasons: list[str] = []
    with _caught(reasons):
        reasons += _differences(folder, build(Journal.read(folder / JOURNAL), hashes(folder)[0]))
    return bool(reasons)


@contextmanager
def _caught(reasons: list[str]) -> Iterator[None]:
    """Leave, of evidence that can't be judged, the cause alone in `reasons`."""
    try:
        yield
    except EvidenceError as error:
        reasons[:] = [str(error)]
    except (KeyError, TypeError, ValueError, AttributeError, OSError, RecursionError) as error:
        reasons[:] = [f"the evidence is malformed ({type(error).__name__}: {error})."]


def _made_again(folder: Path) -> tuple[dict[str, Any], list[str]]:
    """The evidence that journal and files make, and why the folder is not whole.

    Raises:
        EvidenceError: nothing can be made of the journal.

    """
    events, damaged = Journal.look(folder / JOURNAL)
    if damaged:
        raise EvidenceError("journal.jsonl is malformed: it holds lines that are no event.")
    for started in (event for event in events if event.get("event") == "run.started"):
        if (made_by := started["versions"]["smokedeploy"]) != __version__:
            words = f"it was made by pytest-smokedeploy {made_by}, and this is {__version__}."
            raise EvidenceError(words, remedy="Verify it with that version.")
    files, found = hashes(folder)
    document = build(events, files)
    said = [str(event.get("verdict")) for event in events if event.get("event") == "run.finished"]
    if document["verdict"] == "PASS" and said != ["PASS"]:
        # The run knew of something that its facts don't show.
        found.append(f"the run ended saying {' and '.join(said) or 'nothing'}, and its facts make a PASS.")
    return document, found or _differences(folder, document)


def _differences(folder: Path, document: Mapping[str, Any]) -> list[str]:
    """Where the files are not byte for byte what is made again from the journal."""
    if found := _difference(folder / EVIDENCE, document):
        return found
    signed = statement(document, sha256(folder / EVIDENCE))
    return _difference(folder / STATEMENT, signed) + _difference(folder / PREDICATE, predicate(document))


def _difference(path: Path, data: Mapping[str, Any]) -> list[str]:
    """Where a file parts from the one that holds `data`; no more of it is read than that one's size."""
    try:
        with opened(path) as file:
            for number, line in enumerate(lines(data), 1):
                if (seen := file.read(len(line))) != line:
                    words = f"{path.name}:{number} is not what the journal and its files make of it:"
                    return [f"{words} {_shown(line)} was expected, and {_shown(seen)} is there."]
            if file.read(1):
                return [f"{path.name} goes on after its end."]
    except EvidenceError as error:
        return [str(error)]
    return []


def _shown(line: bytes) -> str:
    return repr(line.decode("utf-8", "backslashreplace")[:_SHOWN])


def _too_old(hours: float, most: float) -> str:
    if hours < 0:
        return f"it ends {-hours:.1f} hours from now by this machine's clock: one of two clocks is wrong."
    return f"it is {hours:.1f} hours old, and may be {most:g} (--max-age)."
