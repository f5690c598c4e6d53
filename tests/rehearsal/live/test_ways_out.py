"""A gate killed, stopped, cancelled or cut off: its container is stopped, and its folder never passes."""

import json
import os
import signal
import threading

import pytest

from pytest_smokedeploy.rehearsal import World
from tests.rehearsal.gallery.gate import SECONDS
from tests.rehearsal.live.relay import at_once, cut, dripped, lost, relayed, stalled
from tests.support.agent_process import until

DEPLOY, STOP = "/v1/deploy", "/v1/stop"
#: Seconds that the container is lent for, in place of 30, the least that the settings take.
LENT = 3
TRAP = "trap leave TERM INT"


def lent_for_a_moment(exchange):
    """Shorten the lease that the gate asks for."""
    body = json.loads(exchange.request or b"null") or {}
    if "lease_seconds" in body:
        exchange.request = json.dumps(body | {"lease_seconds": LENT}).encode()
    return False


def watched(live, **world):
    """A live run whose runtime is watched now; its world and its process."""
    running = threading.Event()

    def tamper(exchange):
        if exchange.path == "/v1/status" and json.loads(exchange.body).get("running") is True:
            running.set()

    made = live(World(tamper=tamper, **world), quiet_window_seconds=120)
    process = made.start()
    assert running.wait(SECONDS)
    return made, process


def refused(world):
    """No door opens."""
    assert world.command("verify", str(world.folder / "evidence")).returncode == 1


def lease_ran_out(world):
    """The agent has stopped the container itself, and holds."""
    until(lambda: not world.stack.running(), SECONDS)
    until(lambda: "lease ran out" in world.stack.status()["hold"]["reason"])


@pytest.mark.way_out("SIGKILL to every process of the job, and no further step (the runner is gone)", "lease")
def test_killed_with_all_around_it(live):
    world, process = watched(live, intercept=lent_for_a_moment)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    lease_ran_out(world)
    assert world.posts == [DEPLOY]
    refused(world)


@pytest.mark.way_out("SIGSTOP to the gate, past the end of the lease", "lease")
def test_stopped_past_its_lease(live):
    """It goes on later, finds that its container does not run, and fails."""
    world, process = watched(live, intercept=lent_for_a_moment)
    process.send_signal(signal.SIGSTOP)
    lease_ran_out(world)
    process.send_signal(signal.SIGCONT)
    assert process.wait(SECONDS) == 1
    document = json.loads((world.folder / "evidence" / "evidence.json").read_text())
    assert document["verdict"] == "FAIL"
    refused(world)


@pytest.mark.parametrize(
    ("trap", "killed"),
    [
        pytest.param(
            "trap 'sleep 4; leave' TERM INT",
            False,
            id="takes 4 s",
            marks=pytest.mark.way_out(
                "GitHub cancels the job (SIGINT, then SIGTERM); the runtime takes 4 s to end", "gate"
            ),
        ),
        pytest.param(
            "trap '' TERM INT",
            True,
            id="ignores SIGTERM",
            marks=pytest.mark.way_out(
                "GitHub cancels the job (SIGINT, SIGTERM, SIGKILL before the stop was answered); "
                "the runtime ignores SIGTERM",
                "stop in hand",
            ),
        ),
    ],
)
def test_cancelled_by_github(live, trap, killed):
    """The signals come as soon as they can: the stop is under way at the second, and still at the third."""
    stopping = threading.Event()

    def intercept(exchange):
        if exchange.path == STOP:
            stopping.set()
        return False

    script = World().script()
    assert TRAP in script
    world, process = watched(live, intercept=intercept, runtime=script.replace(TRAP, trap))
    process.send_signal(signal.SIGINT)
    assert stopping.wait(SECONDS)
    process.send_signal(signal.SIGTERM)
    if killed:
        os.killpg(process.pid, signal.SIGKILL)
    assert process.wait(SECONDS) == (-signal.SIGKILL if killed else 1)
    until(lambda: not world.stack.running(), SECONDS)
    assert world.posts == [DEPLOY, STOP]
    done = world.command("stop")
    assert done.returncode == 0, done.stdout + done.stderr
    document = json.loads((world.folder / "evidence" / "evidence.json").read_text())
    assert document["stop"]["confirmed"] is True
    refused(world)


@pytest.mark.parametrize(
    "lose",
    [
        pytest.param(at_once, marks=pytest.mark.way_out("the deploy's answer is cut off", "gate, late")),
        pytest.param(stalled, marks=pytest.mark.way_out("the deploy's answer stalls", "gate, late")),
        pytest.param(cut, marks=pytest.mark.way_out("the deploy's answer is truncated", "gate, late")),
        pytest.param(
            dripped, marks=pytest.mark.way_out("the deploy's answer drips, byte by byte", "gate, late")
        ),
    ],
)
def test_an_answer_to_the_deploy_that_is_lost(live, lose):
    world = live(deadlines={"deploy_seconds": 4})
    with relayed(world, lost(DEPLOY, lose)):
        run = world.run()
    assert (run.document["verdict"], run.status) == ("FAIL", 1), run.output
    assert world.posts == [DEPLOY, STOP]
    assert world.stack.running() is False
    assert run.document["stop"]["confirmed"] is True
    refused(world)


@pytest.mark.way_out("the connection is lost for good once the deploy was asked for", "lease")
def test_cut_off_for_good(live):
    asked = threading.Event()

    def intercept(exchange):
        lent_for_a_moment(exchange)
        if asked.is_set():
            exchange.status, exchange.body = 502, b"<html>502 Bad gateway</html>"
            return True
        if exchange.path == DEPLOY:
            asked.set()
        return False

    world = live(World(intercept=intercept), deadlines={"stop_seconds": 2})
    run = world.run()
    assert (run.document["verdict"], run.status) == ("FAIL", 1), run.output
    assert "NOT confirmed" in run.output
    lease_ran_out(world)
    refused(world)
