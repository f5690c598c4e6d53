"""What a killed run left is stopped by its own name, or waited for; and nothing of it says PASS."""

import threading

import pytest

from pytest_smokedeploy.evidence import Journal, stale
from pytest_smokedeploy.rehearsal import World
from tests.rehearsal.gallery.base import ATTESTED, COMMAND


def killed_at(live, matches, world=None, **settings):
    """A live run that is killed when a call to the agent `matches`; returns its world."""
    due = threading.Event()

    def intercept(exchange):
        if matches(exchange):
            due.set()
        return False

    given = world or {}
    world = live(World(intercept=intercept, **given), **settings)
    process = world.start()
    assert due.wait(90)
    process.kill()
    process.wait()
    return world


def journal(world):
    return Journal.read(world.folder / "evidence" / "journal.jsonl")


def refused(world):
    """No door opens for what had to be rescued."""
    assert world.command("verify", str(world.folder / "evidence")).returncode == 1


@pytest.mark.way_out("SIGKILL to the gate's process while it deploys", "step")
def test_a_run_killed_while_its_deploy_is_under_way_is_stopped_by_name(live):
    world = killed_at(live, lambda call: call.path.startswith("/v1/deploys/"))
    done = world.command("stop")
    assert done.returncode == 0, done.stdout + done.stderr
    assert world.stack.running() is False
    # Never the outcome: the hold is left to a person.
    assert world.posts == ["/v1/deploy", "/v1/stop"]
    events = journal(world)
    promised = next(row for row in events if row["event"] == "deploy.promised")
    assert promised["named"] is True
    assert {row["deploy_id"] for row in events if row["event"] == "stop.sent"} == {promised["deploy_id"]}
    refused(world)
    assert "the agent is on hold since" in done.stdout
    # What pytest never wrote, made from the journal.
    folder = world.folder / "evidence"
    assert "pytest's own table of the checks does not exist" in (folder / "report.html").read_text()
    results = (folder / "junit.xml").read_text()
    assert 'tests="42" errors="0" failures="0" skipped="30"' in results
    assert (results.count("<testcase "), results.count("<skipped ")) == (42, 30)
    assert not stale(folder)


@pytest.mark.parametrize("lost", ["deploy.promised", "run.started"])
def test_a_journal_that_lost_a_line_owes_what_it_shows_as_sent(live, lost):
    world = killed_at(live, lambda call: call.path.startswith("/v1/deploys/"))
    file = world.folder / "evidence" / "journal.jsonl"
    kept = [line for line in file.read_text().splitlines(keepends=True) if f'"event": "{lost}"' not in line]
    file.write_text("".join(kept))
    run = world.run()
    assert (run.status, "still owes a stop" in run.output) == (4, True), run.output
    done = world.command("stop")
    assert world.stack.running() is False, done.stdout + done.stderr
    assert world.posts == ["/v1/deploy", "/v1/stop"]
    refused(world)


def test_a_run_killed_in_the_call_of_an_agent_that_knows_no_ids_is_waited_for(live):
    """The stop finds nothing yet: the deploy starts its container after it, and is stopped then."""
    world = killed_at(
        live,
        lambda call: call.path == "/v1/deploy",
        {"agent_command": COMMAND, "agent_environ": {"DEPLOY_DELAY": "6"}},
        **ATTESTED,
        deadlines={"deploy_seconds": 10},
    )
    done = world.command("stop")
    assert done.returncode == 0, done.stdout + done.stderr
    assert world.stack.running() is False
    assert world.posts == ["/v1/deploy", "/v1/stop", "/v1/stop"]
    assert "stop.standing_by" in {row["event"] for row in journal(world)}
    refused(world)


def test_a_run_killed_before_its_outcome_leaves_the_hold_and_no_pass(live):
    """All was proven and stopped, and the agent was never told: nobody says PASS."""
    world = killed_at(live, lambda call: call.path == "/v1/outcome")
    done = world.command("stop")
    assert (done.returncode, "owes no stop" in done.stdout) == (0, True), done.stdout + done.stderr
    assert world.stack.running() is False
    refused(world)


def test_a_run_that_comes_before_the_stop_does_not_forget_it(live):
    """It would clear the journal, and with it the only word of a container that runs."""
    world = killed_at(live, lambda call: call.path.startswith("/v1/deploys/"))
    run = world.run()
    assert (run.status, "still owes a stop" in run.output) == (4, True), run.output
    assert world.posts == ["/v1/deploy"]
    assert world.command("stop").returncode == 0
    assert world.stack.running() is False
    # Paid, it is cleared like any other; whether one may run now is the agent's hold to say.
    assert world.run().document["verdict"] == "REFUSED"
