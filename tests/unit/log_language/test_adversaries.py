"""Lines that a runtime which trades may write: none passes for one of the model's own."""

import json

import pytest

from pytest_smokedeploy.log_language.defaults import DOCUMENTED, MILESTONES, SHUTDOWN
from pytest_smokedeploy.log_language.frames import FRAMES
from tests.unit.judging.start_up import HEALTHY, TAIL, language

LANGUAGE = language()
SOUND = [*HEALTHY, *TAIL]
DEEDS = [
    "live trading enabled",
    "order placed",
    "BUY 3 ABC",
    "bought 0.5 ABC at 60000",
    "position long 3 ABC",
    "liquidated",
    "filled",
    "production database",
    "postgres://user@db.example/prod",
    "api_key=abcdef0123456789",
    "token eyJhbGciOi",
    "broker session up",
    "websocket up api.example.com",
    "10.0.0.7:443",
    "strategy tick 1",
    "scheduler started",
    "heartbeat 1",
    "PLANE live",
    "adapter: live",
    "mode=live",
    "on scratch space",
    "with errors",
    "skipped",
    "(dry run)",
    "not",
    "1",
    "1.2.3",
    "/orders/3",
    "ABC",
    "\u043ek",
]


@pytest.mark.parametrize("deed", DEEDS)
def test_no_deed_rides_on_a_sound_line(deed):
    for line in SOUND:
        for dressed in (
            f"{line} {deed}",
            f"{line}, {deed}",
            f"{line}: {deed}",
            f"{line} ({deed})",
            f"{deed} {line}",
            f"{deed}: {line}",
            f"[{deed}] {line}",
            f"INFO:{deed}:{line}",
            f"INFO {deed} {line}",
            f"2026-01-01 00:00:00 {deed} {line}",
            f"2026-01-01 00:00:00 {deed}: {line}",
            f"2026-01-01 00:00:00 INFO {deed} - {line}",
            f"2026-01-01 00:00:00 [{deed}] {line}",
            f"{deed}\r{line}",
            f"{line}\r{deed}",
            f"{line}\x00{deed}",
            f"{line} \x1b[8m{deed}\x1b[0m",
            f"{line}\u2028{deed}",
            f"{line}\u200b{deed}",
            json.dumps({"msg": line, "what": deed}),
            json.dumps({"msg": line, deed: ""}),
            json.dumps({"msg": line, "a": {"b": [deed]}}),
            json.dumps({"msg": f"{line} {deed}"}),
            json.dumps({"msg": line, "message": deed}),
            json.dumps({"msg": line, "level": deed}),
            json.dumps({"msg": line, "time": deed}) if deed != "1" else "",
            f'level=info msg="{line}" what="{deed}"',
            f'level=info msg="{line}" {deed}',
        ):
            assert not LANGUAGE.read(dressed).entries, dressed


@pytest.mark.parametrize("deed", DEEDS)
def test_no_deed_is_a_line_of_its_own_in_any_frame(deed):
    holes = {"time": "12:00:00", "level": "INFO", "logger": "a.b", "pid": 1, "thread": "t", "source": "a:1"}
    for frame in FRAMES:
        assert not LANGUAGE.read(frame.format(**holes, message=deed)).entries


@pytest.mark.parametrize("key", ["logger", "name", "host", "hostname", "version", "pid", "target", "v"])
def test_a_field_that_goes_is_one_harmless_token(key):
    for value in ("live", "order.placed", "prod-1", "buy3", "a b", {"a": 1}, ["x"], "x" * 65):
        assert not LANGUAGE.read(json.dumps({"msg": SOUND[0], key: value})).entries, value


LEVELS = [
    "WARN",
    "warning",
    "ERROR",
    "err",
    "fatal",
    "CRITICAL",
    "panic",
    "live",
    "",
    40,
    7,
    -1,
    True,
    None,
    [],
]


@pytest.mark.parametrize("level", LEVELS)
def test_a_level_above_notice_meets_nothing(level):
    for line in SOUND:
        assert not LANGUAGE.read(json.dumps({"msg": line, "level": level})).entries
        if isinstance(level, str) and level:
            assert not LANGUAGE.read(f"{level} {line}").entries
            assert not LANGUAGE.read(f"[{level}] {line}").entries
            assert not LANGUAGE.read(f"12:00:00 [{level}] {line}").entries
            assert not LANGUAGE.read(f"INFO [{level}] {line}").entries


@pytest.mark.parametrize(
    "letter", ["a\u0430", "e\u0435", "i\u0456", "o\u043e", "o\u03bf", "a\uff41", "s\u017f", "i\u0131"]
)
def test_a_letter_of_another_script_meets_nothing(letter):
    latin, other = letter
    for line in SOUND:
        if latin in line:
            assert not LANGUAGE.read(line.replace(latin, other)).entries


def test_a_placeholder_of_the_models_own_templates_takes_no_word():
    texts = [*DOCUMENTED, *SHUTDOWN, *(text for texts in MILESTONES.values() for text in texts)]
    for text in texts:
        for name in ("version", "number", "mounts"):
            for word in ("live", "buy3", "1.2.3.4", "3 ABC", "audit-events, live", "1e9", "\u0661"):
                filled = text.replace(f"{{{name}}}", word)
                assert filled == text or not LANGUAGE.read(filled).entries, filled
