"""`evidence.json` tells what the journal holds, part by part, and the journal alone decides."""

import json

import pytest

from pytest_smokedeploy.evidence import Journal, build, replay
from pytest_smokedeploy.judging import decide
from pytest_smokedeploy.model import CHECKED, CLAUSES, REMEDIES, STAGES, Finding
from tests.unit.evidence.conftest import DIGEST


def read(folder):
    return json.loads((folder / "evidence.json").read_text())


@pytest.fixture
def whole(written):
    """A live PASS with everything that a run writes."""
    made = written().start(
        agent={"container_name": "runtime-dev"}, versions={"pytest": "9"}, run={"run_id": "7"}
    )
    made.facts.note("status.read", answer={"extensions": ["receipt", "logs"]}, why="before")
    made.facts.note("status.read", answer={"extensions": []}, why="after")
    line = {"time": "2026-01-01T00:00:00Z", "stream": "stdout"}
    made.facts.note("log.milestone", clause="OBS-1", line="starting", **line)
    made.facts.note("log.forbidden", clause="OBS-7", line="order", why="forbidden", **line)
    made.facts.note("log.undocumented", line="what", **line)
    made.facts.note("log.quiet", seconds=3)
    made.facts.note("log.end", exit_code=0)
    made.facts.note("events.read", when="before the stop", answer={"events": [{"action": "create"}]})
    made.facts.note("stop.sent", why="over")
    made.facts.note(
        "events.read", when="after the stop", answer={"events": [{"action": "create"}, {"action": "die"}]}
    )
    made.facts.note("events.read", when="after the stop", words="no answer")
    return read(made.checks().end())


def test_target_image_and_run(whole):
    assert (whole["environment"], whole["execution_plane"], whole["endpoint_host"]) == (
        "dev",
        "paper",
        "agent.example",
    )
    assert whole["image"]["requested"] == "ghcr.io/example/runtime:1.2.3"
    assert whole["image"]["reported"] == "ghcr.io/example/runtime:1.2.3"
    assert whole["image"]["digest"] == DIGEST
    assert whole["agent"] == {"container_name": "runtime-dev", "extensions": ["receipt", "logs"]}
    assert (whole["run"], whole["versions"], whole["deploy_id"]) == ({"run_id": "7"}, {"pytest": "9"}, "d")
    assert whole["receipt"] == {"image": "ghcr.io/example/runtime:1.2.3", "image_digest": DIGEST}


def test_verdict_and_bounds(whole):
    assert (whole["verdict"], whole["clause"], whole["exit_status"]) == ("PASS", "", 0)
    assert (whole["finished"], whole["rehearsal"], whole["schema_version"]) == (True, False, "1")
    assert whole["started_at"] < whole["finished_at"]


def test_the_log(whole):
    log = whole["log"]
    assert [row["line"] for row in log["milestones"]] == ["starting"]
    assert [row["line"] for row in log["forbidden"]] == ["order"]
    assert [row["line"] for row in log["undocumented"]] == ["what"]
    assert (log["quiet_seconds"], log["exit_code"]) == (3, 0)
    assert "event" not in log["milestones"][0]


def test_what_the_engine_told_last(whole):
    assert whole["events"] == [{"action": "create"}, {"action": "die"}]


def test_the_stop(whole):
    stop = whole["stop"]
    assert (stop["owed"], stop["confirmed"], stop["words"]) == (True, True, "running False")
    assert [e["event"] for e in stop["events"]] == ["stop.sent", "stop.confirmed"]
    assert stop["at"] == stop["events"][-1]["at"]


def test_stages_and_checks_in_order(whole):
    assert [s["stage"] for s in whole["stages"]] == [str(s) for s in STAGES]
    assert {s["outcome"] for s in whole["stages"]} == {"passed"}
    rows = [c for s in whole["stages"] for c in s["checks"]]
    assert [c["id"] for c in rows] == [f"t::{c.id}" for c in CHECKED]
    assert rows[0] == {
        "id": "t::TGT-1",
        "title": CHECKED[0].text,
        "clauses": ["TGT-1"],
        "outcome": "passed",
        "words": "",
        "started_at": "",
        "finished_at": "",
    }


def test_every_clause_with_its_basis(whole):
    assert [c["clause"] for c in whole["clauses"]] == [c.id for c in CLAUSES]
    row = next(c for c in whole["clauses"] if c["clause"] == "VER-2")
    assert row == {
        "clause": "VER-2",
        "text": "running is true",
        "how": "checked",
        "state": "proven",
        "basis": "seen",
        "words": "what was seen",
    }


def test_what_never_happened_is_empty(written):
    made = written().start()
    document = read(made.end())
    assert (document["verdict"], document["deploy_id"], document["receipt"]) == ("INCOMPLETE", "", {})
    assert (document["image"]["digest"], document["image"]["reported"]) == ("", "")
    assert document["stop"] == {"owed": False, "confirmed": False, "at": None, "words": "", "events": []}
    assert document["log"]["quiet_seconds"] is None
    assert {s["outcome"] for s in document["stages"]} == {"not run"}
    assert {c["outcome"] for s in document["stages"] for c in s["checks"]} == {"not run"}


def test_a_refused_deploy_owes_no_stop(written):
    made = written().start()
    made.facts.note("deploy.promised", named=True, hold=False, deploy_id="d")
    made.facts.note("deploy.refused", words="no")
    assert read(made.end())["stop"]["owed"] is False


def test_a_stop_confirmed_and_then_not_is_not(written):
    made = written().start().checks()
    made.facts.note("stop.unconfirmed", words="it came back")
    document = read(made.end())
    assert (document["stop"]["confirmed"], document["stop"]["words"]) == (False, "it came back")
    assert document["verdict"] == "FAIL"


def test_a_failed_stage_says_so(written):
    document = read(written().start().checks(violated=("VER-2",)).end())
    assert {s["stage"]: s["outcome"] for s in document["stages"]}["verify"] == "failed"
    assert (document["verdict"], document["clause"]) == ("FAIL", "VER-2")


TURNS = {
    "misuse": lambda facts: facts.note("misuse", message="prod is refused", clause="TGT-3"),
    "signal": lambda facts: facts.interrupt("SIGTERM"),
    "sent": lambda facts: facts.note("deploy.promised", hold=False, deploy_id="d"),
    "refused": lambda facts: facts.note("deploy.refused", words="no"),
    "stopped": lambda facts: facts.note("stop.confirmed", words="x"),
    "held": lambda facts: facts.note("deploy.promised", hold=True, deploy_id="d"),
    "known": lambda facts: facts.note("run.finished", verdict="PASS", outcome_known=True),
    "outcome refused": lambda facts: facts.note("outcome.failed", words="the agent said no"),
    "spoiled": lambda facts: facts.note("run.spoiled", words="the lease was lost"),
    "came back": lambda facts: facts.note("stop.unconfirmed", words="x"),
}


@pytest.mark.parametrize(
    "names",
    [
        *[(n,) for n in TURNS],
        ("sent", "stopped"),
        ("sent", "refused"),
        ("sent", "signal"),
        ("held", "known"),
    ],
)
@pytest.mark.parametrize("how", [{}, {"skip": ("VER-2",)}, {"violated": ("OBS-7",)}])
def test_a_replayed_journal_decides_as_the_run_did(written, names, how):
    made = written().start().checks(**how)
    for name in names:
        TURNS[name](made.facts)
    decided = decide(made.facts.record)
    made.write()
    again = replay(Journal.read(made.folder / "journal.jsonl"))
    assert decide(again) == decided
    assert (again.deploy, again.stop_confirmed) == (
        made.facts.record.deploy,
        made.facts.record.stop_confirmed,
    )


def test_a_replayed_journal_says_of_every_clause_what_the_run_said(written):
    """Word for word: whose clause an error named, what it means, what to do."""
    made = written().start().checks(skip=("VER-2", "VER-4", "OBS-1"))
    cant = Finding("VER-4", None, "an image", "no answer", None, "It can't be told.", "Ask by hand.")
    violated = Finding("OBS-1", False, "a banner", "none", meaning="It never began.", remedy="Look.")
    for finding in (cant, violated):
        made.facts.finding(finding)
    times = {"started_at": "", "finished_at": ""}
    made.facts.note(
        "check.finished", id="t::VER-2", outcome="failed", words="the agent was gone", clause="PRE-6", **times
    )
    made.facts.note(
        "check.finished", id="t::VER-4", outcome="failed", words="no answer", clause=None, **times
    )
    made.facts.note(
        "check.finished", id="t::OBS-1", outcome="skipped", words="not today", clause=None, **times
    )
    decided = decide(made.facts.record)
    said = {state.clause: (state.state, state.words) for state in decided.clauses}
    assert said["PRE-6"] == ("violated", "the agent was gone")
    assert said["VER-4"] == ("not proven", cant.words())
    assert said["OBS-1"] == ("violated", violated.words())
    document = read(made.end())
    assert decide(replay(Journal.read(made.folder / "journal.jsonl"))) == decided
    rows = {check["id"]: check for stage in document["stages"] for check in stage["checks"]}
    assert (rows["t::VER-2"]["words"], rows["t::OBS-1"]["words"]) == ("the agent was gone", "not today")
    stages = {stage["stage"]: stage["outcome"] for stage in document["stages"]}
    assert (stages["verify"], stages["observe"]) == ("failed", "skipped")


def test_the_engine_of_a_rehearsal_is_told(written):
    assert read(written(rehearsal=True).start(engine="docker").end())["engine"] == "docker"


def test_the_receipt_repeats_no_status(written):
    made = written().start()
    made.facts.note("deploy.answered", answer={"status": "deployed", "image": "x"})
    assert read(made.end())["receipt"] == {"image": "x"}


def test_a_run_of_which_nothing_is_known_is_no_run_of_any_kind():
    document = build([], {})
    assert document["verdict"] == "INCOMPLETE"
    empty = ("environment", "execution_plane", "endpoint_host", "engine", "deploy_id")
    assert {document[name] for name in empty} == {""}
    assert (document["started_at"], document["finished_at"], document["rehearsal"]) == (None, None, False)


def test_the_statement_counts_what_passed_and_what_failed(written):
    folder = written().start().checks(violated=("VER-2",)).end()
    predicate = json.loads((folder / "test-result.predicate.json").read_text())
    assert predicate["result"] == "FAILED"
    assert "t::VER-2" in json.dumps(predicate["failedTests"])
    assert "t::VER-2" not in json.dumps(predicate["passedTests"])
    assert predicate["configuration"]


def test_the_deciding_finding_stands_part_by_part(written):
    made = written().start().checks(skip=("VER-2",))
    finding = Finding("VER-2", False, "running true", "running False", remedy="Look at the log.")
    made.facts.finding(finding)
    document = read(made.end())
    assert document["reason"] == finding.words()
    assert document["deciding"] == {
        "expected": "running true",
        "seen": "running False",
        "meaning": finding.means,
        "remedy": "Look at the log.",
    }


def test_a_refusal_has_its_remedy_apart(written):
    made = written().start()
    made.facts.note("misuse", message="prod is refused. Choose dev.", clause="TGT-3", remedy="Choose dev.")
    deciding = read(made.end())["deciding"]
    assert (deciding["seen"], deciding["remedy"]) == ("prod is refused.", "Choose dev.")


@pytest.mark.parametrize("outcome", ["failed", "skipped"])
def test_an_own_check_is_named_where_it_decides(written, outcome):
    made = written().start()
    own = {
        "id": "smoke_tests/test_own.py::test_it[a]",
        "title": "Mine. [a]",
        "stage": "verify",
        "clauses": (),
    }
    made.facts.note("checks.collected", checks=[own])
    made.checks()
    made.facts.note("check.finished", id=own["id"], outcome=outcome, words="KeyError: 'env'", clause=None)
    document = read(made.end())
    assert document["clause"] == "EXT-2"
    remedy = f"Look at {own['id']}: mend what it found, or the check itself."
    assert document["deciding"]["remedy"] == remedy


@pytest.mark.parametrize(("own", "shown"), [("Look there.", "Look there."), ("", REMEDIES["AGT-1"])])
def test_a_failed_checks_error_has_its_remedy_apart_or_its_clauses(written, own, shown):
    made = written().start().checks(skip=("AGT-1",))
    made.facts.note(
        "check.finished",
        id="t::AGT-1",
        outcome="failed",
        words=f"The agent refused.\n{own}",
        clause="AGT-1",
        remedy=own,
    )
    deciding = read(made.end())["deciding"]
    assert (deciding["seen"], deciding["remedy"]) == ("The agent refused.", shown)


def test_a_signal_has_not_the_remedy_of_the_clause_that_it_kept_from_being_proven(written):
    made = written().start().checks(skip=("AGT-1",))
    made.facts.note("signal", name="SIGTERM")
    document = read(made.end())
    assert (document["clause"], document["deciding"]["remedy"]) == ("AGT-1", "")


def sent(facts, *, hold):
    facts.note("deploy.promised", named=True, hold=hold, deploy_id="d")


HOLDS = {
    "nothing was sent": (lambda _facts: None, "not asked"),
    "an agent without holds": (lambda facts: sent(facts, hold=False), "not offered"),
    "killed before a status was read": (lambda facts: sent(facts, hold=True), "on"),
    "read on": (lambda facts: facts.status("why", {"hold": {"reason": "r"}}), "on"),
    "read off": (lambda facts: facts.status("why", {"hold": None}), "off"),
    "asked, and not told": (lambda facts: facts.note("status.unread", why="w", words="x"), "not known"),
    "told before, and then not": (
        lambda facts: [facts.status("why", {"hold": None}), facts.note("status.unread", words="x")],
        "off",
    ),
    "told, and the answer lost": (
        lambda facts: facts.note("outcome.failed", words="x", told=True),
        "not known",
    ),
    "not told": (
        lambda facts: [sent(facts, hold=True), facts.note("outcome.failed", words="x", told=False)],
        "on",
    ),
    "taken by the agent": (
        lambda facts: facts.note("run.finished", verdict="PASS", outcome_known=True),
        "off",
    ),
}


@pytest.mark.parametrize("name", HOLDS)
def test_the_hold_as_far_as_the_run_knows(written, name):
    happened, state = HOLDS[name]
    made = written().start()
    happened(made.facts)
    assert read(made.write())["hold"]["state"] == state


def test_a_hold_is_noted_as_it_changes_with_its_words_and_its_release(written):
    made = written().start()
    made.facts.hold = lambda status: (f"on hold: {status['hold']['reason']}", "release it")
    for hold in (None, None, {"reason": "a"}, {"reason": "a"}):
        made.facts.status("why", {"hold": hold})
    made.facts.status("why", {})
    hold = read(made.write())["hold"]
    assert (hold["state"], hold["words"], hold["remedy"]) == ("on", "on hold: a", "release it")
    assert [e["on"] for e in made.journal.events if e["event"] == "hold.read"] == [False, True]


@pytest.mark.parametrize(
    ("answers", "state"),
    [
        ([], "not asked"),
        ([None], "not told"),
        ([{"running": True}], "running"),
        ([{"running": True}, {"running": False, "state": "exited"}], "stopped"),
        ([{"running": False, "state": "paused"}], "neither"),
        ([{"running": "false"}], "neither"),
        ([{}], "neither"),
    ],
)
def test_the_container_as_the_last_status_told_it(written, answers, state):
    made = written().start()
    for answer in answers:
        if answer is None:
            made.facts.note("status.unread", why="w", words="no answer")
        else:
            made.facts.status("w", answer)
    told = read(made.write())["container"]
    assert (told["state"], told["at"] is None) == (state, not answers)
