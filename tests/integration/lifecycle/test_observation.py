"""What is told of a log while it is followed: every milestone, and of a flood a part with its count."""

import json
import time
from contextlib import closing
from datetime import datetime

import pytest

from pytest_smokedeploy.client import AgentClient
from pytest_smokedeploy.evidence import Journal
from pytest_smokedeploy.judging import Record, StartupLog
from pytest_smokedeploy.lifecycle import FactRecorder
from pytest_smokedeploy.lifecycle.observation import TOLD, Observer
from pytest_smokedeploy.support.redaction import Sanitiser, Secret
from tests.support.agent_process import until
from tests.support.raw_server import RawServer
from tests.unit.judging.start_up import HEALTHY, language

AT = "2026-01-02T03:04:05.123456789Z"
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/x-ndjson\r\n\r\n"


@pytest.fixture
def observed(tmp_path):
    """observed(lines) -> the log as it was read to its end, the journal's events, what was announced.

    With `before` the stop is asked once everything has come, and that many records were read by then.
    """

    def observe(lines, before=None, since=None, at=AT):
        rows = [{"time": at, "stream": "stdout", "line": text} for text in lines]
        body = b"".join(json.dumps(row).encode() + b"\n" for row in [*rows, {"end": {"exit_code": 0}}])
        told, journal = [], Journal(tmp_path / "journal.jsonl", Sanitiser())
        log = StartupLog(language())
        with RawServer(lambda peer: (peer.send(HEAD), peer.send(body))) as server:
            client = AgentClient(server.url, Secret("id"), Secret("secret"), request_seconds=20)
            facts = FactRecorder(Record(rehearsal=False), journal, told.append)
            stream = client.logs(follow=True)
            observer = Observer(stream, log, facts, tmp_path / "startup.log", str, time.monotonic, since)
            with closing(observer):
                if before is not None:
                    until(lambda: stream.waiting == len(rows) + 1)
                    for _ in range(before):
                        observer._next(60)
                    observer.stop_asked()
                assert observer.drain(60, 60)
                assert observer.ended
            client.close()
        journal.close()
        return log, journal.events, told

    return observe


def test_a_flood_is_told_in_part_and_counted_and_hides_no_milestone(observed, tmp_path):
    flood = [f"what {n}" for n in range(TOLD + 50)]
    log, events, told = observed([*flood, *HEALTHY])
    assert len(log.undocumented) == TOLD + 50
    assert (tmp_path / "startup.log").read_text().count("[undocumented]") == TOLD + 50
    undocumented = [event["line"] for event in events if event["event"] == "log.undocumented"]
    assert undocumented == flood[:TOLD]
    assert sum("undocumented" in line for line in told) == TOLD
    more = [event for event in events if event["event"] == "log.more"]
    assert [(row["kind"], row["clause"], row["lines"]) for row in more] == [("undocumented", "", 50)]
    milestones = [event["clause"] for event in events if event["event"] == "log.milestone"]
    assert milestones == ["OBS-1", "RUN-1", "OBS-2", "OBS-3", "OBS-4", "OBS-5", "OBS-6"]


def test_what_is_forbidden_is_told_clause_by_clause(observed):
    _, events, _ = observed(["order placed"] * (TOLD + 1) + ["tick"])
    rows = [event["clause"] for event in events if event["event"] == "log.forbidden"]
    assert rows == ["OBS-7"] * TOLD + ["OBS-8"]
    (more,) = [event for event in events if event["event"] == "log.more"]
    assert (more["kind"], more["clause"], more["lines"]) == ("forbidden", "OBS-7", 1)


def test_a_log_that_is_told_whole_has_no_more(observed):
    _, events, _ = observed([*HEALTHY, "order placed"])
    assert "log.more" not in {event["event"] for event in events}


def test_what_came_before_the_stop_was_asked_is_judged_so_though_it_is_read_later(observed):
    log, _, _ = observed([*HEALTHY, "stopped"], before=len(HEALTHY))
    assert list(log.violated) == ["RUN-3", "OBS-6"]
    assert "a line after idle" in log.violated["RUN-3"]
    assert "left after idle, with exit code 0" in log.violated["OBS-6"]


def test_what_came_after_the_stop_was_asked_belongs_to_the_shutdown(observed):
    log, _, _ = observed([*HEALTHY, "stopped"])
    assert (log.phase, log.violated) == ("stopping", {})


def test_where_something_is_violated_by_then_nothing_is_added_to_it(observed):
    log, _, _ = observed([*HEALTHY, "tick", "stopped"], before=len(HEALTHY) + 1)
    assert list(log.violated) == ["OBS-8"]


def test_a_line_from_before_the_deploy_is_another_starts(observed):
    log, _, _ = observed(HEALTHY, since=datetime.fromisoformat("2026-01-02T03:04:06Z"))
    assert f"a line is dated {AT}, before this deploy began" in log.violated["DET-1"]


@pytest.mark.parametrize(
    ("since", "violated"), [("2026-01-02T03:04:05.999999Z", []), ("2026-01-02T03:04:06Z", ["DET-1"])]
)
def test_a_line_in_whole_seconds_is_older_if_its_whole_second_is(observed, since, violated):
    log, _, _ = observed(HEALTHY, since=datetime.fromisoformat(since), at="2026-01-02T03:04:05Z")
    assert list(log.violated) == violated


def test_a_line_of_the_deploys_own_moment_is_its_own(observed):
    log, _, _ = observed(HEALTHY, since=datetime.fromisoformat("2026-01-02T03:04:05.123456Z"))
    assert log.violated == {}
