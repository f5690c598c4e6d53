"""What the gate says of a clause, and what it lets run, fact by fact."""

import pytest

from pytest_smokedeploy.judging import Check, blocked, clause_states, decide, may_not_deploy
from pytest_smokedeploy.model import CHECKED, CLAUSE, CLAUSES, Basis, Finding, How, Stage, Verdict
from pytest_smokedeploy.model.verdicts import EXIT_STATUS
from tests.unit.judging.test_gate import gate, proven, run, violated


def state(made, clause):
    return next(s for s in clause_states(made) if s.clause == clause)


def check(clause):
    return Check(f"t::{clause}", CLAUSE[clause].text, CLAUSE[clause].stage, (clause,))


def test_a_fresh_gate_owes_nothing_and_has_proven_nothing():
    made = gate()
    assert (made.deploy, made.stop_confirmed) == ("not sent", False)
    assert {state(made, c.id).state for c in CHECKED} == {"not proven"}
    assert {check.id for check, _, _ in made.outstanding()} == {
        f"t::{c.id}" for c in CHECKED if c.stage is not Stage.EXIT
    }
    assert {outcome for _, outcome, _ in made.outstanding()} == {"not run"}


def test_states_of_a_whole_live_run():
    made = gate()
    run(made)
    for clause in CLAUSES:
        found = state(made, clause.id)
        assert found.state == "proven"
        if clause.how is How.ENFORCED:
            assert (found.basis, found.words) == (None, "enforced by the gate")
        else:
            assert (found.basis, found.words) == (Basis.SEEN, "seen")


def test_of_a_rehearsal_ext_1_alone_is_not_proven():
    made = gate(rehearsal=True)
    run(made)
    left = [s for s in clause_states(made) if s.state != "proven"]
    assert [(s.clause, s.state, s.basis, s.words) for s in left] == [
        ("EXT-1", "not proven", None, "this was a rehearsal")
    ]


def test_a_violated_clause_keeps_the_words_it_was_found_with():
    made = gate()
    run(made, upto="VER-2")
    made.finding(violated("VER-2"))
    made.result("t::VER-2", "failed", "the check's own words")
    found = state(made, "VER-2")
    assert (found.state, found.basis) == ("violated", Basis.SEEN)
    assert "something else" in found.words


def test_a_violation_is_not_taken_back_by_a_later_finding():
    made = gate()
    run(made)
    made.finding(violated("OBS-7"))
    made.finding(proven("OBS-7"))
    assert state(made, "OBS-7").state == "violated"
    assert made.found("OBS-7").holds is False
    assert decide(made).verdict is Verdict.FAIL


def test_a_finding_may_be_taken_further_as_long_as_it_is_no_violation():
    made = gate()
    made.finding(Finding("VER-2", None, "x", "could not look", None))
    made.finding(proven("VER-2"))
    assert made.found("VER-2").holds is True


def test_an_error_that_names_a_clause_violates_that_one_alone():
    made = gate()
    run(made, upto="VER-1")
    made.result("t::VER-1", "failed", "the stop was refused", "STP-2")
    assert made.violations == {"STP-2": "the stop was refused"}
    assert [outcome for c, outcome, _ in made.outstanding() if c.id == "t::VER-1"] == ["failed"]


def test_a_failed_check_without_a_finding_violates_all_it_claims():
    made = gate()
    made.expect([Check("t::two", "two", Stage.VERIFY, ("VER-1", "VER-2"))])
    made.result("t::two", "failed", "broken")
    assert made.violations == {"VER-1": "broken", "VER-2": "broken"}


def test_a_failed_check_that_could_not_look_is_unproven_and_violates_nothing():
    made = gate()
    run(made, upto="VER-1")
    made.finding(Finding("VER-1", None, "x", "nobody answered", None))
    made.result("t::VER-1", "failed", "nobody answered")
    assert made.violations == {}
    assert [outcome for c, outcome, _ in made.outstanding() if c.id == "t::VER-1"] == ["unproven"]
    found = state(made, "VER-1")
    assert (found.state, "nobody answered" in found.words) == ("not proven", True)


def test_a_failed_check_whose_finding_holds_violates_what_it_claims():
    """It looked, and found the clause to hold; that it failed all the same is no proof."""
    made = gate()
    run(made, upto="VER-1")
    made.finding(proven("VER-1"))
    made.result("t::VER-1", "failed", "and yet")
    assert made.violations == {"VER-1": "and yet"}


@pytest.mark.parametrize("outcome", ["failed", "skipped", "xfailed", "xpassed", "blocked", "unproven"])
def test_a_precondition_that_did_not_pass_blocks_the_deploy(outcome):
    made = gate()
    run(made, upto="AGT-1", skip=("FLR-3",))
    made.finding(proven("FLR-3"))
    made.result("t::FLR-3", outcome, "so it was")
    assert blocked(made, check("AGT-1"))
    assert may_not_deploy(made)
    assert decide(made).exit_status == EXIT_STATUS[Verdict.FAIL]


def test_a_precondition_of_ones_own_clauses_must_pass_too():
    """Two checks of one clause: the clause's state goes by both."""
    made = gate()
    made.expect([Check("t::again", "again", Stage.PRECONDITIONS, ("PRE-1",))])
    run(made, upto="AGT-1")
    assert "again" in may_not_deploy(made)
    made.result("t::again", "passed")
    assert may_not_deploy(made) is None


def test_preconditions_may_run_before_any_is_proven_and_later_stages_may_not():
    made = gate()
    assert blocked(made, check("PRE-1")) is None
    for clause in ("AGT-1", "VER-1", "OBS-1"):
        assert blocked(made, check(clause)).startswith("TGT-1: ")
    assert blocked(made, check("STP-1")) == "nothing was deployed: there is nothing to stop"
    assert blocked(made, check("EXT-2")) is None


def test_misuse_blocks_everything_with_its_words():
    made = gate()
    made.misuse("prod is refused", None)
    for clause in ("PRE-1", "AGT-1", "STP-1", "EXT-2"):
        assert blocked(made, check(clause)) == "prod is refused"
    assert may_not_deploy(made) == "prod is refused"
    decided = decide(made)
    assert (decided.verdict, decided.clause, decided.reason, decided.exit_status) == (
        Verdict.REFUSED,
        "",
        "prod is refused",
        4,
    )


def test_an_interrupt_blocks_what_is_left_and_keeps_its_first_words():
    made = gate()
    run(made, upto="VER-1")
    made.interrupt("SIGINT")
    made.interrupt("SIGTERM")
    assert blocked(made, check("VER-1")) == "SIGINT"
    assert blocked(made, check("STP-1")) is None
    assert may_not_deploy(made) == "SIGINT"


def test_a_refused_deploy_owes_no_stop():
    made = gate()
    run(made, upto="AGT-1")
    made.deploy = "refused"
    made.violate("AGT-1", "the agent said no")
    assert blocked(made, check("STP-1")) == "nothing was deployed: there is nothing to stop"
    decided = decide(made)
    assert (decided.verdict, decided.clause, decided.exit_status) == (
        Verdict.REFUSED,
        "AGT-1",
        EXIT_STATUS[Verdict.REFUSED],
    )


def test_the_check_that_claims_the_violated_clause_still_runs_under_its_name():
    made = gate()
    run(made, upto="OBS-1")
    made.finding(violated("OBS-7"))
    assert blocked(made, check("OBS-7")) is None
    assert blocked(made, check("OBS-8")).startswith("OBS-7: ")


def test_a_reason_is_one_line():
    made = gate()
    made.violate("OBS-7", "two\n  lines")
    assert decide(made).reason == "two lines"


def test_a_precondition_that_could_not_be_established_is_refused():
    made = gate()
    run(made, upto="PRE-6")
    made.finding(Finding("PRE-6", None, "an answer", "nobody answered", None))
    made.result("t::PRE-6", "failed", "nobody answered")
    decided = decide(made)
    assert (decided.verdict, decided.clause, decided.exit_status) == (
        Verdict.REFUSED,
        "PRE-6",
        EXIT_STATUS[Verdict.REFUSED],
    )


def test_a_precondition_that_no_check_looked_at_is_incomplete():
    made = gate()
    run(made, upto="AGT-1", skip=("PRE-6",))
    decided = decide(made)
    assert (decided.verdict, decided.clause, decided.exit_status) == (
        Verdict.INCOMPLETE,
        "PRE-6",
        EXIT_STATUS[Verdict.INCOMPLETE],
    )


def test_an_interrupt_before_any_deploy_is_incomplete_and_names_its_signal():
    made = gate()
    run(made, upto="PRE-6")
    made.interrupt("the run was interrupted by SIGINT.")
    decided = decide(made)
    assert (decided.verdict, decided.clause) == (Verdict.INCOMPLETE, "PRE-6")
    assert decided.reason == "the run was interrupted by SIGINT."


def test_reasons_of_sound_ends():
    live, rehearsed = gate(), gate(rehearsal=True)
    run(live)
    run(rehearsed)
    count = f"all {len(CHECKED)} checked clauses proven, stop confirmed"
    assert (decide(live).clause, decide(live).reason) == ("", f"{count}.")
    assert decide(rehearsed).reason == f"{count}; a rehearsal is never evidence."
    assert decide(rehearsed).clause == ""


def test_a_check_of_ones_own_left_out_names_ext_2():
    made = gate()
    made.expect([Check("t::own", "my own", Stage.VERIFY)])
    run(made)
    decided = decide(made)
    assert (decided.verdict, decided.clause) == (Verdict.INCOMPLETE, "EXT-2")
    assert decided.reason == "the check 'my own' was not run"


def test_all_proven_without_a_deploy_is_no_pass():
    made = gate()
    run(made)
    made.deploy = "not sent"
    decided = decide(made)
    assert (decided.verdict, decided.clause, decided.reason) == (
        Verdict.INCOMPLETE,
        "",
        "nothing was deployed.",
    )


def test_a_skipped_check_says_why_its_clause_is_not_proven():
    made = gate()
    run(made, skip=("OBS-7",))
    made.result("t::OBS-7", "skipped", "no time")
    text = CLAUSE["OBS-7"].text
    assert state(made, "OBS-7").words == f"its check {text!r} was skipped: no time"


@pytest.mark.parametrize("clause", ["RUN-2", "RUN-3", "RUN-4", "RUN-5"])
def test_an_execution_loop_fails_the_deploy(clause):
    """RUN-6: whatever of the smoke mode is broken, the deploy has failed, stopped or not."""
    made = gate()
    run(made, upto="OBS-7")
    made.finding(violated(clause))
    made.stop_confirmed = True
    decided = decide(made)
    assert (decided.verdict, decided.clause, decided.exit_status) == (
        Verdict.FAIL,
        clause,
        EXIT_STATUS[Verdict.FAIL],
    )


@pytest.mark.parametrize("clause", ["VER-1", "VER-2", "VER-3", "VER-4", "VER-5"])
def test_the_first_failed_check_ends_the_run(clause):
    """VER-6: nothing after it runs but shutdown and exit."""
    made = gate()
    run(made, upto=clause)
    made.finding(violated(clause))
    made.result(f"t::{clause}", "failed", "not as asked")
    left = [c for c in CHECKED if c.stage is Stage.OBSERVE]
    assert all(blocked(made, check(c.id)).startswith(f"{clause}: ") for c in left)
    assert blocked(made, check("STP-1")) is None
    assert blocked(made, check("EXT-2")) is None
