"""The record of a run: checks, findings and violations, taken in the order they happen.

Fed with the same facts in the same order it is the same record, so that `verify` can recompute a verdict
from evidence alone (EXT-5).
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pytest_smokedeploy.model import CLAUSE, RANK, Finding, Stage

CheckOutcome = Literal["passed", "failed", "blocked", "skipped", "xfailed", "xpassed", "unproven", "not run"]
SentState = Literal["not sent", "refused", "sent"]


@dataclass(frozen=True, slots=True)
class Check:
    """A collected test of the gate: id (node id), title (one line), its stage, the clauses it claims."""

    id: str
    title: str
    stage: Stage
    clauses: tuple[str, ...] = ()


class Record:
    """The facts from which blocking and verdict are decided.

    Attributes:
        rehearsal: whether this run is one; it can then never end in PASS (EXT-1).
        deploy: whether the deploy was sent.
        stop_confirmed: whether a status read showed the container stopped.
        pending: why a run in which everything holds has not passed: its outcome is not known at the agent, or
            its evidence is not written; "" once both are done.
        refusal: (clause or "", message) of a run that cannot be a gate, None for any other.
        violations: violated clauses and the words about them, in the order found.
        interrupted: the signal that ended the run, or what beside the checks spoiled it; "" for neither.

    """

    def __init__(self, *, rehearsal: bool) -> None:
        self.rehearsal = rehearsal
        self.deploy: SentState = "not sent"
        self.stop_confirmed = False
        self.pending = ""
        self.refusal: tuple[str, str] | None = None
        self.interrupted = ""
        self._checks: dict[str, Check] = {}
        self._claiming: defaultdict[str, list[Check]] = defaultdict(list)
        self._staged: defaultdict[Stage, list[Check]] = defaultdict(list)
        self._results: dict[str, tuple[CheckOutcome, str]] = {}
        self._findings: dict[str, Finding] = {}
        self.violations: dict[str, str] = {}

    # -- facts -----------------------------------------------------------------------------

    def expect(self, checks: Sequence[Check]) -> None:
        """Take the collected checks, in the order they will run."""
        self._checks |= {check.id: check for check in checks}
        self._claiming.clear()
        self._staged.clear()
        for check in self._checks.values():
            self._staged[check.stage].append(check)
            for clause in check.clauses:
                self._claiming[clause].append(check)

    def finding(self, finding: Finding) -> None:
        """Take a finding. A violation stays one, whatever is found later (the tail of a log)."""
        before = self._findings.get(finding.clause)
        if finding.holds is False:
            self.violate(finding.clause, finding.words())
        if before is None or before.holds is not False:
            self._findings[finding.clause] = finding

    def violate(self, clause: str, words: str) -> None:
        """A clause is violated; the first words about it are kept."""
        self.violations.setdefault(clause, words)

    def result(
        self, check_id: str, outcome: CheckOutcome, words: str = "", clause: str | None = None
    ) -> None:
        """Take a check's end. `clause` is the one its error names, where it names one."""
        check = self._checks[check_id]
        if check_id in self._results:
            # A second result means that something ran the check again (FLR-4).
            self.violate("FLR-4", f"the check {check_id} ran more than once.")
            return
        if outcome == "failed":
            outcome = self._failed(check, words, clause)
        self._results[check_id] = (outcome, words)

    def _failed(self, check: Check, words: str, clause: str | None) -> CheckOutcome:
        """A failed check violates what it claims, unless its cause is another clause's."""
        if clause is not None:
            self.violate(clause, words)
            return "failed"
        claimed = {self._findings[c].holds for c in check.clauses if c in self._findings}
        if False in claimed:
            return "failed"
        if None in claimed:
            return "unproven"
        for claim in check.clauses:
            self.violate(claim, words)
        if not check.clauses:
            self.violate("EXT-2", f"the check {check.title!r} failed: {words}")
        return "failed"

    def misuse(self, message: str, clause: str | None) -> None:
        """The run cannot be a gate: known before any request left."""
        self.refusal = (clause or "", message)

    def interrupt(self, words: str) -> None:
        """A signal ended the run."""
        self.interrupted = self.interrupted or words

    # -- questions -------------------------------------------------------------------------

    @property
    def checks(self) -> tuple[Check, ...]:
        """The collected checks, in the order they run."""
        return tuple(self._checks.values())

    def claiming(self, clause: str) -> Sequence[Check]:
        """The checks that claim a clause, in the order they run."""
        return self._claiming.get(clause, ())

    def staged(self, stage: Stage) -> Sequence[Check]:
        """The checks of a stage, in the order they run."""
        return self._staged.get(stage, ())

    def outcome(self, check: Check) -> tuple[CheckOutcome, str]:
        """How a check ended, and the words about it."""
        return self._results.get(check.id, ("not run", ""))

    def outstanding(self) -> list[tuple[Check, CheckOutcome, str]]:
        """Checks that did not pass, exit checks left out: what EXT-2 asks about."""
        rows = [(check, *self.outcome(check)) for check in self.checks if check.stage is not Stage.EXIT]
        return [row for row in rows if row[1] != "passed"]

    def found(self, clause: str) -> Finding | None:
        """What was found about a clause, or None."""
        return self._findings.get(clause)

    def first_violation(self) -> tuple[str, str] | None:
        """(clause, words) named first: of the stage that failed first, then in the model's order; or None."""
        if not self.violations:
            return None
        stage = CLAUSE[next(iter(self.violations))].stage
        clause = min(self.violations, key=lambda c: (CLAUSE[c].stage is not stage, RANK[c]))
        return clause, self.violations[clause]
