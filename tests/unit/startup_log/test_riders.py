"""What rides along on a milestone, takes it back, or fills the silence after idle."""

import json

import pytest

from pytest_smokedeploy.startup_log import Line, Patterns, StartupLog
from pytest_smokedeploy.startup_log.spelling import Spelled

META = "meta orchestrator initialised"
VALID = "environment validation succeeded"
IDLE = "idle: waiting for a signal"
PATTERNS = Patterns.build()


@pytest.mark.parametrize(
    ("clause", "words"),
    [
        ("OBS-7", "order 17 filled"),
        ("OBS-7", "dispatching orders"),
        ("OBS-7", "order a-17 was filled"),
        ("OBS-7", "BUY 3 BTC @ market"),
        ("OBS-7", "trade 3 BTC done"),
        ("OBS-9", "dialing exchange.example"),
        ("OBS-9", "connection established to exchange.example"),
        ("OBS-9", "request sent to api.exchange.example"),
        ("RUN-1", "execution-plane=live"),
        ("RUN-1", "executionPlane -> live"),
        ("RUN-2", "scheduling jobs"),
        ("RUN-2", "apscheduler up"),
        ("RUN-2", "timer started"),
        ("RUN-2", "job runs"),
        ("RUN-3", "loop running"),
        ("RUN-3", "refresh every 5 s"),
        ("RUN-3", "keepalive sent"),
        ("RUN-3", "3 workers started"),
        ("RUN-3", "thread pool running"),
        ("RUN-4", "live gateway up"),
        ("RUN-4", "production adapter up"),
        ("RUN-4", "adapter: live"),
        ("RUN-4", "real-money account 17"),
    ],
)
def test_a_milestone_carries_nothing_forbidden(clause, words):
    assert PATTERNS.forbidden_by(Spelled.of(f"{META}: {words}")) == clause


@pytest.mark.parametrize(
    "words",
    [
        "scheduler: disabled",
        "no live adapters",
        "adapter: paper",
        "mode=paper",
        "execution_plane: paper",
        "0 orders",
        "trades: 0",
        "polling off",
        "files opened in order",
        "order book created",
        "order book: 0 orders",
        "trades: 12 replayed",
        "connection to the database checked",
        "every adapter checked",
        "4 workers",
    ],
)
def test_what_a_sound_milestone_says_besides_is_not_forbidden(words):
    assert PATTERNS.forbidden_by(Spelled.of(f"{META}: {words}")) is None


@pytest.mark.parametrize(
    ("clause", "field"),
    [
        ("RUN-1", {"executionPlane": "live"}),
        ("RUN-1", {"execution": {"plane": "live"}}),
        ("RUN-1", {"execution_plane": "paper, then live"}),
        ("RUN-4", {"adapter": "live"}),
        ("RUN-4", {"mode": "live"}),
    ],
)
def test_a_field_beside_a_milestone_is_read_too(clause, field):
    assert PATTERNS.forbidden_by(Spelled.of(json.dumps({"msg": META, **field}))) == clause


def test_a_pair_of_logfmt_beside_a_milestone_is_read_too():
    assert PATTERNS.forbidden_by(Spelled.of(f'msg="{META}" execution_plane=live')) == "RUN-1"
    assert PATTERNS.forbidden_by(Spelled.of(f'msg="{META}" execution_plane=paper')) is None


@pytest.mark.parametrize(
    "field",
    [
        {"error": "DATABASE_URL is unset"},
        {"exc_info": ["ValueError"]},
        {"success": False},
        {"status": "failed"},
        {"Level": "Error"},
        {"level": "info", "severity": "ERROR"},
        {"severityText": "ERROR"},
        {"severity": 3},
        {"level": True},
        {"fields": {"err": "unset"}},
    ],
)
def test_a_record_whose_fields_take_it_back_states_nothing(field):
    assert not Spelled.of(json.dumps({"msg": VALID, **field})).message


@pytest.mark.parametrize(
    "field",
    [{"error": None}, {"err": ""}, {"status": "ok"}, {"level": 6}, {"ok": True}],
)
def test_a_record_whose_fields_agree_states_its_message(field):
    assert Spelled.of(json.dumps({"msg": VALID, **field})).message == VALID


@pytest.mark.parametrize("pair", ['err="DATABASE_URL is unset"', "lvl=error", "severity=ERROR", "ok=false"])
def test_logfmt_that_takes_its_message_back_states_nothing(pair):
    assert not Spelled.of(f'level=info msg="{VALID}" {pair}').message


@pytest.mark.parametrize(
    "line",
    [
        "reference-runtime 1.0.0 is not starting",
        "runtime failed while starting",
        f"{VALID}: 3 of 12",
        f"{VALID} (bypassed)",
        f"{VALID}: DATABASE_URL unset",
    ],
)
def test_a_milestone_that_is_taken_back_is_none(line):
    assert PATTERNS.milestone_of(Spelled.of(line)) is None


def test_one_blank_line_behind_idle_is_its_end_and_more_are_a_loop():
    log = StartupLog(PATTERNS)
    kinds = [log.feed(Line("t", "stdout", text)).kind for text in (IDLE, "", "")]
    assert kinds == ["milestone", "blank", "forbidden"]


def test_the_words_of_the_shutdown_are_documented_once_the_stop_was_asked():
    log = StartupLog(PATTERNS)
    assert log.feed(Line("t", "stdout", "stopped")).kind == "undocumented"
    log.stopping()
    assert log.feed(Line("t", "stdout", "stopped")).kind == "documented"
