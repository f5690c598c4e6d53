"""The agent killed (SIGKILL) in each step and during a stop, on each engine: it settles, and says how."""

import threading
from contextlib import suppress

import httpx
import pytest

from tests.integration.agent.crash_world import HELD


def cut_off(agent, one):
    """A stop whose answer never comes."""
    with suppress(httpx.TransportError):
        agent.stop_it(one)


@pytest.mark.parametrize(("held", "step"), [("pull", "pull"), ("start", "start"), ("started", "start")])
def test_killed_with_nothing_there_before(crash, new_id, held, step):
    one = new_id()
    crash.killed_in(held, one)
    words = crash.settled(one, step)
    assert crash.there == []
    if held == "started":
        assert "never started, and was removed" in words
        assert crash.audited("container.removed")


@pytest.mark.way_out("the agent is killed in the last step of a deploy", "start")
def test_killed_once_it_runs_and_before_it_counts_as_running(crash, new_id):
    one = new_id()
    # The first look at what runs is held, however slow the machine is: the step can't end before the agent.
    crash.proxy.hold("GET", r"^/containers/[^/]+/json", after=HELD["started"])
    crash.deploy(f"{crash.repository}:2.0.0", one, wait=False, lease_seconds=600)
    assert crash.proxy.reached.wait(60), crash.proxy.calls
    assert crash.progress(one).json()["step"] == "running"
    assert crash.there == [(True, one)]
    crash.kill()
    words = crash.settled(one, "running")
    assert "was stopped, and is kept" in words
    assert crash.there == [(False, one)]


def test_killed_in_the_pull_the_old_one_within_its_lease_is_left(crash, new_id):
    old, one = new_id(), new_id()
    crash.deployed("1.0.0", old, lease_seconds=600)
    assert crash.release().status_code == 200
    crash.killed_in("pull", one)
    words = crash.settled(one, "pull")
    assert f"deploy {old} runs on within its lease" in words
    assert crash.there == [(True, old)]
    assert crash.status()["lease_expires_at"] is not None


def test_killed_while_it_stops_the_old_one_that_stop_is_ended(crash, new_id):
    old, one = new_id(), new_id()
    crash.deployed("1.0.0", old)
    assert crash.release().status_code == 200
    crash.killed_in("stop", one)
    assert crash.there == [(True, old)]
    words = crash.settled(one, "stop")
    assert "the stop that was under way was ended" in words
    assert crash.there == [(False, old)]


def test_killed_while_it_removes_the_old_one(crash, new_id):
    old, one = new_id(), new_id()
    crash.deployed("1.0.0", old)
    assert crash.release().status_code == 200
    crash.killed_in("remove", one)
    crash.settled(one, "remove")
    assert crash.there == [(False, old)]


@pytest.mark.way_out("the agent is killed during a stop", "start")
def test_killed_during_a_stop_it_is_ended(crash, new_id):
    one = new_id()
    crash.deployed("1.0.0", one, lease_seconds=600)
    crash.proxy.hold(*HELD["stop"])
    stopping = threading.Thread(target=cut_off, args=(crash, one))
    stopping.start()
    assert crash.proxy.reached.wait(60)
    crash.kill()
    stopping.join(30)
    assert crash.there == [(True, one)]
    crash.start()
    assert crash.there == [(False, one)]
    assert "the stop that was under way was ended" in crash.said_at_start
