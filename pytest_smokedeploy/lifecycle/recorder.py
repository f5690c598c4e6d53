"""Records the facts of a run: each goes into the record and the journal, or into neither."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final

from pytest_smokedeploy.client import Reading
from pytest_smokedeploy.evidence import Journal
from pytest_smokedeploy.judging import Check, CheckOutcome, Record
from pytest_smokedeploy.model import Finding

_NO_OUTCOME: Final = "the run ended before it could tell the agent that it passed."


class FactRecorder:
    """Records facts as they happen, so that a killed run tells where it was (DESIGN 6).

    Args:
        record: the verdict is decided from it.
        journal: keeps them.
        announce: shows one line to whoever watches the run.

    Attributes:
        oddities: what an answer or a call showed that nothing documents (EXT-4), one line each.

    """

    def __init__(
        self, record: Record, journal: Journal, announce: Callable[[str], None] = lambda _line: None
    ) -> None:
        self.record = record
        self.journal = journal
        self._announce = announce
        self.oddities: list[str] = []
        self._sealed = False

    def announce(self, line: str) -> None:
        """Show one line; a terminal that is gone must not cost the stop."""
        with suppress(OSError, ValueError):
            self._announce(line)

    def note(self, event: str, **data: Any) -> None:  # noqa: ANN401 - JSON-like
        """Write an event that changes no verdict."""
        self.journal.write(event, **data)

    def expect(self, checks: Sequence[Check]) -> None:
        """Take the collected checks."""
        self.record.expect(checks)
        rows = [{"id": c.id, "title": c.title, "stage": c.stage, "clauses": list(c.clauses)} for c in checks]
        self.note("checks.collected", checks=rows)

    def finding(self, finding: Finding) -> Finding:
        """Take what was found about a clause."""
        self.record.finding(finding)
        self.note(
            "finding",
            clause=finding.clause,
            holds=finding.holds,
            expected=finding.expected,
            seen=finding.seen,
            basis=None if finding.basis is None else str(finding.basis),
            meaning=finding.means,
            remedy=finding.remedy,
        )
        return finding

    def result(  # noqa: PLR0913 - the journal keeps each
        self,
        check_id: str,
        outcome: CheckOutcome,
        *,
        words: str,
        clause: str | None,
        started_at: str,
        finished_at: str,
    ) -> None:
        """Take a check's end."""
        self.record.result(check_id, outcome, words, clause)
        self.note(
            "check.finished",
            id=check_id,
            outcome=outcome,
            words=words,
            clause=clause,
            started_at=started_at,
            finished_at=finished_at,
        )

    def misuse(self, message: str, clause: str | None) -> None:
        """Take a misuse."""
        self.record.misuse(message, clause)
        self.note("misuse", message=message, clause=clause)

    def interrupt(self, name: str) -> None:
        """Take a signal that ends the run; once the record is sealed it is noted and changes nothing."""
        if self._sealed:
            self.note("signal.late", name=name)
            return
        self.record.interrupt(f"the run was interrupted by {name}.")
        self.note("signal", name=name)

    def spoil(self, words: str) -> None:
        """Something beside the checks keeps this run from ever passing."""
        self.record.interrupt(words)
        self.note("run.spoiled", words=words)

    def seal(self) -> None:
        """The facts are complete. A signal after the outcome left must not fail a run without its hold."""
        self._sealed = True

    def read(self, why: str, reading: Reading) -> Reading:
        """Write down a status answer, and what of it breaks the contract; returns it."""
        self.note("status.read", why=why, answer=reading.raw, problems=list(reading.problems))
        self.odd(why, reading)
        if self.record.deploy == "sent" and reading.raw.get("oom_killed") is True:
            self.oddities.append(f"{why}: oom_killed, the runtime lacked memory")
        return reading

    def odd(self, why: str, reading: Reading) -> None:
        """Keep what of an answer breaks the contract."""
        self.oddities += [f"{why}: {problem}" for problem in reading.problems]

    def promised(self, *, named: bool, held: bool, **data: Any) -> None:  # noqa: ANN401 - JSON-like
        """From here on a stop is owed (DESIGN 5, layer 1).

        Args:
            named: the agent knows the deploy by its id, so that a stop can name it.
            held: the agent puts itself on hold until it takes the outcome.
            data: the deploy id, the image.

        """
        self.record.deploy = "sent"
        self.record.hold = _NO_OUTCOME if held else ""
        self.note("deploy.promised", named=named, hold=self.record.hold, **data)

    def refused(self, **data: Any) -> None:  # noqa: ANN401 - JSON-like
        """The agent's definite no: nothing was deployed, and no stop is owed."""
        self.record.deploy = "refused"
        self.note("deploy.refused", **data)

    def stop_confirmed(self, *, confirmed: bool, **data: Any) -> None:  # noqa: ANN401 - JSON-like
        """Take what a status read after the stop said."""
        self.record.stop_confirmed = confirmed
        self.note("stop.confirmed" if confirmed else "stop.unconfirmed", **data)

    def outcome(self, failed: str) -> None:
        """Take what became of the outcome; `failed` says why the agent did not take it, "" where it did."""
        self.record.hold = failed
        self.note("outcome.failed", words=failed) if failed else self.note("outcome.taken")
