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
    # Nothing at all, whatever a pattern of somebody's own would take; half a record states itself.
    assert Spelled.of(line).message == (line if line.endswith("}x") else "")
    assert Patterns.build().milestone_of(Spelled.of(line)) is None


@pytest.mark.parametrize("sign", ["\u200b", "\ue000", "\u0378", "\ud800", "\x07"])
@pytest.mark.parametrize("dress", [str, lambda text: json.dumps({"msg": text})], ids=["bare", "record"])
def test_one_sign_without_a_shape_and_the_line_states_nothing(sign, dress):
    assert Spelled.of(dress(f"caf\u00e9 {sign}open")).message == ""
    assert Spelled.of(dress("caf\u00e9 open")).message == "caf\u00e9 open"


@pytest.mark.parametrize(("length", "stated"), [(4096, 4096), (4097, 0)])
def test_no_statement_is_longer_than_a_page(length, stated):
    assert len(Spelled.of("x" * length).message) == stated


@pytest.mark.parametrize(("line", "message"), [
    ('level="info" msg="a b "', "a b"),
    ("message=alone", "alone"),
    ("level=INFO msg=alone", "alone"),
    ('level=info msg="broken', 'level=info msg="broken'),
    ('level=warn msg="a b"', ""),
    ("  " + json.dumps({"msg": " a "}), "a"),
    (json.dumps({"level": {"name": "error"}, "msg": "a"}), ""),
    (json.dumps({"level": {}, "msg": "a"}), ""),
    (json.dumps({"level": "error", "msg": "a"}), ""),
    (json.dumps({"fields": {"message": "a"}}), "a"),
    ("[1]", "[1]"),
])  # fmt: skip
def test_the_message_is_told_to_the_letter(line, message):
    assert Spelled.of(line).message == message


def test_every_field_of_a_record_is_told_however_deep_and_of_whatever_kind():
    record = {"a": {"b": ["x", {"c": True}], "d": None}, "e": 1.5}
    assert Spelled.of(json.dumps(record)).fields == ("b: x", "c: true", "d: null", "e: 1.5")


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
    assert patterns.is_documented(Spelled.of("INFO loading config"), stopping=False)
    assert not patterns.is_documented(Spelled.of("loading config, and more"), stopping=True)


def test_a_missing_milestone_names_the_line_that_is_nearest():
    log = StartupLog(Patterns.build())
    log.feed(Line("t", "stdout", "idle: strategies armed"))
    assert "nearest is 'idle: strategies armed'" in log.finding("OBS-6").seen
