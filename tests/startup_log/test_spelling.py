"""What a line states, and what it may hide."""

import json

import pytest

from pytest_smokedeploy.startup_log import Line, Patterns, StartupLog
from pytest_smokedeploy.startup_log.spelling import Spelled

IDLE = "idle: waiting for a signal"


@pytest.mark.parametrize("line", [
    f"2026-01-01T00:00:00.123456789Z {IDLE}",
    f"2026/01/01 00:00:00 {IDLE}",
    f"00:00:00.123 INFO {IDLE}",
    f"2026-01-01 00:00:00,123 - runtime.main - INFO - {IDLE}",
    f"INFO:root:{IDLE}",
    f"[INFO] [runtime.main] {IDLE}",
    f'time="2026-01-01T00:00:00Z" level=info msg="{IDLE}"',
    json.dumps({"severity": "INFO", "message": IDLE}),
    json.dumps({"level": 30, "time": 1, "msg": IDLE}),
    json.dumps({"timestamp": "x", "level": "INFO", "fields": {"message": IDLE}, "target": "runtime"}),
    json.dumps({"log": {"level": "info"}, "message": f"\x1b[32m{IDLE}\x1b[0m"}),
    "2026-01-01T00:00:00Z " + json.dumps({"msg": IDLE}),
    f"\x1b[1;32m{IDLE}\x1b[0m\r\n",
])  # fmt: skip
def test_the_message_stands_behind_time_level_and_name_or_in_its_field(line):
    assert Spelled.of(line).message == IDLE


@pytest.mark.parametrize("line", [
    f"gone\r{IDLE}",
    f"{IDLE}\x00",
    f"\x1b[2K{IDLE}",
    "idle\u200b: waiting",
    json.dumps({"level": "error", "msg": IDLE}),
    json.dumps({"level": 50, "msg": IDLE}),
    json.dumps({"log": {"level": "error"}, "msg": IDLE}),
    json.dumps({"want": IDLE}),
    json.dumps({"msg": f"{IDLE}\r"}) + "x",
    json.dumps({"msg": f"gone\r{IDLE}"}),
    json.dumps({"msg": "idle\u200b: waiting"}),
    json.dumps({"msg": f"{IDLE}\ue000"}),
    f'{{"msg": "gone", "msg": "{IDLE}"}}',
    f'level=error msg="{IDLE}"',
    "idle: " + "waiting " * 1000,
])  # fmt: skip
def test_an_odd_line_or_a_record_of_an_error_states_nothing(line):
    assert Patterns.build().milestone_of(Spelled.of(line)) is None


@pytest.mark.parametrize("line", [
    "order placed", "ORDER PLACED", "OrderPlaced", "order_placed", "or\x00der placed", "gone\rorder placed",
    "all\x0border placed", "orxx\b\bder placed", "\border placed", "\\xfforder placed\\xfe",
    "or\u200bder pla\u200bced", "or\u00adder placed", "\u043erd\u0435r placed", "order\u00a0placed",
    "\uff4f\uff52\uff44\uff45\uff52 placed", "o\u0301rder placed", "\x1b[31mor\x1b[0mder placed",
    "\x1b[2Korder placed", "or\x1b]8;;x\x07der placed",
    r'{"msg": "\u006frder placed"}', r'{"msg": "x", "a": {"b": ["c", "\u006frder placed"]}}',
    r'{"msg": "\u006frder placed", "msg": "stopped"}', r'{"\u006frder": "placed"}',
    r'12:00:00 {"msg": "\u006frder placed"}', r'level=info msg="\u006frder placed"',
    r'{"msg": "\u006frder_\u0070laced"}', r'{"msg": "\u043erder placed"}',
])  # fmt: skip
def test_a_forbidden_line_is_found_in_every_dress(line):
    assert Patterns.build().forbidden_by(Spelled.of(line)) == "OBS-7"


@pytest.mark.parametrize("line", [
    json.dumps({"level": {"name": "info"}, "msg": IDLE}),
    json.dumps({"level": 10, "text": IDLE}),
    "[" + json.dumps({"msg": IDLE}) + "]",
    "{" + IDLE,
])  # fmt: skip
def test_a_level_may_be_an_object_or_a_number_and_only_an_object_is_a_record(line):
    stated = Patterns.build().milestone_of(Spelled.of(line))
    assert stated == ("OBS-6" if line.startswith('{"') else None)


@pytest.mark.parametrize("line", ["", "   ", "\r", "\x1b[0m", "\x00"])
def test_a_line_without_a_shape_is_blank(line):
    assert Spelled.of(line).text == ""


def test_a_line_is_read_in_time_whatever_it_is_made_of():
    deep = '{"a":' * 900 + '"order placed"' + "}" * 900
    for line in (" " * 300_000 + "x", "runtime-" * 40_000, "\b" * 300_000, "{" * 300_000):
        assert not Patterns.build().forbidden_by(Spelled.of(line))
    assert Patterns.build().forbidden_by(Spelled.of(deep)) == "OBS-7"


def test_a_word_cut_in_two_by_a_reader_is_read_whole():
    log = StartupLog(Patterns.build())
    log.feed(Line("t", "stdout", "." * 20_000 + "order pla"))
    log.feed(Line("t", "stderr", "aside"))
    assert log.feed(Line("t", "stdout", "ced at 3")).clause == "OBS-7"


@pytest.mark.parametrize("line", [
    "SCHEDULER_ENABLED=false", "no scheduler, no background loops", "live adapters: none",
    "without external calls", "tick_size: 5", "order execution is disabled",
])  # fmt: skip
def test_what_is_said_to_be_off_is_not_forbidden(line):
    assert Patterns.build().forbidden_by(Spelled.of(line)) is None


def test_a_documented_pattern_speaks_of_the_whole_message():
    patterns = Patterns.build(documented=["loading config"])
    assert patterns.is_documented(Spelled.of("INFO loading config"))
    assert not patterns.is_documented(Spelled.of("loading config, and more"))


def test_a_missing_milestone_names_the_line_that_is_nearest():
    log = StartupLog(Patterns.build())
    log.feed(Line("t", "stdout", "idle: strategies armed"))
    assert "nearest is 'idle: strategies armed'" in log.finding("OBS-6").seen
