"""Which check may run, and whether anything may be deployed (VER-6, PRE-7)."""

from pytest_smokedeploy.judging.record import Check, Record
from pytest_smokedeploy.judging.verdict import clause_state
from pytest_smokedeploy.model import CHECKED, CLAUSE, STAGES, Stage


def blocked(record: Record, check: Check) -> str | None:
    """Why `check` must not run now, or None. Shutdown and exit run after a failure too (VER-6)."""
    if record.refusal:
        return record.refusal[1]
    if check.stage is Stage.EXIT:
        return None
    if check.stage is Stage.SHUTDOWN:
        return None if record.deploy == "sent" else "nothing was deployed: there is nothing to stop"
    first = record.first_violation()
    if first and not record.interrupted:
        in_time = STAGES.index(check.stage) <= STAGES.index(CLAUSE[first[0]].stage)
        # The check that claims the violated clause still runs, so that it fails under its name.
        if in_time and record.violations.keys() & set(check.clauses):
            return None
    return _ended(record) if check.stage is Stage.PRECONDITIONS else may_not_deploy(record)


def may_not_deploy(record: Record) -> str | None:
    """Why nothing may be deployed, or None: every precondition proven, nothing violated (PRE-7)."""
    if why := _ended(record):
        return why
    for clause in CHECKED:
        if clause.stage is Stage.PRECONDITIONS:
            state = clause_state(record, clause.id)
            if state.state != "proven":
                return f"{clause.id}: {state.words}"
    for check in record.staged(Stage.PRECONDITIONS):
        outcome, words = record.outcome(check)
        if outcome != "passed":
            return f"the check {check.title!r} did not pass ({outcome}) {words}".rstrip()
    return None


def _ended(record: Record) -> str | None:
    """The refusal, interruption or violation after which a run can no longer pass, or None."""
    if record.refusal:
        return record.refusal[1]
    first = record.first_violation()
    return record.interrupted or (f"{first[0]}: {first[1]}" if first else None)
