"""The picture of a run: its rows, where they lie, and where the run broke."""

import pytest

from pytest_smokedeploy.model import Finding
from pytest_smokedeploy.reports.timeline import timeline

MET = (("OBS-1", 3), ("OBS-2", 3), ("OBS-6", 23))


def rows(document):
    return {row.label.split(" ")[0].rstrip(","): row for row in timeline(document).rows}


@pytest.fixture
def met(run):
    """The evidence of a run whose milestones came in two groups."""
    made = run().deploy().stop()
    for clause, second in MET:
        made.note("log.milestone", clause=clause, time=f"2026-01-31T12:00:{second:02}Z", line="x")
    return made.note("log.quiet", seconds=5).checks().passed()


def test_each_stage_is_a_bar_over_its_seconds(passed):
    row = rows(passed)["observe"]
    assert timeline(passed).seconds == 50.5
    assert row.label == "observe 0.5 s"
    assert (row.bars[0].left, row.bars[0].kind) == (59.41, "passed")


def test_the_agents_steps_begin_with_the_deploy_whatever_the_servers_clock_says(passed):
    deploy, steps = (rows(passed)[name].bars[0] for name in ("deploy", "pull"))
    assert steps.left == deploy.left
    assert steps.words == "step pull, done: 2.0 s, from 10.0 s on"


def test_milestones_that_lie_together_are_one_mark_and_the_quiet_window_begins_with_idle(met):
    row = rows(met)["OBS-1"]
    assert [point.words for point in row.points] == [
        "milestones: OBS-1 at 13.0 s, OBS-2 at 13.0 s",
        "milestones: OBS-6 at 33.0 s",
    ]
    assert row.label == "OBS-1 to OBS-2 at 13.0 s, OBS-6 at 33.0 s; quiet 5 s"
    assert (row.bars[0].left, row.bars[0].kind) == (row.points[1].left, "quiet")


def test_a_cross_stands_where_the_first_check_of_a_stage_failed(failed):
    row = rows(failed(Finding("OBS-7", False, "none", "an order")))["observe"]
    assert row.bars[0].kind == "failed"
    assert [(point.kind == "cross", point.words) for point in row.points] == [
        (True, "failed at 30.5 s: the log shows no order execution")
    ]


def test_the_stop_and_its_second_look(passed):
    row = rows(passed)["stop"]
    assert row.label == "stop 1.0 s, then a second look"
    assert [bar.words for bar in row.bars] == ["stop confirmed: 1.0 s, from 40.0 s on"]
    assert [point.words for point in row.points] == ["second look at 42.0 s: still stopped"]


def test_a_stop_that_was_not_confirmed_runs_to_the_end(run):
    made = run().deploy().note("stop.sent", why="over", at="2026-01-31T10:00:45.000Z")
    row = rows(made.checks().held())["stop"]
    assert (row.bars[0].kind, row.bars[0].words) == ("failed", "stop not confirmed: 5.5 s, from 45.0 s on")


def test_the_key_has_what_the_picture_has_and_nothing_else(met, failed):
    assert [kind for kind, _ in timeline(met).key] == ["passed", "quiet", "mark", "look"]
    broken = timeline(failed(Finding("OBS-7", False, "none", "an order")))
    assert [kind for kind, _ in broken.key] == ["passed", "failed", "look", "cross"]
    assert all(words for _, words in broken.key)


def test_in_words_every_bar_and_mark_stands_once(met):
    picture = timeline(met)
    parts = sum(len(row.bars) + len(row.points) for row in picture.rows)
    assert len(picture.lines) == parts == len(set(picture.lines))


def test_a_run_of_which_no_check_began_has_no_picture(passed, run):
    for stage in passed["stages"]:
        for check in stage["checks"]:
            check |= {"outcome": "blocked"}
    assert timeline(passed) is None
    assert timeline(run().document) is None
