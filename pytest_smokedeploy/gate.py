"""The gate: which check may run, what each clause's state is, and the verdict. A pure state machine.

It knows no pytest, no network and no clock. Fed with the same facts in the same order it
decides the same, so that `verify` can recompute a verdict from evidence alone (EXT-5).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, get_args

from pytest_smokedeploy.model import (
    CHECKED,
    CLAUSE,
    CLAUSES,
    RANK,
    STAGES,
    Basis,
    Finding,
    How,
    Stage,
    Verdict,
)

CheckOutcome = Literal["passed", "failed", "blocked", "skipped", "xfailed", "xpassed", "unproven", "not run"]
DeployState = Literal["not sent", "refused", "sent"]
ClauseWord = Literal["proven", "violated", "not proven"]

#: What evidence is read by. A secret that is a part of one of these can't be masked: nothing could be read.
OWN_WORDS: Final = frozenset(
    {*STAGES, *get_args(CheckOutcome), *get_args(ClauseWord), *CLAUSE, *Verdict, *map(str, Basis)}
    | {"title", "stage", "clauses", "paper"}
)

EXIT_OK: Final = 0
EXIT_FAILED: Final = 1
EXIT_MISUSE: Final = 4

# The stage to which an enforced clause belongs when it is named, by the family of its id.
_FAMILY: Final = {
    "TGT": Stage.PRECONDITIONS,
    "PRE": Stage.PRECONDITIONS,
    "AGT": Stage.DEPLOY,
    "VER": Stage.VERIFY,
    "RUN": Stage.OBSERVE,
    "STP": Stage.SHUTDOWN,
    "FLR": Stage.EXIT,
    "EXT": Stage.EXIT,
}


def stage_of(clause: str) -> Stage:
    """The stage under which a clause is named."""
    return CLAUSE[clause].stage or _FAMILY[clause[:3]]


@dataclass(frozen=True, slots=True)
class Check:
    """A collected test of the gate: id (node id), title (one line), its stage, the clauses it claims."""

    id: str
    title: str
    stage: Stage
    clauses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ClauseState:
    """What a run can say of one clause, by which checks, resting on what."""

    clause: str
    state: ClauseWord
    basis: Basis | None
    checks: tuple[str, ...]
    words: str


@dataclass(frozen=True, slots=True)
class Decision:
    """The verdict, the clause named first ("" where there is none), and why, in one line."""

    verdict: Verdict
    clause: str
    reason: str
    exit_status: int
    clauses: tuple[ClauseState, ...] = field(repr=False)


class Gate:
    """Takes facts in the order they happen and decides.

    Args:
        rehearsal: whether this run is one; it can then never end in PASS (EXT-1).

    """

    def __init__(self, *, rehearsal: bool) -> None:
        self.rehearsal = rehearsal
        self.deploy: DeployState = "not sent"
        self.stop_confirmed = False
        #: Why the agent is on hold for this run's deploy; "" where it knows no hold, or took the outcome.
        self.hold = ""
        self._checks: dict[str, Check] = {}
        self._results: dict[str, tuple[CheckOutcome, str]] = {}
        self._findings: dict[str, Finding] = {}
        self._violations: dict[str, str] = {}  # in the order they were found
        self._misuse: tuple[str, str] | None = None
        self._interrupted = ""

    # -- facts -----------------------------------------------------------------------------

    def expect(self, checks: Sequence[Check]) -> None:
        """Take the collected checks, in the order they will run."""
        for check in checks:
            self._checks[check.id] = check

    def finding(self, finding: Finding) -> None:
        """Take a finding. A violation stays one, whatever is found later (the tail of a log)."""
        before = self._findings.get(finding.clause)
        if finding.holds is False:
            self.violate(finding.clause, finding.words())
        if before is None or before.holds is not False:
            self._findings[finding.clause] = finding

    def violate(self, clause: str, words: str) -> None:
        """A clause is violated; the first words about it are kept."""
        self._violations.setdefault(clause, words)

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
        claimed = [self._findings.get(c) for c in check.clauses]
        if any(f is not None and f.holds is False for f in claimed):
            return "failed"
        if any(f is not None and f.holds is None for f in claimed):
            return "unproven"
        for claim in check.clauses:
            self.violate(claim, words)
        if not check.clauses:
            self.violate("EXT-2", f"the check {check.title!r} failed: {words}")
        return "failed"

    def misuse(self, message: str, clause: str | None) -> None:
        """The run cannot be a gate: known before any request left."""
        self._misuse = (clause or "", message)

    def interrupt(self, words: str) -> None:
        """A signal ended the run."""
        self._interrupted = self._interrupted or words

    # -- questions -------------------------------------------------------------------------

    @property
    def interrupted(self) -> bool:
        """Whether a signal ended the run, or something beside the checks spoiled it."""
        return bool(self._interrupted)

    def blocked(self, check: Check) -> str | None:
        """Why `check` must not run now, or None. Shutdown and exit run after a failure too (VER-6)."""
        if self._misuse:
            return self._misuse[1]
        if check.stage is Stage.EXIT:
            return None
        if check.stage is Stage.SHUTDOWN:
            return None if self.deploy == "sent" else "nothing was deployed: there is nothing to stop"
        if self._interrupted:
            return self._interrupted
        if self._violations:
            named = [c for c in check.clauses if c in self._violations]
            # The check that claims the violated clause still runs, so that it fails under its name.
            if named and STAGES.index(check.stage) <= STAGES.index(stage_of(self._first_violation()[0])):
                return None
            clause, words = self._first_violation()
            return f"{clause}: {words}"
        return self.may_not_deploy() if check.stage is not Stage.PRECONDITIONS else None

    def may_not_deploy(self) -> str | None:
        """Why nothing may be deployed, or None: every precondition proven, nothing violated (PRE-7)."""
        if self._misuse:
            return self._misuse[1]
        if self._interrupted:
            return self._interrupted
        if self._violations:
            clause, words = self._first_violation()
            return f"{clause}: {words}"
        for clause_ in CHECKED:
            if clause_.stage is Stage.PRECONDITIONS and self._state(clause_.id).state != "proven":
                return f"{clause_.id}: {self._state(clause_.id).words}"
        for check in self._checks.values():
            outcome, words = self._outcome(check)
            if check.stage is Stage.PRECONDITIONS and outcome != "passed":
                return f"the check {check.title!r} did not pass ({outcome}) {words}".rstrip()
        return None

    def outstanding(self) -> list[tuple[Check, CheckOutcome, str]]:
        """Checks that did not pass, exit checks left out: what EXT-2 asks about."""
        rows = [
            (check, *self._outcome(check)) for check in self._checks.values() if check.stage is not Stage.EXIT
        ]
        return [row for row in rows if row[1] != "passed"]

    def found(self, clause: str) -> Finding | None:
        """What was found about a clause, or None."""
        return self._findings.get(clause)

    def violations(self) -> dict[str, str]:
        """Violated clauses and the words about them, in the order found."""
        return dict(self._violations)

    def earned(self) -> bool:
        """Whether all is proven and stopped, and nothing but the agent's hold is left to take off (FLR-3)."""
        return self._verdict(self.clause_states(), hold="")[3] == EXIT_OK

    def clause_states(self) -> tuple[ClauseState, ...]:
        """The state of every clause, in the order of the model's table."""
        return tuple(self._state(clause.id) for clause in CLAUSES)

    def decide(self) -> Decision:
        """The verdict from the facts so far (DESIGN 3)."""
        states = self.clause_states()
        verdict, clause, reason, status = self._verdict(states, self.hold)
        return Decision(verdict, clause, " ".join(reason.split()), status, states)

    # -- inside ----------------------------------------------------------------------------

    def _outcome(self, check: Check) -> tuple[CheckOutcome, str]:
        return self._results.get(check.id, ("not run", ""))

    def _first_violation(self) -> tuple[str, str]:
        """The stage that failed first comes first, then the order of the model's table."""
        stage = stage_of(next(iter(self._violations)))
        clause = min(self._violations, key=lambda c: (stage_of(c) is not stage, RANK[c]))
        return clause, self._violations[clause]

    def _state(self, clause_id: str) -> ClauseState:
        clause = CLAUSE[clause_id]
        claiming = [c for c in self._checks.values() if clause_id in c.clauses]
        ids = tuple(c.id for c in claiming)
        finding = self._findings.get(clause_id)
        # A finding that does not hold is false in a condition, and still rests on something.
        basis = finding.basis if finding is not None else None
        if clause_id in self._violations:
            return ClauseState(clause_id, "violated", basis, ids, self._violations[clause_id])
        if clause.how is How.ENFORCED:
            if clause_id == "EXT-1" and self.rehearsal:
                return ClauseState(clause_id, "not proven", None, ids, "this was a rehearsal")
            return ClauseState(clause_id, "proven", basis, ids, "enforced by the gate")
        why = self._unproven(clause_id, claiming, finding)
        if why:
            return ClauseState(clause_id, "not proven", basis, ids, why)
        return ClauseState(clause_id, "proven", basis, ids, finding.words() if finding else "")

    def _unproven(self, clause_id: str, claiming: list[Check], finding: Finding | None) -> str:
        """Why a checked clause is not proven, or ""."""
        least = CLAUSE[clause_id].least_basis
        if not claiming:
            return "no collected check claims it"
        for check in claiming:
            outcome, words = self._outcome(check)
            if outcome == "unproven" and finding is not None and finding.holds is not True:
                return finding.words()
            if outcome != "passed":
                return f"its check {check.title!r} was {outcome}" + (f": {words}" if words else "")
        if finding is None:
            return "its check passed without looking at what it claims"
        if finding.holds is not True:
            return finding.words()
        if finding.basis is None or (least is not None and finding.basis < least):
            return f"rests on less than {least}: {finding.seen}"
        return ""

    def _verdict(self, states: tuple[ClauseState, ...], hold: str) -> tuple[Verdict, str, str, int]:
        if self._misuse:
            return Verdict.REFUSED, self._misuse[0], self._misuse[1], EXIT_MISUSE
        unproven = [s for s in states if s.state == "not proven" and CLAUSE[s.clause].how is How.CHECKED]
        named = (unproven[0].clause, unproven[0].words) if unproven else ("", "")
        sent = self.deploy == "sent"
        if self._violations:
            return Verdict.FAIL if sent else Verdict.REFUSED, *self._first_violation(), EXIT_FAILED
        if self._interrupted:
            return Verdict.FAIL if sent else Verdict.INCOMPLETE, named[0], self._interrupted, EXIT_FAILED
        if sent and not self.stop_confirmed:
            return (
                Verdict.FAIL,
                "STP-1",
                "no status read confirmed that the container is stopped.",
                EXIT_FAILED,
            )
        if unproven:
            unmet = not sent and stage_of(named[0]) is Stage.PRECONDITIONS and self._looked(named[0])
            return Verdict.REFUSED if unmet else Verdict.INCOMPLETE, *named, EXIT_FAILED
        for check in self._checks.values():
            outcome, words = self._outcome(check)
            if outcome != "passed":
                why = f"the check {check.title!r} was {outcome} {words}".rstrip()
                return Verdict.INCOMPLETE, "EXT-2", why, EXIT_FAILED
        if not sent:
            return Verdict.INCOMPLETE, "", "nothing was deployed.", EXIT_FAILED
        return self._proven(hold)

    def _proven(self, hold: str) -> tuple[Verdict, str, str, int]:
        """The end of a run in which everything holds."""
        proven = f"all {len(CHECKED)} checked clauses proven, stop confirmed"
        if hold:
            # A PASS that leaves its agent on hold would be taken for one that nobody needs to look into.
            return Verdict.INCOMPLETE, "FLR-3", f"{proven}, but the agent stays on hold: {hold}", EXIT_FAILED
        if self.rehearsal:
            return Verdict.REHEARSED, "", f"{proven}; a rehearsal is never evidence.", EXIT_OK
        return Verdict.PASS, "", f"{proven}.", EXIT_OK

    def _looked(self, clause_id: str) -> bool:
        """Whether a check looked at the clause and could not establish it."""
        finding = self._findings.get(clause_id)
        return finding is not None and finding.holds is not True
