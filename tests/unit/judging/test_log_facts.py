"""The reader pinned down fact by fact: what ends a start-up, what counts twice, what is said of it."""

import dataclasses

import pytest

from pytest_smokedeploy.judging import Line, LineMatch
from pytest_smokedeploy.model import CLAUSE, Basis
from tests.unit.judging.start_up import HEALTHY, fed


def test_leaving_is_told_apart_by_when_it_was():
    after, before, stopped = fed(*HEALTHY), fed(*HEALTHY[:3]), fed(*HEALTHY)
    after.end(3)
    before.end(4)
    stopped.quiet_seconds = 1.0
    stopped.stopping()
    stopped.end(0)
    assert after.violated == {"OBS-6": "the runtime left after idle, with exit code 3"}
    assert before.violated == {"OBS-6": "the runtime left before idle, with exit code 4"}
    assert stopped.violated == {}
    assert (after.exit_code, stopped.exit_code) == (3, 0)


def test_a_milestone_that_comes_twice_at_once_is_det_1_and_says_so():
    log = fed(*HEALTHY[:3], HEALTHY[2])
    assert "OBS-2 came twice" in log.violated["DET-1"]


def test_a_milestone_that_comes_late_names_the_one_before_it():
    assert "OBS-2 came after OBS-3" in fed(HEALTHY[0], HEALTHY[3], HEALTHY[2]).violated["DET-1"]


def test_a_start_seen_elsewhere_counts_as_one_seen_in_the_log():
    log = fed(*HEALTHY)
    log.violate("DET-1", "started_at changed")
    assert log.violated == {"DET-1": "started_at changed"}


def test_activity_violates_its_clause_with_its_words():
    log = fed(*HEALTHY)
    log.violate("RUN-3", "0.9 s of processor time")
    assert log.finding("RUN-3").seen == "0.9 s of processor time"


def test_a_blank_line_is_nothing_not_even_after_idle():
    log = fed(HEALTHY[0], "", "  ", *HEALTHY[1:], "")
    assert (log.violated, log.undocumented) == ({}, [])
    assert [match.kind for match in log.matches if not match.line.text.strip()] == ["blank"] * 3


def test_the_plane_may_be_said_twice():
    assert fed(*HEALTHY[:2], HEALTHY[1]).violated == {}


@pytest.mark.parametrize(("length", "clause"), [(16 * 1024, "OBS-7"), (16 * 1024 - 1, "")])
def test_a_line_is_carried_over_from_the_length_at_which_engines_cut(length, clause):
    tail = "order pla"
    log = fed("." * (length - len(tail)) + tail)
    assert log.feed(Line("t", "stdout", "ced")).clause == clause


def test_what_is_carried_over_counts_once():
    log = fed("." * 20_000 + "order pla", "x")
    assert log.feed(Line("t", "stdout", "ced")).clause == ""


def test_silence_that_was_not_waited_for_is_not_established():
    log = fed(*HEALTHY)
    assert [log.finding(c).holds for c in ("OBS-5", "OBS-6", "OBS-8", "DET-1")] == [True, False, None, None]


def test_findings_say_what_they_rest_on():
    log = fed(*HEALTHY)
    log.quiet_seconds = 2.0
    log.counted = {"RUN-3": "and by the engine's counters: 0 s"}
    assert log.finding("OBS-8").seen == "none in 8 lines and 2 quiet seconds after idle"
    assert log.finding("RUN-3").seen.endswith("after idle, and by the engine's counters: 0 s")
    assert log.finding("DET-1").seen == "each milestone once and in order; one container, one start"
    assert log.finding("OBS-6").seen.endswith("then quiet for 2 s")


@pytest.mark.parametrize(
    ("clause", "meaning", "remedy"),
    [
        ("OBS-2", "not the one the model documents", "log.milestones"),
        ("RUN-1", "not the one the model documents", "log.milestones"),
        ("DET-1", "not deterministic", "restart policy"),
        ("OBS-7", "what a smoke deploy forbids", "what in the runtime wrote it"),
    ],
)
def test_a_violation_says_what_it_means_and_what_to_do(clause, meaning, remedy):
    log = fed("order placed", HEALTHY[3], HEALTHY[0]) if clause in {"DET-1", "OBS-7"} else fed("x")
    finding = log.finding(clause)
    assert finding.holds is False
    assert meaning in finding.means
    assert remedy in finding.remedy


def test_the_first_break_of_the_stream_is_the_one_that_is_told():
    log = fed(HEALTHY[0])
    log.cut("first")
    log.cut("second")
    assert "first" in log.finding("OBS-2").seen


def test_a_line_cannot_be_changed_once_it_was_read():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Line("t", "stdout", "x").text = "y"


def test_idle_said_again_while_stopping_is_still_stopping():
    log = fed(*HEALTHY[:7])
    log.stopping()
    log.feed(Line("t", "stdout", HEALTHY[7]))
    assert log.phase == "stopping"


def test_the_nearest_line_is_one_that_nothing_documents():
    log = fed("replay phase finished: 0 events", "x", "replay began")
    assert log.finding("OBS-4").seen.endswith(
        "the nearest is 'replay began', which is not 'replay phase started'"
    )


@pytest.mark.parametrize(
    ("lines", "quiet", "cut", "clause", "holds", "seen"),
    [
        (
            ["order placed"],
            False,
            "",
            "OBS-7",
            False,
            "a line with 'order placed', which no template allows: ",
        ),
        (HEALTHY, True, "", "OBS-4", True, "'replay phase started' at "),
        (HEALTHY, True, "", "OBS-8", True, "none in 8 lines"),
        (HEALTHY[:3], False, "gone", "OBS-4", None, "no whole log: gone"),
        (
            ["a tick", "order placed"],
            False,
            "",
            "OBS-9",
            None,
            "the observation ended at OBS-7: a line with 'order placed', which",
        ),
        (HEALTHY[:3], False, "", "OBS-4", False, "no such line among 3"),
        (HEALTHY, False, "", "OBS-8", None, "the quiet window after idle did not pass"),
    ],
)
def test_a_finding_is_whole(lines, quiet, cut, clause, holds, seen):  # noqa: PLR0913, PLR0917 - a table
    log = fed(*lines)
    if quiet:
        log.quiet_seconds = 1.0
    if cut:
        log.cut(cut)
    finding = log.finding(clause)
    assert (finding.clause, finding.holds, finding.expected) == (clause, holds, CLAUSE[clause].text)
    assert finding.seen.startswith(seen), finding.seen
    assert finding.basis is (None if holds is None else Basis.SEEN)


@pytest.mark.parametrize(
    ("line", "kind", "clauses", "why"),
    [
        ("", "blank", (), ""),
        ("order placed", "forbidden", ("OBS-7",), "a line with 'order placed', which no template allows"),
        ("hello", "forbidden", ("RUN-3",), "a line after idle, before the stop was asked"),
        (HEALTHY[2], "forbidden", ("DET-1",), "the milestone OBS-2 came twice: the start-up ran again"),
        (HEALTHY[1], "forbidden", ("RUN-3",), "a line after idle, before the stop was asked"),
    ],
)
def test_what_a_line_after_idle_meets_is_whole(line, kind, clauses, why):
    log = fed(*HEALTHY)
    given = Line("t", "stderr", line)
    assert log.feed(given) == LineMatch(kind, clauses, given, why)


def test_what_a_line_before_idle_meets_is_whole():
    log = fed(HEALTHY[0], "replay phase finished: 0 events", "x")
    assert [(match.kind, match.clauses, match.line.text) for match in log.matches] == [
        ("milestone", ("OBS-1",), HEALTHY[0]),
        ("documented", (), "replay phase finished: 0 events"),
        ("undocumented", (), "x"),
    ]


def test_an_order_violates_both_its_clauses_in_the_same_words():
    violated = fed("order placed").violated
    assert violated["RUN-5"] == violated["OBS-7"]
