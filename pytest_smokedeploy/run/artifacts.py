"""What a run leaves on the disk beside its evidence: other plug-ins' files masked, a step summary."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from pytest_smokedeploy.reports import html
from pytest_smokedeploy.reports.github import summary
from pytest_smokedeploy.support.redaction import Sanitiser


def redact_files(files: Iterable[Path], sanitiser: Sanitiser) -> None:
    """Mask what other plug-ins wrote past the gate: properties, parameters, extras, a file's error.

    Raises:
        OSError: a file can't be read or written.

    """
    for file in filter(Path.is_file, files):
        text = file.read_text(encoding="utf-8", errors="surrogateescape")
        if (masked := sanitiser.text(text)) != text:
            file.write_text(masked, encoding="utf-8", errors="surrogateescape")


def report(file: Path, document: Mapping[str, Any]) -> dict[Path, str]:
    """The report with `document`'s part in it: pytest-html's, or a page of our own where there is none.

    Raises:
        OSError: it can't be read.

    """
    if not file.is_file():
        return {file: html.page(document)}
    return {file: html.with_summary(file.read_text(encoding="utf-8", errors="surrogateescape"), document)}


def summarise(file: str | None, document: Mapping[str, Any]) -> None:
    """Add the verdict to GitHub's step summary, where there is one.

    The evidence stands already; a summary that can't be written takes nothing from it, and a pipe that
    nobody reads from would be waited for.
    """
    if file and not (path := Path(file)).is_fifo():
        with suppress(OSError), path.open("a", encoding="utf-8", errors="backslashreplace") as opened:
            opened.write(summary(document))
