"""The first screen: whether the phase proceeds, what runs, what is on hold, and what to do."""

import pytest

from pytest_smokedeploy.model import REMEDIES, Finding
from pytest_smokedeploy.reports.first_screen import first_screen, moment

ORDER = Finding("OBS-7", False, "no order", "an order", remedy="Take the order out.")


def test_a_pass(passed):
    screen = first_screen(passed)
    assert (screen.verdict, screen.meaning) == ("PASS", "The phase may proceed.")
    assert (
        screen.container
        == "Nothing is running: the status showed the container stopped at 2026-01-31 10:00:41 UTC."
    )
    assert (screen.clause, screen.expected, screen.next, screen.release) == ("", "", "", "")
    assert (screen.running, screen.held) == (False, False)
    assert screen.hold.startswith("The agent is not on hold, by its status of 2026-01-31 10:")


def test_a_failure_stands_part_by_part_with_the_hold_that_it_left(failed):
    screen = first_screen(failed(ORDER))
    assert (screen.verdict, screen.meaning) == ("FAIL", "The phase does not proceed.")
    assert (screen.clause, screen.asks) == ("OBS-7", "the log shows no order execution")
    assert (screen.expected, screen.seen, screen.consequence) == ("no order", "an order", ORDER.means)
    assert (
        screen.next
        == "Take the order out. Once it is mended, release the hold, and start the workflow anew by hand."
    )
    assert screen.held is True
    assert screen.hold.startswith("The agent is on hold, by its status of 2026-01-31 10:")
    assert screen.hold.endswith(": it refuses every deploy until a person releases it.")
    assert screen.because == "The agent is on hold since noon: x."
    assert screen.release == "Release it by `cmd`."


def test_a_stop_that_was_not_confirmed_names_the_host(run):
    screen = first_screen(run().deploy().checks().held())
    assert screen.running is True
    assert screen.container == "The container may be running, on agent.example."
    assert screen.next.startswith(f"{REMEDIES['STP-1']} Once it is mended, ")


def test_what_may_be_running_is_stopped_before_the_cause_is_looked_into(run):
    screen = first_screen(run().deploy().checks(ORDER).held())
    assert screen.next.startswith(f"{REMEDIES['STP-1']} Take the order out. Once it is mended, ")
    stop = first_screen(run().deploy().checks(Finding("STP-1", False, "stopped", "running")).held())
    assert stop.next.count(REMEDIES["STP-1"]) == 1


def test_a_rehearsal_without_a_confirmed_stop_says_so_and_what_became_of_it(run):
    screen = first_screen(run(rehearsal=True).deploy().checks().document)
    assert screen.running is True
    assert screen.container == "No stop was confirmed. The rehearsal's world ended with the run."


def test_a_stop_that_came_late_says_so(run):
    made = run().deploy().stop()
    made.facts.finding(Finding("STP-2", False, "in time", "late"))
    assert first_screen(made.checks().held()).container.endswith("10:00:41 UTC, not in time (STP-2).")


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("running", "an earlier container was running, by the agent's status of 2026-01-31 10:00:02 UTC."),
        ("stopped", "no earlier container was running, by the agent's status of 2026-01-31 10:00:02 UTC."),
        ("neither", "an earlier container was neither running nor stopped, by the agent's status of"),
        ("not told", "whether an earlier container runs is not known: the agent gave no status at 2026"),
        ("not asked", "whether an earlier container runs was not asked."),
    ],
)
def test_a_run_that_deployed_nothing_says_what_is_known_of_an_earlier_container(run, state, words):
    document = run().checks(Finding("PRE-1", False, "STEP 1-4", "STEP 3 is open")).document
    document["container"] = {"state": state, "at": "2026-01-31T10:00:02Z" if state != "not asked" else None}
    screen = first_screen(document)
    assert screen.verdict == "REFUSED"
    assert screen.container.startswith(f"This run deployed nothing; {words}")
    assert screen.running is False


def test_a_refused_rehearsal_has_no_earlier_container(run):
    document = run(rehearsal=True).checks(Finding("PRE-1", False, "STEP 1-4", "STEP 3 is open")).document
    assert first_screen(document).container == "This run deployed nothing."


def test_a_hold_that_is_not_known_is_released_where_it_is_on(run):
    made = run().note("status.unread", why="asked", words="no answer")
    document = made.checks(Finding("PRE-6", False, "an answer", "none")).document
    document["hold"]["state"] = "not known"
    assert "Then release the hold if it is on, and start" in first_screen(document).next


def test_a_rehearsal_that_fails_speaks_of_a_rehearsal(failed):
    screen = first_screen(failed(ORDER, rehearsal=True))
    assert (screen.verdict, screen.meaning) == ("FAIL", "A rehearsal: nothing was decided.")
    assert screen.next == "Take the order out. Once it is mended, rehearse again: nothing is on hold."
    assert (screen.held, screen.release) == (False, "")
    assert "Nothing is on hold" in screen.hold


def test_a_refusal_whose_words_say_what_is_wrong_asks_to_mend_that(run):
    misuse = {"message": "an engine is docker or process.", "clause": None, "remedy": ""}
    document = run(rehearsal=True).note("misuse", **misuse).document
    assert first_screen(document).next == "Mend that. Then rehearse again: nothing is on hold."
    document["hold"]["state"] = "not asked"
    assert first_screen(document).hold == "Nothing is on hold: no agent was asked."
    assert first_screen(run().note("misuse", **misuse).document).next.startswith("Mend that. Then start the")


def test_a_rehearsal_that_holds_says_what_is_evidence(run):
    screen = first_screen(run(rehearsal=True).deploy().stop().checks().passed())
    assert screen.verdict == "REHEARSED"
    assert screen.next.startswith("A rehearsal is no evidence: pass `smokedeploy check --live`, then")


def test_a_hold_that_decided_and_its_release_stand_there_once(run):
    seen = "the agent is on hold since noon: x"
    made = run().checks(Finding("FLR-3", False, "no hold", seen, remedy="Release it by `cmd`."))
    screen = first_screen(made.held())
    assert screen.next == "Release it by `cmd`. Then start the workflow anew by hand."
    assert (screen.seen, screen.because, screen.release) == (seen, "", "")


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("on", "The agent is on hold"),
        ("not known", "It is not known whether"),
        ("not offered", "The agent keeps no hold."),
        ("not asked", "The agent was not asked"),
    ],
)
def test_a_hold_that_was_never_read(failed, state, words):
    document = failed(ORDER)
    document["hold"] = {"state": state, "at": None, "words": "", "remedy": ""}
    assert first_screen(document).hold.startswith(words)


def test_a_run_that_was_killed_is_on_hold_though_none_was_read_before_its_deploy(run):
    screen = first_screen(run().deploy().document)
    assert screen.hold.startswith("The agent is on hold: it refuses every deploy")
    assert (screen.held, screen.running) == (True, True)


def test_a_moment_is_shown_in_seconds():
    assert moment("2026-01-31T10:00:27.123Z") == "2026-01-31 10:00:27 UTC"
    assert moment(None) == "a time that is not known"
