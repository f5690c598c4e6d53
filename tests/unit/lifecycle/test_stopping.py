"""The stop that is sent again until it is confirmed, by a clock of the test's own."""

from types import SimpleNamespace

import pytest

from pytest_smokedeploy.evidence import Journal
from pytest_smokedeploy.judging import Record
from pytest_smokedeploy.lifecycle import FactRecorder, stopping
from pytest_smokedeploy.lifecycle.stopping import Stopper
from pytest_smokedeploy.support.redaction import Sanitiser

STOP_SECONDS = 30.0


class Agent:
    """Answers each stop with success, each call after `takes` seconds; its status says stopped.

    Attributes:
        now: its time, which passes with calls and waits.
        given: the time that each stop had.
        looked: when each status was answered.

    """

    def __init__(self, takes, **status):
        self.now, self.takes, self.given, self.looked = 0.0, takes, [], []
        self.told = {"running": False, **status}

    def clock(self):
        return self.now

    def wait(self, seconds):
        self.now += seconds

    def settle_deploy(self, _seconds):
        return True

    def stop(self, _deploy_id, *, seconds):
        self.given.append(seconds)
        return self._answered({"status": "stopped"})

    def status(self):
        answer = self._answered(self.told)
        self.looked.append(self.now)
        return answer

    def _answered(self, raw):
        self.now += self.takes
        return SimpleNamespace(raw=raw, status=200, problems=())


@pytest.fixture
def stopper(tmp_path, monkeypatch):
    """stopper(agent) -> the stop of a deploy that started the container `made` at this agent, by its time."""
    journal = Journal(tmp_path / "journal.jsonl", Sanitiser())

    def make(agent):
        threads = SimpleNamespace(Event=lambda: SimpleNamespace(wait=agent.wait))
        monkeypatch.setattr(stopping, "threading", threads)
        settings = SimpleNamespace(
            agent=SimpleNamespace(container_name="runtime-dev"),
            deadlines=SimpleNamespace(stop_seconds=STOP_SECONDS, deploy_seconds=90.0),
            shutdown=SimpleNamespace(image=None),
            runtime=SimpleNamespace(environment={}),
        )
        run = SimpleNamespace(settings=settings, endpoint_host="agent.example", environment="dev")
        facts = FactRecorder(Record(rehearsal=False), journal)
        return Stopper(run, agent, facts, "d", agent.clock, True, "made")

    yield make
    journal.close()


@pytest.mark.parametrize("takes", [0.001, 0.0045, 0.06, 0.17, 0.23, 0.41])
def test_no_stop_is_sent_that_has_no_time_for_an_answer(stopper, takes):
    agent = Agent(takes, container_name="other")
    seen = stopper(agent).stop("the run ended")
    assert min(agent.given) >= 1
    assert 2 * STOP_SECONDS - 2 < agent.now <= 2 * STOP_SECONDS + 2 * takes
    assert (seen.failed, bool(seen.late), seen.confirmed) == ("", True, False)
    assert "'other'" in seen.words


@pytest.mark.parametrize(("tail", "apart"), [(0.0, 1.0), (0.4, 1.0), (7.0, 7.0)])
def test_the_second_look_is_a_second_after_the_confirmation_or_later(stopper, tail, apart):
    agent = Agent(0.0, container_name="runtime-dev")
    stop = stopper(agent)
    seen = stop.stop("the run ended")
    assert seen.confirmed
    agent.wait(tail)
    stop.look_again()
    first, second = agent.looked
    assert second - first == pytest.approx(apart)
    assert seen.second_look is False


@pytest.mark.parametrize(
    ("status", "confirmed"),
    [
        ({}, True),
        ({"container_name": "runtime-dev", "container_id": "made", "state": "exited"}, True),
        ({"container_name": "runtime-dev", "state": "absent"}, True),
        ({"container_name": "runtime-dev-x", "container_id": "made", "state": "exited"}, False),
        ({"container_name": "runtime-dev", "container_id": "another", "state": "exited"}, False),
        ({"container_name": "runtime-dev", "container_id": 7, "state": "exited"}, False),
    ],
)
def test_only_a_status_of_the_container_that_was_deployed_confirms_it(stopper, status, confirmed):
    seen = stopper(Agent(0.001, **status)).stop("the run ended")
    assert seen.confirmed is confirmed
    assert ("running False), not of" in seen.words) is not confirmed
