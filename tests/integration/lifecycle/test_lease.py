"""The lease's thread: renews in its turn, tells what fails, and never raises into the run."""

import json
import threading

import pytest

from pytest_smokedeploy.client import AgentClient
from pytest_smokedeploy.evidence import Journal
from pytest_smokedeploy.judging import Record
from pytest_smokedeploy.lifecycle import FactRecorder
from pytest_smokedeploy.lifecycle.lease_renewal import LeaseRenewal
from pytest_smokedeploy.support.redaction import Sanitiser, Secret
from tests.support.agent_process import until
from tests.support.raw_server import RawServer, answers, http

ID = "11111111-1111-4111-8111-111111111111"
TAKEN = {"deploy_id": ID, "lease_expires_at": "2026-01-31T00:00:00Z"}
SECONDS = 60


class Kept:
    """A lease of a second at a server that plays a script; `told(event)` waits for the journal."""

    def __init__(self, folder, script):
        self.heard = threading.Semaphore(0)
        self.script = script
        self.server = RawServer(self.play)
        self.server.__enter__()
        self.journal = Journal(folder / "journal.jsonl", Sanitiser())
        self.facts = FactRecorder(Record(rehearsal=False), self.journal)
        self.client = AgentClient(self.server.url, Secret("example-id"), Secret("example"), request_seconds=5)
        self.lease = LeaseRenewal(self.client, self.facts, ID, 1)

    def play(self, peer):
        self.script(peer)
        self.heard.release()

    def told(self, event):
        """The first event of this name, once it is there."""
        return until(lambda: [row for row in self.journal.events if row["event"] == event], 60)[0]

    def close(self):
        self.lease.end()
        self.client.close()
        self.server.__exit__()
        self.journal.close()


@pytest.fixture
def kept(tmp_path):
    made = []

    def make(script):
        made.append(Kept(tmp_path, script))
        return made[-1]

    yield make
    for one in made:
        one.close()


def test_it_renews_in_its_turn_for_the_deploy_and_no_longer_than_needed(kept):
    run = kept(answers(200, TAKEN))
    run.lease.start()
    for _ in range(2):
        assert run.heard.acquire(timeout=SECONDS)
    assert run.told("lease.renewed")["until"] == TAKEN["lease_expires_at"]
    assert {peer.line for peer in run.server.asked} == {"POST /v1/lease HTTP/1.1"}
    assert json.loads(run.server.asked[0].body) == {"deploy_id": ID, "lease_seconds": 1}
    assert run.facts.oddities == []


@pytest.mark.parametrize(
    ("script", "words"),
    [
        pytest.param(answers(409, {"reason": "no lease"}), "no lease", id="refused"),
        pytest.param(answers(502, b"<html>", content_type="text/html"), "502", id="the edge"),
        pytest.param(lambda _peer: None, "broke off", id="no answer"),
        pytest.param(answers(200, TAKEN | {"deploy_id": "x"}), "renewed the deploy 'x'", id="another's"),
        pytest.param(answers(200, {"deploy_id": ID}), "lease_expires_at", id="no contract"),
    ],
)
def test_a_failed_renewal_is_told_and_the_next_one_is_due_all_the_same(kept, script, words):
    run = kept(script)
    run.lease.start()
    assert words in run.told("lease.failed")["words"]
    for _ in range(2):
        assert run.heard.acquire(timeout=SECONDS)
    assert words in run.facts.oddities[0]


def test_one_in_flight_holds_no_stop_up_and_says_nothing_after_the_end(kept):
    go_on = threading.Event()
    arrived = threading.Event()

    def script(peer):
        arrived.set()
        go_on.wait(SECONDS)
        peer.send(http(409, {"reason": "stopped already"}))

    run = kept(script)
    run.lease.start()
    assert arrived.wait(SECONDS)
    assert run.client.settle_deploy(0.0)
    run.lease.end()
    go_on.set()
    run.lease._thread.join(SECONDS)
    assert not run.lease._thread.is_alive()
    assert run.facts.oddities == []
    assert "lease.failed" not in {row["event"] for row in run.journal.events}


def test_a_lease_that_was_never_begun_asks_nothing(kept):
    run = kept(answers(200, TAKEN))
    run.lease.end()
    assert run.server.asked == []
