"""The state of each clause and the verdict of a run (EXT-5)."""

from dataclasses import dataclass, field
from typing import Final, Literal, get_args

from pytest_smokedeploy.judging.record import CheckOutcome, Record
from pytest_smokedeploy.model import CHECKED, CLAUSE, CLAUSES, STAGES, Basis, Finding, How, Stage, Verdict
from pytest_smokedeploy.model.verdicts import EXIT_MISUSE, EXIT_STATUS

ClauseWord = Literal["proven", "violated", "not proven"]

#: What evidence is read by. A secret that is a part of one of these can't be masked: nothing could be read.
OWN_WORDS: Final = frozenset(
    {*STAGES, *get_args(CheckOutcome), *get_args(ClauseWord), *CLAUSE, *Verdict, *map(str, Basis)}
    | {"title", "stage", "clauses", "paper"}
)


@dataclass(frozen=True, slots=True)
class ClauseState:
    """What a run can say of one clause, resting on what."""

    clause: str
    state: ClauseWord
    basis: Basis | None
    words: str


@dataclass(frozen=True, slots=True)
class Decision:
    """The verdict, the clause named first ("" where there is none), and why, in one line."""

    verdict: Verdict
    clause: str
    reason: str
    exit_status: int
    clauses: tuple[ClauseState, ...] = field(repr=False)


def clause_states(record: Record) -> tuple[ClauseState, ...]:
    """The state of every clause, in the order of the model's table."""
    return tuple(clause_state(record, clause.id) for clause in CLAUSES)


def clause_state(record: Record, clause_id: str) -> ClauseState:
    """The state of one clause."""
    finding = record.found(clause_id)
    # Compared with None: a finding that does not hold is false in a condition.
    basis = finding.basis if finding is not None else None
    if clause_id in record.violations:
        return ClauseState(clause_id, "violated", basis, record.violations[clause_id])
    if CLAUSE[clause_id].how is How.ENFORCED:
        if clause_id == "EXT-1" and record.rehearsal:
            return ClauseState(clause_id, "not proven", None, "this was a rehearsal")
        return ClauseState(clause_id, "proven", basis, "enforced by the gate")
    if why := _unproven(record, clause_id, finding):
        return ClauseState(clause_id, "not proven", basis, why)
    return ClauseState(clause_id, "proven", basis, finding.words() if finding else "")


def decide(record: Record) -> Decision:
    """The verdict from the facts so far (DESIGN 3)."""
    states = clause_states(record)
    verdict, clause, reason = _verdict(record, states, record.pending)
    status = EXIT_MISUSE if record.refusal else EXIT_STATUS[verdict]
    return Decision(verdict, clause, " ".join(reason.split()), status, states)


def earned(record: Record) -> Verdict | None:
    """PASS or REHEARSED where all that is left is to tell the outcome and write the evidence, or None."""
    verdict, _, _ = _verdict(record, clause_states(record), pending="")
    return verdict if verdict in {Verdict.PASS, Verdict.REHEARSED} else None


def _unproven(record: Record, clause_id: str, finding: Finding | None) -> str:
    """Why a checked clause is not proven, or ""."""
    claiming = record.claiming(clause_id)
    least = CLAUSE[clause_id].least_basis
    if not claiming:
        return "no collected check claims it"
    for check in claiming:
        outcome, words = record.outcome(check)
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


def _verdict(record: Record, states: tuple[ClauseState, ...], pending: str) -> tuple[Verdict, str, str]:
    """(verdict, clause, reason), the first of the reasons that holds."""
    if record.refusal:
        return Verdict.REFUSED, *record.refusal
    unproven = [s for s in states if s.state == "not proven" and CLAUSE[s.clause].how is How.CHECKED]
    named = (unproven[0].clause, unproven[0].words) if unproven else ("", "")
    sent = record.deploy == "sent"
    if first := record.first_violation():
        return Verdict.FAIL if sent else Verdict.REFUSED, *first
    if record.interrupted:
        return Verdict.FAIL if sent else Verdict.INCOMPLETE, named[0], record.interrupted
    if sent and not record.stop_confirmed:
        return Verdict.FAIL, "STP-1", "no status read confirmed that the container is stopped."
    if unproven:
        finding = record.found(named[0])
        looked = finding is not None and finding.holds is not True
        unmet = not sent and CLAUSE[named[0]].stage is Stage.PRECONDITIONS and looked
        return Verdict.REFUSED if unmet else Verdict.INCOMPLETE, *named
    for check in record.checks:
        outcome, words = record.outcome(check)
        if outcome != "passed":
            why = f"the check {check.title!r} was {outcome} {words}".rstrip()
            return Verdict.INCOMPLETE, "EXT-2", why
    return _proven(record, pending) if sent else (Verdict.INCOMPLETE, "", "nothing was deployed.")


def _proven(record: Record, pending: str) -> tuple[Verdict, str, str]:
    """The end of a run in which everything holds."""
    proven = f"all {len(CHECKED)} checked clauses proven, stop confirmed"
    if pending:
        # A PASS that leaves its agent on hold would be taken for one that nobody needs to look into.
        return Verdict.INCOMPLETE, "FLR-3", f"{proven}, but {pending.rstrip('.')}."
    if record.rehearsal:
        return Verdict.REHEARSED, "", f"{proven}; a rehearsal is never evidence."
    return Verdict.PASS, "", f"{proven}."
