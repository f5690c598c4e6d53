"""What the gate says of an end, to the letter: an operator reads nothing else first."""

import pytest

from pytest_smokedeploy.judging import Check, Record, clause_states, decide, earned, may_not_deploy
from pytest_smokedeploy.model import CHECKED, Basis, Finding, Stage, Verdict
from pytest_smokedeploy.model.verdicts import EXIT_STATUS
from tests.unit.judging.test_gate import checks, gate, run


def state(made, clause):
    return next(s for s in clause_states(made) if s.clause == clause)


def test_a_hold_that_stays_keeps_a_proven_run_from_passing_and_names_flr_3():
    made = gate()
    run(made)
    made.pending = "the agent was gone."
    decision = decide(made)
    assert (decision.verdict, decision.clause, decision.exit_status) == (
        Verdict.INCOMPLETE,
        "FLR-3",
        EXIT_STATUS[Verdict.INCOMPLETE],
    )
    assert decision.reason == (
        f"all {len(CHECKED)} checked clauses proven, stop confirmed, but the agent was gone."
    )
    assert earned(made)


def test_a_stop_that_no_status_confirmed_says_so():
    made = gate()
    run(made)
    made.stop_confirmed = False
    decision = decide(made)
    assert (decision.clause, decision.reason) == (
        "STP-1",
        "no status read confirmed that the container is stopped.",
    )


@pytest.mark.parametrize(
    ("outcome", "words", "said"),
    [
        ("skipped", "not today", "its check 'running is true' was skipped: not today"),
        ("not run", "", "its check 'running is true' was not run"),
        ("xpassed", "", "its check 'running is true' was xpassed"),
    ],
)
def test_a_check_that_did_not_pass_is_named_with_how_it_ended(outcome, words, said):
    made = gate()
    run(made, skip={"VER-2"})
    if outcome != "not run":
        made.result("t::VER-2", outcome, words)
    assert state(made, "VER-2").words == said
    assert decide(made).reason == said


def test_what_could_not_be_established_is_said_in_the_findings_words_and_rests_on_what_it_did():
    made = gate()
    run(made, skip={"VER-2", "VER-4"})
    cant = Finding("VER-2", None, "running true", "no answer", None)
    made.finding(cant)
    made.result("t::VER-2", "failed", "AssertionError")
    weak = Finding("VER-4", True, "an image", "the ledger says so", Basis.ATTESTED)
    made.finding(weak)
    made.result("t::VER-4", "passed")
    assert (state(made, "VER-2").words, state(made, "VER-2").basis) == (cant.words(), None)
    assert state(made, "VER-4").words == "rests on less than seen: the ledger says so"
    assert (state(made, "VER-4").state, state(made, "VER-4").basis) == ("not proven", Basis.ATTESTED)


def test_a_clause_without_a_check_and_a_check_without_a_look_are_told_apart():
    made = Record(rehearsal=False)
    made.expect([check for check in checks() if check.id != "t::VER-2"])
    run(made, skip={"VER-2", "VER-4"})
    made.result("t::VER-4", "passed")
    assert state(made, "VER-2").words == "no collected check claims it"
    assert state(made, "VER-4").words == "its check passed without looking at what it claims"


def test_an_own_check_that_did_not_pass_is_the_only_one_outstanding():
    made = gate()
    own = Check("t::own", "mine", Stage.VERIFY)
    made.expect([own])
    run(made)
    made.result(own.id, "skipped")
    # Exit checks ask for it, and are none of it.
    assert made.outstanding() == [(own, "skipped", "")]
    assert decide(made).reason == "the check 'mine' was skipped"


def test_a_precondition_that_did_not_pass_says_why_nothing_may_be_deployed():
    made = gate()
    made.expect([Check("t::own", "mine", Stage.PRECONDITIONS, ("PRE-2",))])
    run(made, upto="AGT-1")
    made.result("t::own", "skipped")
    assert may_not_deploy(made) == "PRE-2: its check 'mine' was skipped"


def test_a_finding_that_holds_under_a_check_that_did_not_pass_is_no_refusal():
    made = gate()
    run(made, upto="TRG-1")
    made.finding(Finding("TRG-1", True, "by hand", "by hand"))
    made.result("t::TRG-1", "skipped")
    decision = decide(made)
    assert (decision.verdict, decision.clause) == (Verdict.INCOMPLETE, "TRG-1")


def test_a_failed_check_is_failed_by_whatever_clause():
    made = gate()
    run(made, upto="VER-2")
    made.result("t::VER-2", "failed", "gone", "PRE-6")
    made.finding(Finding("VER-4", False, "an image", "another"))
    made.result("t::VER-4", "failed", "")
    rows = {check.id: outcome for check, outcome, _ in made.outstanding()}
    assert (rows["t::VER-2"], rows["t::VER-4"]) == ("failed", "failed")
