"""Records the facts of a run, each in the record and in the journal."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict
from typing import Any, Final

from pytest_smokedeploy.client import Reading
from pytest_smokedeploy.evidence import Journal
from pytest_smokedeploy.judging import Check, CheckOutcome, Record
from pytest_smokedeploy.lifecycle.verification import undocumented
from pytest_smokedeploy.model import Finding

_NO_OUTCOME: Final = "the run ended before it could tell the agent that it passed."


class FactRecorder:
    """Records facts as they happen, so that the journal of a killed run is complete (DESIGN 6).

    Args:
        record: the facts that the verdict is decided from.
        journal: the same facts on disk.
        announce: shows one line to the person who watches the run.

    Attributes:
        oddities: undocumented behaviour of an answer or a call (EXT-4), one line each.

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
        """Show one line; a terminal that is gone must not prevent the stop."""
        with suppress(OSError, ValueError):
            self._announce(line)

    def note(self, event: str, **data: Any) -> None:  # noqa: ANN401 - JSON-like
        """Write an event that changes no verdict."""
        self.journal.write(event, **data)

    def expect(self, checks: Sequence[Check]) -> None:
        """Record the collected checks."""
        self.record.expect(checks)
        self.note("checks.collected", checks=[asdict(check) for check in checks])

    def finding(self, finding: Finding) -> Finding:
        """Record a finding; returns it."""
        self.record.finding(finding)
        basis = None if finding.basis is None else str(finding.basis)
        self.note("finding", **asdict(finding) | {"basis": basis, "meaning": finding.means})
        return finding

    def findings(self, found: Iterable[Finding], oddities: Iterable[str] = ()) -> None:
        """Record several findings, and undocumented behaviour."""
        self.oddities += oddities
        for finding in found:
            self.finding(finding)

    def result(
        self, check_id: str, outcome: CheckOutcome, words: str, clause: str | None, **times: str
    ) -> None:
        """Record a check's end; `times` are `started_at` and `finished_at` (RFC 3339)."""
        self.record.result(check_id, outcome, words, clause)
        self.note("check.finished", id=check_id, outcome=outcome, words=words, clause=clause, **times)

    def misuse(self, message: str, clause: str | None) -> None:
        """Record a misuse."""
        self.record.misuse(message, clause)
        self.note("misuse", message=message, clause=clause)

    def interrupt(self, name: str) -> None:
        """Record a signal that ends the run; once the record is sealed it only stands in the journal."""
        if self._sealed:
            self.note("signal.late", name=name)
            return
        self.record.interrupt(f"the run was interrupted by {name}.")
        self.note("signal", name=name)

    def spoil(self, words: str) -> None:
        """Record a cause other than a check for which this run can't pass."""
        self.record.interrupt(words)
        self.note("run.spoiled", words=words)

    def seal(self) -> None:
        """Seal the record: a signal after the outcome must not fail a run whose hold is released."""
        self._sealed = True

    def read(self, why: str, reading: Reading) -> Reading:
        """Record a status answer that was read for `why`, and its undocumented fields; returns it."""
        self.note("status.read", why=why, answer=reading.raw, problems=list(reading.problems))
        self.odd(why, reading)
        if self.record.deploy == "sent":
            self.oddities += [f"{why}: {words}" for words in undocumented(reading.raw)]
        return reading

    def odd(self, why: str, reading: Reading) -> None:
        """Record the breaches of the contract in an answer as undocumented behaviour."""
        self.oddities += [f"{why}: {problem}" for problem in reading.problems]

    def promised(self, *, named: bool, held: bool, **data: Any) -> None:  # noqa: ANN401 - JSON-like
        """Record that a stop is owed from here on (DESIGN 5, layer 1).

        Args:
            named: whether the agent knows the deploy by its id, so that a stop can name it.
            held: whether the agent goes on hold until it is told the outcome.
            data: the deploy id, the image.

        """
        self.record.deploy = "sent"
        self.record.hold = _NO_OUTCOME if held else ""
        self.note("deploy.promised", named=named, hold=self.record.hold, **data)

    def refused(self, **data: Any) -> None:  # noqa: ANN401 - JSON-like
        """Record that the agent refused the deploy: nothing was deployed, and no stop is owed."""
        self.record.deploy = "refused"
        self.note("deploy.refused", **data)

    def stop_confirmed(self, *, confirmed: bool, **data: Any) -> None:  # noqa: ANN401 - JSON-like
        """Record whether a status read after the stop confirmed it."""
        self.record.stop_confirmed = confirmed
        self.note("stop.confirmed" if confirmed else "stop.unconfirmed", **data)

    def outcome(self, failed: str) -> None:
        """Record the answer to the outcome; `failed` says why it was not accepted, "" where it was."""
        self.record.hold = failed
        self.note("outcome.failed", words=failed) if failed else self.note("outcome.taken")
