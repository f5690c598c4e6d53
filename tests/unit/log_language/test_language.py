"""From a raw line to its message: what is taken off, and that nothing else is repaired."""

import json

import pytest

from pytest_smokedeploy.log_language.frames import FRAMES
from tests.unit.judging.start_up import language

IDLE = "idle: waiting for a signal"
LANGUAGE = language()
HOLES = {
    "time": "2026-01-01 12:00:00,123",
    "level": "INFO",
    "logger": "runtime.main",
    "pid": "4711",
    "thread": "main-1",
    "source": "app.main:start:12",
}


def clauses(line, made=LANGUAGE):
    return [entry.clause for entry in made.read(line).entries]


@pytest.mark.parametrize("frame", FRAMES)
def test_every_frame_is_taken_off_once(frame):
    line = frame.format(**HOLES, message=IDLE)
    assert LANGUAGE.read(line).message == IDLE
    assert clauses(line) == ["OBS-6"]
    assert clauses(frame.format(**HOLES, message=line)) == []


@pytest.mark.parametrize("line", [
    f"2026-01-01T00:00:00.123456789Z {IDLE}",
    f"12:00:00.5 | INFO | {IDLE}",
    f"INFO:     {IDLE}",
    f"INFO:uvicorn.error:{IDLE}",
    f"2026-01-01 00:00:00 [info     ] {IDLE}",
    f"[2026-01-01 00:00:00 +0000] [7] [INFO] {IDLE}",
    f"2026-01-01T00:00:00Z  INFO runtime::wiring: {IDLE}",
    f"2026-01-01 00:00:00.123  INFO 7 --- [           main] c.e.Runtime : {IDLE}",
    f"2026-01-01 00:00:00.123 | INFO     | app.main:<module>:12 - {IDLE}",
    f"2026/01/01 00:00:00 main.go:23: {IDLE}",
    f"\x1b[1;32m{IDLE}\x1b[0m\r\n",
    f"  {IDLE}\t ",
    "idle:\t waiting   for a signal",
    "IDLE: WAITING FOR A SIGNAL\n",
])  # fmt: skip
def test_what_loggers_and_terminals_add_is_taken_off(line):
    assert clauses(line) == ["OBS-6"]


@pytest.mark.parametrize("line", [
    f"WARN {IDLE}",
    f"WARNING: {IDLE}",
    f"2026-01-01T00:00:00Z ERROR {IDLE}",
    f"INFO:order.placed:{IDLE}",
    f"INFO:buy:{IDLE}",
    f"INFO:liquidated:{IDLE}",
    f"2026-01-01 00:00:00 [not] INFO a.b - {IDLE}",
    f"2026-01-01 00:00:00 10.0.0.7:443: {IDLE}",
    f"2026-01-01 00:00:00 api.example.com:443: {IDLE}",
    f"INFO:live.feed:{IDLE}",
    f"2026-01-01 00:00:00 [trade-3] INFO runtime - {IDLE}",
    f"2026-01-01 00:00:00 orders.py:3: {IDLE}",
    f"INFO order placed {IDLE}",
    f"INFO INFO {IDLE}",
    f"[INFO] [WARN] {IDLE}",
    f"INFO:error:{IDLE}",
    f"[2026-01-01 00:00:00: INFO/Fatal] {IDLE}",
    f"other {IDLE}",
    f"{IDLE}.",
    f"{IDLE} and more",
    f"{IDLE}\r\r\n",
    f"INFO:engine.BUYOrder:{IDLE}",
    f"INFO:app.ERROR:{IDLE}",
    f"12:00:00 [FATAL-1] INFO a.b - {IDLE}",
    f"12:00:00 panic.go:12: {IDLE}",
    f"INFO:engine.LIVETrading:{IDLE}",
    f"INFO:a.HTTPConnector:{IDLE}",
    f"INFO \u00a0{IDLE}",
    f"INFO \x0b{IDLE}",
    f"gone\r{IDLE}",
    f"{IDLE}\x00",
    f"\x1b[2K{IDLE}",
    "idle\u200b: waiting for a signal",
    "\u0456dle: waiting for a signal",
    "idl\u03b5: waiting for a signal",
    "\uff49dle: waiting for a signal",
    "idle:\u00a0waiting for a signal",
    "idle: waiting for a \u017fignal",
    "idle: wa\u0131ting for a signal",
    IDLE + " " * 9000,
    "\\x69dle: waiting for a signal",
])  # fmt: skip
def test_nothing_else_is_repaired(line):
    assert clauses(line) == []


def test_a_raw_line_has_its_longest():
    assert clauses("idle" + " " * 8188) == ["OBS-6"]
    assert clauses("idle" + " " * 8189) == []


def test_a_message_has_its_longest():
    made = language(documented=["x" * 1000 + " {path} {hex}"])
    line = f"{'x' * 1000} {'/abc' * 12} {'a' * 64}"
    assert made.read(line).entries
    assert made.read("INFO " + line).entries
    assert not LANGUAGE.read("x" * 2049).entries


@pytest.mark.parametrize("record", [
    {"msg": IDLE},
    {"event": IDLE, "timestamp": "2026-01-31T10:00:00Z", "level": "info", "logger": "app.main"},
    {"@t": "2026-01-31T10:00:00.1Z", "@m": IDLE},
    {"severity": "INFO", "message": IDLE},
    {"level": 30, "time": 1700000000123, "pid": 7, "hostname": "box-1", "msg": IDLE, "v": 0},
    {"timestamp": "2026-01-01T00:00:00Z", "level": "INFO", "fields": {"message": IDLE}},
    {"log": {"level": "info", "logger": "runtime.main"}, "message": f"\x1b[32m{IDLE}\x1b[0m"},
    {"Level": "Information", "@t": "2026-01-01T00:00:00Z", "message": f"  {IDLE} "},
    {"ts": 1.5, "level": {"name": "info"}, "msg": IDLE},
])  # fmt: skip
def test_a_record_is_its_message_where_it_says_nothing_else(record):
    assert clauses(json.dumps(record)) == ["OBS-6"]


@pytest.mark.parametrize("record", [
    {"level": "warn", "msg": IDLE},
    {"level": 40, "msg": IDLE},
    {"level": "info", "severity": "ERROR", "msg": IDLE},
    {"log": {"level": "error"}, "msg": IDLE},
    {"Level": "Error", "msg": IDLE},
    {"level": None, "msg": IDLE},
    {"msg": IDLE, "position": "long"},
    {"msg": IDLE, "a": {"b": {"c": {"d": {"e": 1}}}}},
    {"msg": IDLE, "error": None},
    {"msg": IDLE, "message": "order placed"},
    {"event": IDLE, "message": "order placed"},
    {"event": "order placed", "msg": IDLE},
    {"msg": IDLE, "logger": "order.placed"},
    {"msg": IDLE, "logger": "two words"},
    {"msg": IDLE, "name": "ERROR"},
    {"msg": IDLE, "name": "app.ERROR"},
    {"msg": IDLE, "name": "withdrew"},
    {"msg": IDLE, "logger": "withdrew"},
    {"msg": IDLE, "target": "runtime"},
    {"msg": IDLE, "host": "api.example.com"},
    {"msg": IDLE, "pid": "123456789"},
    {"msg": IDLE, "pid": "withdrew"},
    {"msg": IDLE, "version": "withdrew"},
    {"msg": IDLE, "logger": "app.main.real", "host": "money"},
    {"msg": IDLE, "host": "live-1"},
    {"msg": IDLE, "time": "now"},
    {"msg": IDLE, "ok": True},
    {"msg": IDLE, "order placed: ABC 500": {}},
    {"msg": IDLE, "a": {"order placed": {}}},
    {"msg": [IDLE]},
    {"msg": IDLE, "a": [{"b": 1}]},
    {"msg": f"INFO {IDLE}"},
    {"msg": f"{IDLE}\n"},
    {"msg": "idle\u200b: waiting for a signal"},
    {"want": IDLE},
    {},
])  # fmt: skip
def test_a_field_that_nobody_wrote_keeps_a_record_from_its_template(record):
    assert clauses(json.dumps(record)) == []


@pytest.mark.parametrize("line", [
    f'{{"msg": "gone", "msg": "{IDLE}"}}',
    f'{{"a.b": 1, "a": {{"b": 1}}, "msg": "{IDLE}"}}',
    f'[{{"msg": "{IDLE}"}}]',
    f'{{"msg": "{IDLE}"}}x',
    f'x {{"msg": "{IDLE}"}}',
    f'level=error msg="{IDLE}"',
    f'level=info msg="{IDLE}" err="unset"',
    f'level=info msg="{IDLE}" ok',
    f'level=info level=info msg="{IDLE}"',
    f'level=info msg="{IDLE}',
    "{" * 8000,
    '{"a":' * 1600,
])  # fmt: skip
def test_half_a_record_and_a_key_twice_are_no_record(line):
    assert clauses(line) == []


def test_every_other_field_is_appended_in_the_order_of_the_keys_and_written_so():
    record = {"msg": "replayed", "n": 3, "b": {"x": True, "a": None}, "l": [1, "a"], "big": 10**4000}
    message = LANGUAGE.read(json.dumps(record)).messages[0]
    assert message.startswith("replayed b.a=null b.x=true big=1000")
    assert message.endswith('l=["1", "a"] n=3')
    made = language(documented=["replayed ms={number} n={number}"])
    assert made.read('{"n": 3, "msg": "replayed", "ms": 1.5, "level": "info"}').entries
    assert made.read("level=info msg=replayed ms=1.5 n=3").entries
    assert not made.read('{"n": 3, "msg": "replayed", "ms": "1.5 buy"}').entries


@pytest.mark.parametrize("line", ["", "   ", "\r", "\n", "\t", "\x1b[0m", "\x1b[1;31m \x1b[0m"])
def test_an_empty_line_has_no_message(line):
    assert LANGUAGE.read(line).message == ""


@pytest.mark.parametrize(
    ("line", "template", "at"),
    [
        ("INFO idle: waiting for a signel", IDLE, 24),
        ("replay phase finished: many events", "replay phase finished: {number} events", 23),
        ("meta orchestrator initialised with errors", "meta orchestrator initialised", 29),
    ],
)
def test_the_nearest_template_and_where_the_two_part(line, template, at):
    near = LANGUAGE.nearest([LANGUAGE.read(line)])
    assert (near.entry.template.text, near.at) == (template, at)


def test_a_line_without_a_word_in_common_is_near_to_none():
    assert LANGUAGE.nearest([LANGUAGE.read("xyz"), LANGUAGE.read("x" * 9000)]) is None


def test_a_templates_blanks_are_read_as_a_lines_are():
    assert language(documented=["caches   warm "]).read("caches warm").entries
