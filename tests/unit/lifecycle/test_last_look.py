"""One more look before the stop, where somebody's own checks took their time since the last."""

import pytest

from pytest_smokedeploy.client import Reading
from pytest_smokedeploy.contract import Extension
from pytest_smokedeploy.evidence import Journal
from pytest_smokedeploy.judging import Record
from pytest_smokedeploy.lifecycle import FactRecorder, Shutdown
from pytest_smokedeploy.lifecycle.deployment import Deployment
from pytest_smokedeploy.lifecycle.verification import StatusReading
from pytest_smokedeploy.lifecycle.watch import Watch
from pytest_smokedeploy.settings import Options, resolve
from pytest_smokedeploy.support.errors import AgentError
from pytest_smokedeploy.support.redaction import Sanitiser
from tests.rehearsal.gallery.gate import settings_file

RUNS = {"running": True, "restart_count": 0}


class Agent:
    """Answers a status with `said`, or raises it."""

    def __init__(self, said):
        self.said, self.asked = said, 0

    def status(self):
        self.asked += 1
        if isinstance(self.said, Exception):
            raise self.said
        return reading(self.said)


def reading(raw):
    return Reading(raw, None, (), 200, "", None)


@pytest.fixture
def watched(tmp_path, monkeypatch):
    """watched(said, seconds=, why=) -> the agent, and the watch stopped so long after its look."""

    def watch(said, seconds=5.0, why=None):
        run = resolve(
            Options(config=settings_file(tmp_path, {}), environment="dev", image_tag="1.0.0", rehearse=True),
            {},
        )
        journal = Journal(tmp_path / "journal.jsonl", Sanitiser())
        facts = FactRecorder(Record(rehearsal=False), journal)
        monkeypatch.setattr("pytest_smokedeploy.lifecycle.watch.may_not_deploy", lambda _record: why)
        agent = Agent(said)
        found = Watch(run, agent, facts, "id", lambda: seconds, mask=str)
        found._status = StatusReading(run, Deployment(run, "id", reading({})), reading(RUNS))
        found.stopping()
        journal.close()
        return agent, found

    return watch


def test_what_changed_since_the_window_is_seen(watched):
    agent, watch = watched({"running": True, "restart_count": 1})
    assert agent.asked == 1
    assert "restart_count was 0, then 1" in watch.log.violated["DET-1"]
    assert watch.log.phase == "stopping"


@pytest.mark.parametrize("how", [{"seconds": 0.5}, {"why": "a check failed"}])
def test_right_after_the_window_or_in_a_failed_run_nothing_is_asked(watched, how):
    agent, watch = watched({"running": False}, **how)
    assert (agent.asked, watch.log.violated, watch.log.phase) == (0, {}, "stopping")


@pytest.mark.parametrize(
    "error", [AgentError("gone", call="GET /v1/status"), RuntimeError("a fault of ours")]
)
def test_a_look_that_fails_costs_no_stop_and_leaves_nothing_proven(watched, error):
    _, watch = watched(error)
    assert watch.log.phase == "stopping"
    assert watch.log.broken


def test_a_log_that_may_be_an_older_containers_is_not_read(watched):
    """An agent that knows no ids, and a deploy that failed before anything told when it began."""
    _, watch = watched({"running": True})
    watch.tail(Shutdown(asked=True, running=False), frozenset({Extension.LOGS}), None)
    assert (watch.log.broken, watch.log.lines) == ("", [])
