"""What a run leaves on the disk: its evidence, other plug-ins' files masked, a step summary."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from pytest_smokedeploy.evidence import replay, torn, utc_now, write_folder
from pytest_smokedeploy.judging import Decision, decide
from pytest_smokedeploy.reports.github import summary
from pytest_smokedeploy.support.redaction import Sanitiser


@dataclass(frozen=True, slots=True)
class Written:
    """The evidence as written, and the decision that it carries."""

    document: dict[str, Any]
    decision: Decision


class Artifacts:
    """Writes at a run's end; each part is safe to call twice.

    Args:
        folder: the evidence folder.
        sanitiser: masks what other plug-ins wrote.
        reported: files that other plug-ins write of this run, in the evidence or elsewhere.
        step_summary: GitHub's step summary, or None.

    """

    def __init__(
        self, folder: Path, sanitiser: Sanitiser, reported: Sequence[Path], step_summary: Path | None
    ) -> None:
        self._folder = folder
        self._sanitiser = sanitiser
        self._reported = tuple(reported)
        self._step_summary = step_summary
        self._withdrawn: list[dict[str, Any]] = []

    def write(self, events: Sequence[Mapping[str, Any]], decision: Decision) -> Written:
        """Write the evidence; one that its own `verify` would not take is withdrawn, and says why (EXT-5).

        Somebody's check can remove the journal, another plug-in write its report in its place.

        Raises:
            OSError: it can't be written.

        """
        document = write_folder(self._folder, [*events, *self._withdrawn])
        if decision.exit_status or not (why := torn(self._folder)):
            return Written(document, decision)
        words = f"the evidence folder is not whole: {why}"
        self._withdrawn = [{"at": utc_now(), "event": "run.spoiled", "words": words}]
        facts = [*events, *self._withdrawn]
        withdrawn = Written(write_folder(self._folder, facts), decide(replay(facts)))
        if (report := self._folder / "report.html").is_file():
            # Its own head was written before.
            told = f"<h1>{escape(f'{withdrawn.decision.verdict}  {withdrawn.decision.reason}')}</h1>"
            text = report.read_text(encoding="utf-8", errors="surrogateescape")
            report.write_text(f"{told}\n{text}", encoding="utf-8", errors="surrogateescape")
        return withdrawn

    def redact_files(self) -> None:
        """Mask what other plug-ins wrote past the gate: properties, parameters, extras, a file's error.

        Raises:
            OSError: a file can't be read or written.

        """
        for file in self._reported:
            if not file.is_file():
                continue
            text = file.read_text(encoding="utf-8", errors="surrogateescape")
            if (masked := self._sanitiser.text(text)) != text:
                file.write_text(masked, encoding="utf-8", errors="surrogateescape")

    def summarise(self, document: Mapping[str, Any]) -> None:
        """Add the verdict to GitHub's step summary once, where there is one.

        The evidence stands already; a summary that can't be written takes nothing from it, and a pipe that
        nobody reads from would be waited for.
        """
        file, self._step_summary = self._step_summary, None
        if file is not None and not file.is_fifo():
            with suppress(OSError), file.open("a", encoding="utf-8", errors="backslashreplace") as opened:
                opened.write(summary(document))
