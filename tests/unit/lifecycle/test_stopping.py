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
    """Answers each stop with success, each call after `takes` seconds; its status is another container's."""

    def __init__(self, takes):
        self.now, self.takes, self.given = 0.0, takes, []

    def clock(self):
        return self.now

    def settle_deploy(self, _seconds):
        return True

    def stop(self, _deploy_id, *, seconds):
        self.given.append(seconds)
        return self._answered({"status": "stopped"})

    def status(self):
        return self._answered({"running": False, "container_name": "other"})

    def _answered(self, raw):
        self.now += self.takes
        return SimpleNamespace(raw=raw, status=200, problems=())


@pytest.mark.parametrize("takes", [0.001, 0.0045, 0.06, 0.17, 0.23, 0.41])
def test_no_stop_is_sent_that_has_no_time_for_an_answer(tmp_path, monkeypatch, takes):
    agent = Agent(takes)

    def wait(seconds):
        agent.now += seconds

    threads = SimpleNamespace(Event=lambda: SimpleNamespace(wait=wait))
    monkeypatch.setattr(stopping, "threading", threads)
    deadlines = SimpleNamespace(stop_seconds=STOP_SECONDS, deploy_seconds=90.0)
    settings = SimpleNamespace(
        agent=SimpleNamespace(container_name="runtime-dev"),
        deadlines=deadlines,
        shutdown=SimpleNamespace(image=None),
    )
    run = SimpleNamespace(settings=settings, endpoint_host="agent.example")
    journal = Journal(tmp_path / "journal.jsonl", Sanitiser())
    facts = FactRecorder(Record(rehearsal=False), journal)
    seen = Stopper(run, agent, facts, "d", agent.clock, True).stop("the run ended")
    journal.close()
    assert min(agent.given) >= 1
    assert 2 * STOP_SECONDS - 2 < agent.now <= 2 * STOP_SECONDS + 2 * takes
    assert (seen.failed, bool(seen.late), seen.confirmed) == ("", True, False)
    assert "'other'" in seen.words
