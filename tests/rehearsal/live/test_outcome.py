"""The end of a run: evidence, outcome, exit status and hold agree, whatever is lost or full by then."""

import socket
import subprocess
import threading

import pytest

from pytest_smokedeploy.evidence import verify
from pytest_smokedeploy.rehearsal import World
from tests.rehearsal.gallery.gate import SECONDS
from tests.rehearsal.live.relay import at_once, cut, dripped, lost, relayed
from tests.support.small_disk import fill, small

OUTCOME = "/v1/outcome"


def on_hold(world):
    return world.stack.status()["hold"] is not None


def agreed(world, run, verdict, *, held):
    """Exit status, folder and hold agree."""
    assert (run.document["verdict"], run.status) == (verdict, 0 if verdict == "PASS" else 1), run.output
    assert f"{verdict} " in run.output
    assert on_hold(world) is held
    assert (verify(world.folder / "evidence") == []) is (verdict == "PASS")
    assert not list((world.folder / "evidence").glob(".*"))
    report = (world.folder / "evidence" / "report.html").read_text()
    assert f"<h1>{verdict}</h1>" in report
    assert "Traceback" not in run.output


@pytest.mark.parametrize("lose", [at_once, cut, dripped])
def test_a_lost_answer_to_the_outcome_is_looked_up(live, lose):
    world = live(deadlines={"request_seconds": 3})
    with relayed(world, lost(OUTCOME, lose)):
        run = world.run()
    agreed(world, run, "PASS", held=False)
    assert world.posts == ["/v1/deploy", "/v1/stop", OUTCOME]


def test_an_outcome_that_never_arrived_leaves_the_hold(live):
    def intercept(exchange):
        if exchange.path == OUTCOME:
            exchange.status, exchange.body = 502, b"<html>502 Bad gateway</html>"
        return exchange.path == OUTCOME

    world = live(World(intercept=intercept))
    run = world.run()
    agreed(world, run, "INCOMPLETE", held=True)
    assert "the agent is on hold since" in run.document["reason"]


def test_an_outcome_that_nothing_is_known_of_is_told_as_not_known(live):
    lost = threading.Event()

    def intercept(exchange):
        if exchange.path == OUTCOME:
            lost.set()
            return False
        if lost.is_set():
            exchange.status, exchange.body = 502, b"<html>502 Bad gateway</html>"
        return lost.is_set()

    def tamper(exchange):
        if exchange.path == OUTCOME:
            exchange.status, exchange.body = 502, b"<html>502 Bad gateway</html>"

    world = live(World(intercept=intercept, tamper=tamper))
    run = world.run()
    agreed(world, run, "INCOMPLETE", held=False)
    assert "whether the agent is on hold is not known" in run.document["reason"]


def test_the_evidence_stands_before_the_outcome_is_told(live):
    """INCOMPLETE with every clause as judged, and beside it what a pass will leave."""
    seen = {}

    def intercept(exchange):
        if exchange.path == OUTCOME:
            folder = world.folder / "evidence"
            seen.update({file.name: file.read_bytes() for file in folder.iterdir()})
        return False

    world = live(World(intercept=intercept))
    run = world.run()
    agreed(world, run, "PASS", held=False)
    assert b'"verdict": "INCOMPLETE"' in seen["evidence.json"]
    assert b"the outcome was not told yet" in seen["evidence.json"]
    assert seen["evidence.json"].count(b'"state": "proven"') == len(run.document["clauses"])
    for name in ("evidence.json", "report.html", "test-result.intoto.json", "test-result.predicate.json"):
        assert (world.folder / "evidence" / name).read_bytes() == seen[f".{name}.new"]


def test_a_stop_beside_the_run_takes_nothing_from_it(live):
    """`smokedeploy stop`, called while the outcome is being told: the drafts are the run's own."""
    said = []

    def intercept(exchange):
        if exchange.path == OUTCOME:
            said.append(world.command("stop"))
        return False

    world = live(World(intercept=intercept))
    run = world.run()
    agreed(world, run, "PASS", held=False)
    (stop,) = said
    assert stop.returncode == 0, stop.stdout + stop.stderr
    assert (
        "owes no stop; the run is still under way, and its evidence is left to it; the agent is"
        in stop.stdout
    )
    assert ".." not in stop.stdout


@pytest.mark.needs("tmpfs")
@pytest.mark.way_out("the disk of the evidence fills: at the deploy, at the stop, at the outcome", "gate")
@pytest.mark.parametrize(
    ("when", "verdict"), [(OUTCOME, "PASS"), ("/v1/stop", "INCOMPLETE"), ("/v1/deploy", "FAIL")]
)
def test_a_disk_that_fills(live, when, verdict):
    """What a pass needs is on the disk before the outcome is told; where it is not, nothing is told."""

    def intercept(exchange):
        if exchange.path == when:
            fill(world.folder / "evidence")
        return False

    world = live(World(intercept=intercept))
    with small(world.folder / "evidence", "512k"):
        run = world.run()
        assert (run.document["verdict"], run.status) == (verdict, 0 if verdict == "PASS" else 1), run.output
        assert (OUTCOME in world.posts, on_hold(world)) == (verdict == "PASS", verdict != "PASS")
        assert world.stack.running() is False
        assert f"{verdict} " in run.output
        assert "Traceback" not in run.output
        assert "No space left" in run.document["reason"] or verdict == "PASS"
        assert "Nothing is running: the status showed the container stopped" in run.output
        assert "The container may still run" not in run.output
        assert "next       Make room on the disk" in run.output or verdict == "PASS"
        assert (verify(world.folder / "evidence") == []) is (verdict == "PASS")


@pytest.mark.way_out("the reader of the gate's output leaves: at the deploy, at the outcome", "gate")
@pytest.mark.parametrize("when", ["/v1/deploy", OUTCOME])
def test_an_output_that_nobody_reads_any_more(live, when):
    ours, gates = socket.socketpair()

    def intercept(exchange):
        if exchange.path == when:
            ours.shutdown(socket.SHUT_RDWR)
        return False

    world = live(World(intercept=intercept))
    with ours:
        with gates:
            process = world.start(stdout=gates)
        # Read until the outcome is told, so that the gate never waits for room.
        while ours.recv(65536):
            pass
        status = process.wait(SECONDS)
    # Once the evidence is whole it changes nothing; before that no pass can be told from it.
    whole = when == OUTCOME
    assert (status, verify(world.folder / "evidence") == []) == (0 if whole else 1, whole)
    assert (on_hold(world), world.stack.running()) == (not whole, False)


@pytest.mark.needs("tmpfs")
def test_a_folder_that_cant_be_written_refuses_the_run(live):
    world = live()
    folder = world.folder / "evidence"
    with small(folder, "512k"):
        (folder / "evidence.json").write_text("{}")
        subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
        process = world.start()
        assert process.wait(SECONDS) == 4
    output = (world.folder / "output.txt").read_text()
    assert "Traceback" not in output
    line = next(line for line in output.splitlines() if "smoke deploy REFUSED" in line)
    assert str(folder) in line
    assert "Name another with --smokedeploy-evidence" in line
    assert world.posts == []


LATE = {
    "a hook that fails": "def pytest_unconfigure():\n    raise RuntimeError('late')\n",
    "a status": "import pytest\n\n\n@pytest.hookimpl(wrapper=True, tryfirst=True)\n"
    "def pytest_sessionfinish(session):\n    yield\n    session.exitstatus = 3\n",
    "an exit": "import sys\n\n\ndef pytest_unconfigure():\n    sys.exit(3)\n",
}


@pytest.mark.parametrize("late", list(LATE))
def test_another_plug_in_that_fails_last_fails_the_run(live, late):
    world = live()
    world.lay(conftest=LATE[late])
    run = world.run()
    assert (run.document["verdict"], run.status) == ("FAIL", 1), run.output
    assert (OUTCOME in world.posts, on_hold(world)) == (False, True)
