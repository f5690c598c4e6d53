"""What a run leaves on the disk: its evidence, other plug-ins' files masked, a step summary."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from html import escape
from pathlib import Path
from typing import Any

from pytest_smokedeploy.evidence import replay, torn, utc_now, write_folder
from pytest_smokedeploy.judging import Decision, decide
from pytest_smokedeploy.reports.github import summary
from pytest_smokedeploy.support.redaction import Sanitiser


def write(folder: Path, events: list[dict[str, Any]], decision: Decision) -> tuple[dict[str, Any], Decision]:
    """Write the evidence; returns it and the decision that it carries.

    A PASS that its own `verify` would refuse is withdrawn, with the reason (EXT-5): somebody's check can
    remove the journal, another plug-in write its report in its place.

    Raises:
        OSError: it can't be written.

    """
    document = write_folder(folder, events)
    if decision.exit_status or not (why := torn(folder)):
        return document, decision
    words = f"the evidence folder is not whole: {why}"
    events = [*events, {"at": utc_now(), "event": "run.spoiled", "words": words}]
    withdrawn = decide(replay(events))
    if (report := folder / "report.html").is_file():
        # The banner in it was written before.
        banner = f"<h1>{escape(f'{withdrawn.verdict}  {withdrawn.reason}')}</h1>"
        text = report.read_text(encoding="utf-8", errors="surrogateescape")
        report.write_text(f"{banner}\n{text}", encoding="utf-8", errors="surrogateescape")
    return write_folder(folder, events), withdrawn


def redact_files(files: Iterable[Path], sanitiser: Sanitiser) -> None:
    """Mask what other plug-ins wrote past the gate: properties, parameters, extras, a file's error.

    Raises:
        OSError: a file can't be read or written.

    """
    for file in filter(Path.is_file, files):
        text = file.read_text(encoding="utf-8", errors="surrogateescape")
        if (masked := sanitiser.text(text)) != text:
            file.write_text(masked, encoding="utf-8", errors="surrogateescape")


def summarise(file: str | None, document: Mapping[str, Any]) -> None:
    """Add the verdict to GitHub's step summary, where there is one.

    The evidence stands already; a summary that can't be written takes nothing from it, and a pipe that
    nobody reads from would be waited for.
    """
    if file and not (path := Path(file)).is_fifo():
        with suppress(OSError), path.open("a", encoding="utf-8", errors="backslashreplace") as opened:
            opened.write(summary(document))
