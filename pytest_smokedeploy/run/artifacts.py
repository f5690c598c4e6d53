"""What a run leaves on the disk beside its evidence: other plug-ins' files masked, a step summary."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from pytest_smokedeploy.evidence import log_lines
from pytest_smokedeploy.reports import github, html
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


def report(file: Path, folder: Path, document: Mapping[str, Any]) -> dict[Path, str]:
    """The report with `document`'s part in it: pytest-html's, or a page of our own where there is none.

    Args:
        file: the report.
        folder: the evidence folder, with the start-up log.
        document: the evidence.

    Raises:
        OSError: report or log can't be read.

    """
    with log_lines(folder) as log:
        if not file.is_file():
            return {file: html.page(document, log)}
        text = file.read_text(encoding="utf-8", errors="surrogateescape")
        return {file: html.with_part(text, document, log)}


def summarise(environ: Mapping[str, str], folder: Path, document: Mapping[str, Any]) -> None:
    """Add to GitHub's step summary and to the step's outputs, where there are any.

    The evidence stands already; a file that can't be written takes nothing from it, and a pipe that
    nobody reads from would be waited for.
    """
    made = {
        "GITHUB_STEP_SUMMARY": github.summary(document),
        "GITHUB_OUTPUT": github.outputs(document, folder),
    }
    with suppress(OSError), log_lines(folder) as log:
        made["GITHUB_STEP_SUMMARY"] = github.summary(document, log)
    for name, text in made.items():
        if environ.get(name) and not (path := Path(environ[name])).is_fifo():
            with suppress(OSError), path.open("a", encoding="utf-8", errors="backslashreplace") as opened:
                opened.write(text)
