"""The one book of a run: every fact goes to the gate and to the journal, or to neither."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pytest_smokedeploy.evidence import Journal
from pytest_smokedeploy.gate import Check, CheckOutcome, DeployState, Gate
from pytest_smokedeploy.model import Finding


class Book:
    """Writes facts down as they happen (DESIGN 6: a killed run still tells where it was).

    Args:
        gate: decides from the facts.
        journal: keeps them.
        announce: shows one line to whoever watches the run.

    """

    def __init__(
        self, gate: Gate, journal: Journal, announce: Callable[[str], None] = lambda _line: None
    ) -> None:
        self.gate = gate
        self.journal = journal
        self.announce = announce

    def note(self, event: str, **data: Any) -> None:  # noqa: ANN401 - JSON-like
        """Write an event that changes no verdict."""
        self.journal.write(event, **data)

    def expect(self, checks: Sequence[Check]) -> None:
        """Take the collected checks."""
        self.gate.expect(checks)
        rows = [{"id": c.id, "title": c.title, "stage": c.stage, "clauses": list(c.clauses)} for c in checks]
        self.note("checks.collected", checks=rows)

    def finding(self, finding: Finding) -> Finding:
        """Take what was found about a clause."""
        self.gate.finding(finding)
        self.note(
            "finding",
            clause=finding.clause,
            holds=finding.holds,
            expected=finding.expected,
            seen=finding.seen,
            basis=None if finding.basis is None else str(finding.basis),
            meaning=finding.meaning,
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
        self.gate.result(check_id, outcome, words, clause)
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
        self.gate.misuse(message, clause)
        self.note("misuse", message=message, clause=clause)

    def interrupt(self, name: str) -> None:
        """Take a signal that ends the run."""
        self.gate.interrupt(f"the run was interrupted by {name}.")
        self.note("signal", name=name)

    def deploy(self, state: DeployState, event: str, **data: Any) -> None:  # noqa: ANN401 - JSON-like
        """Take a turn of the deploy."""
        self.gate.deploy = state
        self.note(event, **data)

    def stop_confirmed(self, *, confirmed: bool, **data: Any) -> None:  # noqa: ANN401 - JSON-like
        """Take what a status read after the stop said."""
        self.gate.stop_confirmed = confirmed
        self.note("stop.confirmed" if confirmed else "stop.unconfirmed", **data)
