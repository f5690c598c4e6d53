"""What is proposed from captures: loosened where they differ, and literal elsewhere."""

import pytest
import yaml

from pytest_smokedeploy.log_language import propose
from tests.unit.judging.start_up import HEALTHY, MOUNTS, language


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
        ("with {a} 3", "with {a} 4", "with {{a}} {number}"),
    ],
)
def test_what_differs_between_captures_is_loosened_to_the_closest_placeholder(first, second, template):
    assert proposed([f"INFO {first}"], [f"INFO {second}"]) == [f'"{template}"']


@pytest.mark.parametrize("pair", [
    ("0 problems", "3 problems"),
    ("read /data/a1", "read /data/a2"),
    ("mode paper since 3", "mode paper since 4"),
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


def test_a_line_that_states_the_plane_is_sent_to_its_milestone():
    (row,) = proposed(["plane selected plane=paper"])
    assert row.startswith('# "plane selected plane=paper" ')
    assert row.endswith("a line that states the plane paper goes under log.milestones.RUN-1")


def test_the_clauses_that_nothing_meets_are_left_for_a_person():
    rows = list(propose([HEALTHY[:2]], language(), MOUNTS))
    assert "  #   OBS-2: []" in rows
    assert not {"  #   OBS-1: []", "  #   RUN-1: []"} & {*rows}


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
