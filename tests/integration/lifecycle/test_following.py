"""A deploy that was taken with a 202 is followed to its end, and whoever watches hears how far it is."""

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


class Clock:
    """Time that passes where somebody waits."""

    def __init__(self):
        self.now, self.pauses = 0.0, []

    def __call__(self):
        return self.now

    def pause(self, seconds):
        self.pauses.append(max(0.0, seconds))
        self.now += self.pauses[-1]


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(following, "pause", clock.pause)
    return clock


@pytest.fixture
def asked():
    """The query of each read."""
    return []


@pytest.fixture
def followed(tmp_path, clock, asked):
    """followed(*answers, seconds=, takes=) -> the reading, and what was announced."""

    def follow(*answers, seconds=1000.0, takes=6.0):
        told, waiting = [], iter(answers)

        def answer(peer):
            clock.now += takes
            asked.append(peer.line.split()[1].partition("?")[2])
            peer.send(http(200, {"deploy_id": ID} | next(waiting)))

        journal = Journal(tmp_path / "journal.jsonl", Sanitiser())
        facts = FactRecorder(Record(rehearsal=False), journal, told.append, told.append)
        with RawServer(answer) as server:
            client = AgentClient(server.url, Secret("id"), Secret("secret"), request_seconds=20)
            try:
                return Follower(None, client, facts, ID, clock).follow(0.0, seconds), told
            finally:
                client.close()
                journal.close()

    return follow


def test_steps_and_a_long_pull_are_told_as_they_go(followed):
    reading, told = followed(
        {"state": "deploying", "step": "pull", "progress": ["layer a: Waiting", "layer b: 1 of 9 MB"]},
        {"state": "deploying", "step": "pull", "progress": ["layer a: Waiting", "layer b: 5 of 9 MB"]},
        {"state": "deploying", "step": "pull", "progress": ["layer a: Waiting", "layer b: 5 of 9 MB"]},
        {"state": "deploying", "step": "pull", "progress": "no list"},
        {"state": "deploying", "step": "start", "steps": [PULL], "progress": ["layer b: Pull complete"]},
        {"state": "deployed", "steps": [PULL], **WHOLE},
    )
    assert reading.value.image == "x"
    assert told == [
        "deploy: pull under way",
        "deploy: 2 layers, layer a: Waiting",
        "deploy: 2 layers, layer b: 5 of 9 MB",
        "deploy: pull done",
        "deploy: start under way",
        "",
    ]


def test_what_an_agent_says_of_its_pull_moves_no_cursor(followed):
    _, told = followed(
        {"state": "deploying", "step": "pull", "progress": ["layer a: \x1b[2J\n##[error]" + "x" * 500, 7]},
        {"state": "deployed", **WHOLE},
    )
    line = next(line for line in told if "1 layer," in line)
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
        followed(*[{"state": "deploying", "step": "pull"}] * 2, seconds=9.0)


def test_an_agent_that_waits_is_asked_again_as_soon_as_something_changed(followed, clock, asked):
    steps = [{"state": "deploying", "step": step} for step in ("pull", "start", "running")]
    followed(*steps, {"state": "deployed", **WHOLE}, takes=1.0)
    assert asked == ["", "wait=2", "wait=2", "wait=2"]
    assert clock.pauses == [0.0] * 4


def test_changes_that_follow_each_other_at_once_are_not_asked_for_at_once(followed, clock):
    steps = [{"state": "deploying", "step": step} for step in ("pull", "stop", "remove", "start", "running")]
    followed(*steps, {"state": "deployed", **WHOLE}, takes=0.0)
    assert clock.pauses == pytest.approx([0.0, 0.2, 0.2, 0.2, 0.2, 0.2])


def test_an_agent_that_does_not_wait_is_asked_ever_more_seldom(followed, clock):
    pulling = {"state": "deploying", "step": "pull"}
    followed(*[pulling] * 60, {"state": "deployed", **WHOLE}, takes=0.0)
    _, *pauses = (round(seconds, 6) for seconds in clock.pauses)
    assert min(pauses) == following.SHORTEST_PAUSE
    assert pauses == sorted(pauses)
    assert max(pauses) == following.LONGEST_PAUSE


def test_no_read_waits_beyond_the_deploys_deadline(followed, asked):
    with pytest.raises(AgentError, match="not done within 9 seconds"):
        followed(*[{"state": "deploying", "step": "pull"}] * 9, seconds=9.0, takes=4.0)
    assert asked == ["", "wait=2", "wait=1"]


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
