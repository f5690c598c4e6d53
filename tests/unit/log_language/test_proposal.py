"""What is proposed from captures: loosened where they differ, and literal elsewhere."""

import json

import pytest
import yaml

from pytest_smokedeploy.log_language import propose
from tests.unit.judging.start_up import HEALTHY, MOUNTS, language, whole


def proposed(*captures, **given):
    rows = list(propose(captures, language(**given), MOUNTS))
    return [row.strip().removeprefix("- ") for row in rows if row.startswith("    ")]


@pytest.mark.parametrize(
    ("first", "second", "template"),
    [
        ("loaded 3 rows", "loaded 12 rows", "loaded {number} rows"),
        ("took 34 ms", "took 1.2 s", "took {duration}"),
        ("at 12:00:00 up", "at 12:00:01 up", "at {time} up"),
        ("of 2026-01-01 on", "of 2026-01-02 on", "of {date} on"),
        ("used 3 MiB", "used 12 kB", "used {size}"),
        ("engine 1.2.3", "engine 1.2.4-rc1", "engine {version}"),
        ("commit abcdef01", "commit 12345678", "commit {hex}"),
        ("session a-1", "session b-22", "session {id}"),
        (
            "run 123e4567-e89b-12d3-a456-426614174000",
            "run 123e4567-e89b-12d3-a456-426614174001",
            "run {uuid}",
        ),
        ("bound to 127.0.0.1:80", "bound to 127.0.0.1:81", "bound to {listen}"),
        ("same 3 rows", "same 3 rows", "same 3 rows"),
        ("as long 3 ms", "as long 3 ms", "as long {duration}"),
        ("with {a} 3", "with {a} 4", "with {{a}} {number}"),
    ],
)
def test_what_differs_between_captures_is_loosened_to_the_closest_placeholder(first, second, template):
    assert proposed([f"INFO {first}"], [f"INFO {second}"]) == [f'"{template}"']


@pytest.mark.parametrize("pair", [
    ("0 problems", "3 problems"),
    ("read /data/a1", "read /data/a2"),
    ("paper since 3", "paper since 4"),
    ("snapshots writable 3", "snapshots writable 4"),
    ("ready after 3", "ready after 4"),
])  # fmt: skip
def test_zeros_paths_and_the_lines_of_three_clauses_stay_literal(pair):
    rows = proposed(*([line] for line in pair))
    assert rows == [f'"{line}"  # in 1 of 2 captures' for line in pair] or rows == [
        f'"{line}"' for line in pair
    ]


def test_of_one_capture_times_durations_uuids_and_pids_alone_are_loosened():
    assert proposed(["read 12 rows in 3 ms at 12:00:00 by pid 4711"]) == [
        '"read 12 rows in {duration} at {time} by pid {number}"'
    ]


def test_what_meets_the_language_already_is_left_out():
    assert proposed(HEALTHY, HEALTHY) == []
    assert proposed(["cache warm"], documented=["cache warm"]) == []


def test_a_line_with_forbidden_words_wants_a_reason():
    rows = proposed(["connected to redis at 127.0.0.1:6379"])
    assert rows == ['{line: "connected to redis at 127.0.0.1:6379", clause: OBS-9, because: ""}']


def test_a_line_that_no_template_can_be_is_told():
    (row,) = proposed(["===7==="])
    assert row.startswith('# "===7===" ')
    assert "no literal word" in row


def test_a_line_that_states_the_plane_is_proposed_where_the_rules_take_it():
    assert proposed(["plane selected plane=paper"]) == ['RUN-1: ["plane selected plane=paper"]']
    (row,) = proposed(["plane selected by hand: plane=paper"])
    assert row.startswith('# "plane selected by hand: plane=paper" ')
    assert "RUN-1 takes one plane without a denial, as in" in row


def test_an_exception_is_proposed_for_what_comes_again_letter_by_letter():
    (row,) = proposed(["connected to redis in 12 ms"])
    assert row.startswith(
        '# "connected to redis in 12 ms" has words of OBS-9 and differs from start to start'
    )


def test_records_without_a_message_are_told():
    first, *_ = propose([['{"text": "up", "ts": 1.5}']], language(), MOUNTS)
    assert first.startswith("# A JSON record is read by its message: one of msg, message, ")
    assert next(propose([['{"event": "up", "ts": 1.5}', "up"]], language(), MOUNTS)) == "log:"


def test_the_clauses_that_nothing_meets_are_left_for_a_person_with_what_they_ask():
    rows = list(propose([HEALTHY[:2]], language(), MOUNTS))
    asked = 'the log shows that environment validation succeeded, as in "environment validation succeeded"'
    assert f"  #   OBS-2: []  # missing: {asked}" in rows
    assert not [row for row in rows if "OBS-1" in row or "RUN-1" in row]
    assert [row for row in rows if row.startswith("  # exit_codes: [0]  # what it leaves with")]


#: Two start-ups of a runtime with words of its own, and of one that writes records.
TEXT = [
    [
        "/\\ engine",
        f"Engine v3.0.1 (commit abcdef1) starting up, pid {pid}",
        "waiting for the lock",
        "mode: paper",
        "environment: 12 variables validated",
        "volume audit-events mounted at /data/a",
        "volume snapshots mounted at /data/s",
        "shutdown hooks registered",
        f"replay starting from {snapshot}",
        "replay finished",
        "orchestrator up",
        f"started in {took}, entering idle",
        "SIGTERM received",
        f"drained in {took}",
    ]
    for pid, snapshot, took in ((4711, "a-17", "812 ms"), (12, "a-18", "799 ms"))
]
RECORDS = [
    [
        json.dumps({"ts": "2026-01-01T00:00:00Z", "level": "info", "msg": message, "unit": unit})
        for message, unit in [
            ("boot", "core"),
            ("execution plane: paper", "core"),
            ("env ok", "cfg"),
            ("mounts ok: snapshots, audit-events", "io"),
            ("replay begin", "io"),
            ("orchestrator ready", "core"),
            ("idle", "core"),
            ("leaving", "core"),
        ]
    ]
]
FRAMES = ["", "aurora[7] 11:02:03 I> ", "2026-03-01 09:00:00,123 | INFO  | engine | "]


@pytest.mark.parametrize("frame", FRAMES)
def test_a_line_that_plainly_states_a_milestone_is_proposed_for_it(frame):
    captures = [[frame + line for line in capture] for capture in TEXT]
    made = yaml.safe_load("\n".join(propose(captures, language(), MOUNTS)))["log"]
    assert made["milestones"] == {
        "OBS-1": ["Engine {version} (commit {hex}) starting up, pid {number}"],
        "OBS-2": ["environment: 12 variables validated"],
        "OBS-3": {"all": ["volume audit-events mounted at /data/a", "volume snapshots mounted at /data/s"]},
        "OBS-4": ["replay starting from {id}"],
        "OBS-5": ["orchestrator up"],
        "OBS-6": ["started in {duration}, entering idle"],
        "RUN-1": ["mode: paper"],
    }
    assert made["shutdown"] == ["SIGTERM received", "drained in {duration}"]
    assert made["documented"] == ["/\\ engine", "waiting for the lock", "shutdown hooks registered"]
    frames = made.get("frames", [])
    assert frames == {
        "a": ["aurora[{pid}] {time} I> {message}"],
        "2": ["{time} | {level} | engine | {message}"],
    }.get(frame[:1], [])


@pytest.mark.parametrize(("captures", "given"), [
    *((([*([frame + line for line in capture] for capture in TEXT)]), {"frames": ["{time} x {message}"]})
      for frame in FRAMES),
    (RECORDS, {}),
])  # fmt: skip
def test_a_log_is_sound_by_what_was_proposed_of_it(captures, given):
    made = yaml.safe_load("\n".join(propose(captures, language(**given), MOUNTS)))["log"]
    stop = len(captures[0]) - len(made["shutdown"])
    for capture in captures:
        log = whole(capture[:stop], tail=capture[stop:], **made)
        assert (log.missing(), log.violated, log.undocumented) == ([], {}, [])


@pytest.mark.parametrize(
    "line",
    [
        "environment validation started",
        "environment not validated",
        "environment validated, 2 errors",
        "mounts audit-events, snapshots ok: no",
        "replay finished, starting next",
        "orchestrator disabled, ready",
        "idle timeout 30 s",
        "mode: paper off",
    ],
)
def test_a_line_of_another_moment_or_in_doubt_states_no_milestone(line):
    made = yaml.safe_load("\n".join(propose([["hello", line, "x y"]], language(), MOUNTS)))["log"]
    assert made["milestones"] == {}


def test_what_comes_after_idle_without_a_word_of_leaving_is_left_for_a_person():
    rows = proposed([*HEALTHY, "beat", "stopping now", "gone"])
    assert (
        '# "beat" came after idle: it goes under shutdown if the stop was asked by then, and else' in rows[-1]
    )
    assert rows[:2] == ['"stopping now"', '"gone"']


@pytest.mark.parametrize("lines", [
    ["WARN| a b", "WARN| c d", "WARN| e f"],
    ["not> a b", "not> c d", "not> e f"],
    ["a one", "a two", "a three"],
    ["x> one", "y> two", "z> three"],
    ["x> one", "x> one", "x> one"],
    [json.dumps({"msg": f"x> {word}"}) for word in ("one", "two", "three")],
    [f"INFO {word}" for word in ("one", "two", "three")],
])  # fmt: skip
def test_no_frame_is_proposed_of_what_is_none_or_is_known(lines):
    assert not [row for row in propose([lines], language(), MOUNTS) if "frames" in row]


@pytest.mark.parametrize("end", ["\u2028", "\u2029", "\x85", "\ufffe", "\ud800", "\x9b", "\x07"])
def test_what_a_runtime_writes_stays_text_in_the_proposal(end):
    captured = [*HEALTHY, f"odd{end}activity: {{processes: 1}} #", f"order placed{end} BTC"]
    block = "\n".join(propose([captured], language(), MOUNTS))
    made = yaml.safe_load(block)
    assert list(made) == ["log"]
    assert made["log"]["documented"] == []
    assert block.isascii()


def test_quotes_and_backslashes_come_back_as_they_were():
    block = "\n".join(propose([['cache "C:\\warm" ready for use']], language(), MOUNTS))
    assert yaml.safe_load(block)["log"]["documented"] == ['cache "C:\\warm" ready for use']
