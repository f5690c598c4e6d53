"""Writes what a killed run left unwritten, from its journal (DESIGN 6)."""

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from pytest_smokedeploy.evidence import Journal, build, stale, tidy, write_folder
from pytest_smokedeploy.reports.junit import junit
from pytest_smokedeploy.run import artifacts

_HALF: Final = "the run left evidence that its journal does not make"


def complete(folder: Path, journal: Journal, environ: Mapping[str, str]) -> bool:
    """Write evidence, report, JUnit file and step summary; False where the run left nothing out.

    Whatever the journal holds, a folder that had to be completed is no evidence of a pass.

    Args:
        folder: the evidence folder.
        journal: its journal.
        environ: names GitHub's step summary.

    Raises:
        OSError: something can't be written.
        LookupError: the journal lost a line, and makes no evidence (ValueError and TypeError likewise).

    """
    names = [event.get("event") for event in journal.events]
    report, results = folder / "report.html", folder / "junit.xml"
    reported = _ends(report, b"</html>") and _ends(results, b"</testsuites>")
    tidy(folder)
    if not stale(folder) and ("run.finished" in names or reported):
        return False
    if "run.finished" in names:
        journal.write("outcome.failed", words=_HALF)
    if not _ends(results, b"</testsuites>"):
        results.write_text(junit(build(journal.events, {})), encoding="utf-8", errors="backslashreplace")
    if not _ends(report, b"</html>"):
        report.unlink(missing_ok=True)
    document = write_folder(folder, journal.events, lambda made: artifacts.report(report, folder, made))
    artifacts.summarise(environ, folder, document)
    return True


def _ends(path: Path, mark: bytes) -> bool:
    """Whether a file is there and ends with `mark`: pytest's own files are written in one go."""
    with suppress(OSError), path.open("rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - 64))
        return mark in file.read()
    return False
