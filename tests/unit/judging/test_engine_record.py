"""The engine's own record: one create, one start, nothing else until the stop."""

from datetime import UTC, datetime, timedelta

import pytest

from pytest_smokedeploy.contract import EngineEvent, EventRecord
from pytest_smokedeploy.judging import RecordTimes, in_words, judge_record

SOUND = ("create", "start")
ENDED = ("kill", "die", "stop")
UNDATED = RecordTimes()


def record(*actions, incomplete=None):
    events = [
        EngineEvent(time=f"2026-01-01T00:00:{n:02}Z", action=action, exit_code=0 if action == "die" else None)
        for n, action in enumerate(actions)
    ]
    return EventRecord(deploy_id="d", events=events, incomplete=incomplete)


def judged(*actions, before=None, times=UNDATED, **how):
    told = record(*actions)
    found = judge_record(told, times, before=len(actions) if before is None else before, **how)
    return list(found.violated), found.oddities, found.unproven


@pytest.mark.parametrize("end", [(), ENDED, ("die",), ("kill", "kill", "die", "stop"), ("stop", "die")])
def test_one_start_and_a_stop_is_sound(end):
    assert judged(*SOUND, *end, before=2) == ([], [], "")


@pytest.mark.parametrize("end", [ENDED, ("die",), ("kill",), ("stop",)])
def test_its_end_before_the_stop_was_asked_is_no_idle(end):
    assert judged(*SOUND, *end) == (["OBS-6"], [], "")


@pytest.mark.parametrize("paused", [("pause", "unpause"), ("pause",), ("unpause",)])
@pytest.mark.parametrize("before", [2, None])
def test_a_pause_is_no_idle_and_its_times_are_named(paused, before):
    assert judged(*SOUND, *paused, before=before) == (["OBS-6"], [], "")
    told = judge_record(record(*SOUND, *paused), UNDATED, before=2).violated["OBS-6"]
    assert f"{paused[0]} at 2026-01-01T00:00:02Z" in told


@pytest.mark.parametrize(
    "again",
    [
        (*ENDED, "start", "restart"),
        ("die", "start"),
        ("start",),
        ("create",),
        ("restart",),
        ("die", "die"),
    ],
)
@pytest.mark.parametrize("before", [2, None])
def test_another_start_is_not_deterministic(again, before):
    assert judged(*SOUND, *again, before=before) == (["DET-1"], [], "")


@pytest.mark.parametrize(
    "action", ["exec_create", "oom", "rename", "update", "attach", "destroy", "nobody-knows"]
)
@pytest.mark.parametrize("before", [2, None])
def test_whatever_else_nobody_asked_for(action, before):
    violated, (odd,), unproven = judged(*SOUND, action, before=before)
    assert (violated, unproven) == ([], "")
    assert action in odd
    assert "2026-01-01T00:00:02Z" in odd


def test_a_stop_only_image_removes_it():
    assert judged(*SOUND, *ENDED, "destroy", before=2, replaced=True) == ([], [], "")


@pytest.mark.parametrize(
    ("actions", "words"),
    [((), "no create and no start"), (("start",), "no create"), (("create",), "no start")],
)
def test_what_is_missing_proves_nothing(actions, words):
    assert words in judged(*actions)[2]


def test_what_is_not_in_order_proves_nothing():
    assert "order" in judged("start", "create")[2]
    told = EventRecord(deploy_id="d", events=record(*SOUND, "die").events[::-1])
    assert "order" in judge_record(told, UNDATED, before=0).unproven


@pytest.mark.parametrize("end", [(), ("kill",), ("stop",), ("kill", "stop")])
def test_a_record_without_the_end_of_what_was_stopped_proves_nothing(end):
    violated, oddities, unproven = judged(*SOUND, *end, before=2, stopped=True)
    assert (violated, oddities) == ([], [])
    assert "no die" in unproven
    assert judged(*SOUND, *end, "die", before=2, stopped=True) == ([], [], "")


def second(number):
    return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=number)


def test_events_within_the_deploy_and_the_stop_are_sound():
    # Whole seconds stand for any moment of theirs.
    times = RecordTimes(second(0.9), second(1), second(2.9), second(4))
    assert judged(*SOUND, *ENDED, before=2, times=times, stopped=True) == ([], [], "")


@pytest.mark.parametrize(
    ("times", "actions", "words"),
    [
        (RecordTimes(began=second(1)), ["create"], "before the deploy began at 2026-01-01T00:00:01Z"),
        (RecordTimes(done=second(0.5)), ["start"], "after the deploy was done at 2026-01-01T00:00:00.5"),
        (RecordTimes(read=second(3.5)), ["stop"], "its record was read by 2026-01-01T00:00:03.5"),
    ],
)
def test_events_that_the_deploy_can_not_have_had_break_the_contract(times, actions, words):
    violated, (odd,), unproven = judged(*SOUND, *ENDED, before=2, times=times)
    assert (violated, unproven) == ([], "")
    assert words in odd
    assert [action for action in (*SOUND, *ENDED) if f"{action} " in odd.partition(",")[0]] == actions


def test_an_end_that_is_dated_before_the_stop_was_asked_is_no_idle():
    assert judged(*SOUND, *ENDED, before=2, times=RecordTimes(stop_asked=second(3))) == (["OBS-6"], [], "")


def test_a_record_that_may_lack_events_proves_nothing_and_still_violates():
    found = judge_record(record(*SOUND, "pause", incomplete="it forgot some"), UNDATED, before=3)
    assert "it forgot some" in found.unproven
    assert list(found.violated) == ["OBS-6"]


def test_a_flood_is_told_by_its_beginning():
    assert in_words(record(*["exec_create"] * 20).events).endswith("and 12 more")
    assert in_words(record("die").events) == "die (0) at 2026-01-01T00:00:00Z"
