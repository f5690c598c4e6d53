"""The gate decides from facts alone: each verdict, what is named first, what is blocked."""

from pytest_smokedeploy.judging import Check, Record, blocked, clause_states, decide, may_not_deploy
from pytest_smokedeploy.model import CHECKED, CLAUSE, Basis, Finding, Stage, Verdict
from pytest_smokedeploy.model.verdicts import EXIT_STATUS


def checks():
    return [Check(f"t::{c.id}", c.text, c.stage, (c.id,)) for c in CHECKED]


def proven(clause, basis=Basis.SEEN):
    return Finding(clause, True, CLAUSE[clause].text, "seen", basis)


def violated(clause):
    return Finding(clause, False, CLAUSE[clause].text, "something else")


def run(gate, upto=None, skip=()):
    """Feed a healthy run up to (not including) the clause `upto`."""
    for check in checks():
        clause = check.clauses[0]
        if clause == upto:
            return
        if clause == "AGT-1":
            gate.deploy = "sent"
        if clause == "STP-1":
            gate.stop_confirmed = True
        if clause in skip:
            continue
        gate.finding(proven(clause))
        gate.result(check.id, "passed")


def gate(*, rehearsal=False):
    made = Record(rehearsal=rehearsal)
    made.expect(checks())
    return made


def test_a_whole_live_run_passes():
    g = gate()
    run(g)
    decision = decide(g)
    assert (decision.verdict, decision.clause, decision.exit_status) == (
        Verdict.PASS,
        "",
        EXIT_STATUS[Verdict.PASS],
    )


def test_a_whole_rehearsal_is_rehearsed_and_ext_1_not_proven():
    g = gate(rehearsal=True)
    run(g)
    decision = decide(g)
    assert (decision.verdict, decision.exit_status) == (Verdict.REHEARSED, EXIT_STATUS[Verdict.REHEARSED])
    assert next(s for s in decision.clauses if s.clause == "EXT-1").state == "not proven"


def test_every_checked_clause_left_out_ends_incomplete_or_refused():
    for clause in CHECKED:
        g = gate()
        run(g, skip={clause.id})
        decision = decide(g)
        assert 0 != decision.exit_status == EXIT_STATUS[decision.verdict], clause.id
        assert decision.clause == clause.id


def test_every_checked_clause_violated_is_named():
    for clause in CHECKED:
        g = gate()
        run(g, upto=clause.id)
        if clause.stage is not Stage.PRECONDITIONS:
            g.deploy = "sent"
        g.finding(violated(clause.id))
        g.result(f"t::{clause.id}", "failed", "words")
        decision = decide(g)
        assert decision.clause == clause.id
        wanted = Verdict.REFUSED if clause.stage is Stage.PRECONDITIONS else Verdict.FAIL
        assert (decision.verdict, decision.exit_status) == (wanted, EXIT_STATUS[wanted])


def test_a_check_that_looked_at_nothing_proves_nothing():
    g = gate()
    run(g, skip={"VER-2"})
    g.result("t::VER-2", "passed")
    decision = decide(g)
    assert (decision.verdict, decision.clause) == (Verdict.INCOMPLETE, "VER-2")
    assert "without looking" in decision.reason


def test_less_than_the_least_basis_is_not_proven():
    g = gate()
    run(g, skip={"OBS-1"})
    g.finding(proven("OBS-1", Basis.TOLD))
    g.result("t::OBS-1", "passed")
    assert (decide(g).verdict, decide(g).clause) == (Verdict.INCOMPLETE, "OBS-1")


def test_a_violation_in_the_tail_counts_whatever_was_found_before():
    g = gate()
    run(g)
    g.finding(violated("OBS-7"))
    g.finding(proven("OBS-7"))
    decision = decide(g)
    assert (decision.verdict, decision.clause) == (Verdict.FAIL, "OBS-7")


def test_the_stage_that_failed_first_is_named_first():
    g = gate()
    run(g, upto="STP-1")
    g.finding(violated("STP-2"))
    g.finding(violated("OBS-7"))
    assert decide(g).clause == "STP-2"


def test_within_a_stage_the_order_of_the_table_decides():
    g = gate()
    run(g, upto="OBS-1")
    g.finding(violated("RUN-5"))
    g.finding(violated("OBS-7"))
    assert decide(g).clause == "OBS-7"


def test_an_unconfirmed_stop_fails_a_run_in_which_all_passed():
    g = gate()
    run(g)
    g.stop_confirmed = False
    assert (decide(g).verdict, decide(g).clause) == (Verdict.FAIL, "STP-1")


def test_misuse_is_refused_with_its_own_status():
    g = gate()
    g.misuse("prod is refused", "TGT-3")
    decision = decide(g)
    assert (decision.verdict, decision.clause, decision.exit_status) == (Verdict.REFUSED, "TGT-3", 4)


def test_nothing_run_is_incomplete():
    assert decide(gate()).verdict is Verdict.INCOMPLETE


def test_an_interrupted_deploy_fails():
    g = gate()
    run(g, upto="AGT-2")
    g.stop_confirmed = True
    g.interrupt("interrupted by SIGINT.")
    decision = decide(g)
    assert (decision.verdict, decision.exit_status) == (Verdict.FAIL, EXIT_STATUS[Verdict.FAIL])
    assert "SIGINT" in decision.reason


def test_a_failure_blocks_all_but_shutdown_and_exit():
    g = gate()
    run(g, upto="VER-2")
    g.finding(violated("VER-2"))
    g.result("t::VER-2", "failed")
    free = {c.clauses[0] for c in checks() if blocked(g, c) is None}
    assert free == {"VER-2", "STP-1", "STP-3", "EXT-2", "EXT-3", "EXT-4"}


def test_an_unmet_precondition_blocks_the_deploy_and_the_shutdown():
    g = gate()
    run(g, upto="PRE-3")
    g.finding(violated("PRE-3"))
    g.result("t::PRE-3", "failed")
    free = {c.clauses[0] for c in checks() if blocked(g, c) is None}
    assert not free & {c.id for c in CHECKED if c.stage not in {Stage.PRECONDITIONS, Stage.EXIT}}
    assert may_not_deploy(g).startswith("PRE-3")


def test_a_precondition_left_out_blocks_the_deploy():
    g = gate()
    run(g, upto="AGT-1", skip={"PRE-5"})
    assert may_not_deploy(g).startswith("PRE-5")


def test_a_check_that_ran_twice_violates_flr_4():
    g = gate()
    run(g)
    g.result("t::VER-2", "passed")
    assert (decide(g).verdict, decide(g).clause) == (Verdict.FAIL, "FLR-4")


def test_a_failed_check_of_ones_own_fails_the_run():
    g = gate()
    own = Check("t::own", "my own check", Stage.VERIFY)
    g.expect([own])
    run(g)
    g.result("t::own", "failed", "not as I like it")
    decision = decide(g)
    assert (decision.verdict, decision.clause) == (Verdict.FAIL, "EXT-2")
    assert "my own check" in decision.reason


def test_a_skipped_check_of_ones_own_leaves_the_run_incomplete():
    g = gate()
    g.expect([Check("t::own", "my own check", Stage.VERIFY)])
    run(g)
    g.result("t::own", "skipped")
    assert decide(g).verdict is Verdict.INCOMPLETE


def test_a_failed_check_whose_cause_is_another_clauses_violates_nothing():
    g = gate()
    run(g, upto="TGT-1")
    g.finding(Finding("TGT-1", None, "dev", "the agent is not reachable", None))
    g.result("t::TGT-1", "failed")
    assert g.violations == {}
    g.finding(violated("PRE-6"))
    g.result("t::PRE-6", "failed")
    assert (decide(g).verdict, decide(g).clause) == (Verdict.REFUSED, "PRE-6")


def test_a_violated_clause_says_what_it_rests_on():
    made = gate()
    run(made, upto="VER-2")
    made.finding(violated("VER-2"))
    state = next(s for s in clause_states(made) if s.clause == "VER-2")
    assert (state.state, state.basis) == ("violated", Basis.SEEN)
