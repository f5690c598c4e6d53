"""A deploy that was taken with a 202 is followed to its end, and whoever watches hears how far it is."""

import itertools

import pytest

from pytest_smokedeploy.client import AgentClient
from pytest_smokedeploy.evidence import Journal
from pytest_smokedeploy.judging import Record
from pytest_smokedeploy.lifecycle import FactRecorder, following
from pytest_smokedeploy.lifecycle.following import Follower
from pytest_smokedeploy.support.errors import AgentError, AgentFailedError
from pytest_smokedeploy.support.redaction import Sanitiser, Secret
from tests.support.raw_server import RawServer, http

ID = "11111111-1111-4111-8111-111111111111"
PULL = {
    "step": "pull",
    "outcome": "done",
    "started_at": "2026-01-01T00:00:00Z",
    "finished_at": "2026-01-01T00:00:09Z",
}
WHOLE = {"status": "deployed", "image": "x", "deploy_id": ID}


@pytest.fixture
def followed(tmp_path, monkeypatch):
    """followed(*answers, seconds=) -> the reading, and what was announced; each look takes six seconds."""

    monkeypatch.setattr(following, "LONGEST_PAUSE", 0.0)

    def follow(*answers, seconds=1000.0):
        told, waiting = [], iter(answers)
        ticks = itertools.count(0, 6)
        journal = Journal(tmp_path / "journal.jsonl", Sanitiser())
        facts = FactRecorder(Record(rehearsal=False), journal, told.append)
        with RawServer(lambda peer: peer.send(http(200, {"deploy_id": ID} | next(waiting)))) as server:
            client = AgentClient(server.url, Secret("id"), Secret("secret"), request_seconds=20)
            try:
                follower = Follower(None, client, facts, ID, lambda: float(next(ticks)))
                return follower.follow(0.0, seconds), told
            finally:
                client.close()
                journal.close()

    return follow


def test_steps_and_a_long_pull_are_told_as_they_go(followed):
    reading, told = followed(
        {"state": "deploying", "step": "pull", "progress": ["layer a: Waiting", "layer b: 1 of 9 MB"]},
        {"state": "deploying", "step": "pull", "progress": ["layer a: Waiting", "layer b: 5 of 9 MB"]},
        {"state": "deploying", "step": "pull", "progress": ["layer a: Waiting", "layer b: 5 of 9 MB"]},
        {"state": "deploying", "step": "start", "steps": [PULL], "progress": "no list"},
        {"state": "deployed", "steps": [PULL], **WHOLE},
    )
    assert reading.value.image == "x"
    assert told == [
        "deploy: pull under way",
        "deploy: 2 layers, layer a: Waiting",
        "deploy: 2 layers, layer b: 5 of 9 MB",
        "deploy: pull done",
        "deploy: start under way",
    ]


def test_what_an_agent_says_of_its_pull_moves_no_cursor(followed):
    _, told = followed(
        {"state": "deploying", "step": "pull", "progress": ["layer a: \x1b[2J\n##[error]" + "x" * 500, 7]},
        {"state": "deployed", **WHOLE},
    )
    line = next(line for line in told if "layers" in line)
    assert line.isprintable()
    assert len(line) < 160


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (
            {"state": "failed", "step": "pull", "reason": "no such tag"},
            AgentFailedError,
            "at the step pull: no",
        ),
        ({"state": "deploying", "deploy_id": "other"}, AgentError, "answered for the deploy 'other'"),
        ({"state": "done"}, AgentError, "the deploy's state is 'done'"),
    ],
)
def test_any_other_end_is_no_success(followed, answer, error, words):
    with pytest.raises(error) as ended:
        followed(answer)
    assert words.lower() in ended.value.message.lower()
    assert not ended.value.definite


def test_a_deploy_that_is_not_done_in_time_says_where_it_stood(followed):
    with pytest.raises(AgentError, match="not done within 9 seconds; it stood at the step pull"):
        followed({"state": "deploying", "step": "pull"}, seconds=9.0)


def test_a_failed_step_may_be_told_before_the_deploy_has_ended(followed, tmp_path):
    """The agent stops what it started and reads its log meanwhile."""
    rows = [PULL | {"outcome": "failed"}]
    with pytest.raises(AgentFailedError):
        followed(
            {"state": "deploying", "step": "pull", "steps": rows},
            {"state": "failed", "step": "pull", "reason": "no image", "steps": rows},
        )
    assert "finding" not in {row["event"] for row in Journal.read(tmp_path / "journal.jsonl")}


@pytest.mark.parametrize(
    "first",
    [
        [{"state": "deploying", "steps": [PULL | {"outcome": "failed"}]}],
        [{"state": "deploying", "step": "start"}, {"state": "deploying", "step": "pull"}],
    ],
)
def test_a_step_that_is_tried_again_is_a_retry(followed, tmp_path, first):
    reading, _ = followed(*first, {"state": "deployed", "steps": [PULL], **WHOLE})
    assert reading.raw["state"] == "deployed"
    found = [e for e in Journal.read(tmp_path / "journal.jsonl") if e["event"] == "finding"]
    assert [(row["clause"], row["holds"]) for row in found] == [("AGT-6", False)]


def test_an_agents_reason_is_shown_on_one_line_without_control_characters(followed):
    reason = "gone\n::error::x\x1b[31m\x1b]0;title\x07"
    with pytest.raises(AgentFailedError) as ended:
        followed({"state": "failed", "step": "pull", "reason": reason})
    for words in (ended.value.message, ended.value.reason):
        assert words.isprintable()
