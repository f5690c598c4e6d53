"""A run whose hold is off and whose job did not end in success: the next waits for a person (DESIGN 5)."""

import json
import threading
from datetime import UTC, datetime

import pytest

from pytest_smokedeploy.rehearsal import World

JOBS = "/actions/runs/1/jobs"


class History:
    """GitHub's word on the first run's job: it goes on until the job is over."""

    def __init__(self):
        self.conclusion = None

    def __call__(self, path, status, body):
        if not path.endswith(JOBS):
            return status, body
        over = {"status": "completed", "conclusion": self.conclusion} if self.conclusion else {}
        (job,) = body["jobs"]
        return status, body | {"jobs": [job | {"name": "Smoke deploy in dev"} | over]}


def again(world, number):
    """Run anew, as another dispatch of the workflow."""
    world.environ |= {
        "GITHUB_RUN_ID": str(number),
        "SMOKEDEPLOY_EVIDENCE": str(world.folder / f"run-{number}" / "evidence"),
    }
    run = world.run()
    run.folder = world.folder / f"run-{number}"
    return run


def told(world):
    """How often a deploy was asked for."""
    return world.posts.count("/v1/deploy")


def refused(world, number, words):
    """The next run is refused by FLR-3, and sends no deploy."""
    before = told(world)
    run = again(world, number)
    document = run.document
    assert (document["verdict"], document["clause"], run.status) == ("REFUSED", "FLR-3", 1), run.output
    assert words in document["reason"]
    assert "deployed nothing; no earlier container was running, by the agent's status of 20" in run.output
    assert told(world) == before


def on_hold(world):
    """The hold, as the agent keeps it."""
    return json.loads((world.stack.folder / "state" / "state.json").read_text())["hold"]


def sign(world, run_id):
    day = datetime.now(UTC).date()
    row = f"{{run: '{run_id}', by: a person, on: {day}, finding: looked at the job's log}}"
    (world.settings.parent / "inspections.yml").write_text(f"inspections:\n  - {row}\n")


def test_a_step_after_the_gate_failed(live):
    history = History()
    world = live(World(github=history))
    run = world.run()
    assert (run.document["verdict"], run.status) == ("PASS", 0), run.output
    refused(world, 2, "that is still in_progress")
    history.conclusion = "failure"
    refused(world, 3, "that ended in failure; nobody signed it off")
    sign(world, 1)
    run = again(world, 4)
    assert (run.document["verdict"], run.status) == ("PASS", 0), run.output
    # The refused runs deployed nothing, and needed no sign-off: the last deploy is the fourth run's now.
    refused(world, 5, "of run 4, is unknown to GitHub")


def test_a_job_that_ended_in_success_needs_nobody(live):
    history = History()
    world = live(World(github=history))
    assert world.run().status == 0
    history.conclusion = "success"
    run = again(world, 2)
    assert (run.document["verdict"], run.status) == ("PASS", 0), run.output


@pytest.mark.parametrize("end", ["killed", "answer and status lost"])
def test_a_pass_that_the_agent_took_and_the_run_did_not_survive(live, end):
    """The hold is off, and the evidence is no PASS: how the job ended holds the line."""
    history, reached = History(), threading.Event()

    def tamper(exchange):
        if exchange.path != "/v1/outcome" or reached.is_set():
            return
        reached.set()
        if end == "killed":
            process.kill()
            process.wait()
        else:
            exchange.status, exchange.body = 524, b"error code: 524"
            exchange.headers = {"content-type": "text/plain"}

    def intercept(exchange):
        """The status that the gate looks the lost answer up in."""
        lost = reached.is_set() and process.poll() is None
        if lost:
            exchange.status, exchange.body = 502, b"<html>502 Bad gateway</html>"
        return lost

    world = live(World(github=history, tamper=tamper, intercept=intercept))
    process = world.start()
    assert process.wait(240) != 0
    assert (reached.is_set(), on_hold(world)) == (True, None)
    assert world.stack.running() is False
    history.conclusion = "failure"
    refused(world, 2, "that ended in failure; nobody signed it off")
    sign(world, 1)
    run = again(world, 3)
    assert (run.document["verdict"], run.status) == ("PASS", 0), run.output
