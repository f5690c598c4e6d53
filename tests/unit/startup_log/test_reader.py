"""What the lines of a start-up log mean."""

import json

import pytest

from pytest_smokedeploy.startup_log import Line, Patterns, StartupLog

HEALTHY = [
    "reference-runtime 1.0.0 starting",
    "execution plane: paper",
    "environment validation succeeded",
    "persistence mounts validated: audit-events, snapshots",
    "replay phase started",
    "replay phase finished: 0 events",
    "meta orchestrator initialised",
    "idle: waiting for a signal",
]
TAIL = ["stopping: signal TERM", "stopped"]
CLAUSES = [f"OBS-{n}" for n in range(1, 10)] + ["DET-1", *(f"RUN-{n}" for n in range(1, 6))]


def read(lines, *, quiet=True, tail=TAIL, exit_code=0, **patterns):
    log = StartupLog(Patterns.build(**patterns))
    for n, text in enumerate(lines):
        log.feed(Line(f"2026-01-01T00:00:{n % 60:02}Z", "stdout", text))
    if quiet and log.phase == "idle" and not log.violated:
        log.quiet(3.0)
    log.stopping()
    for text in tail:
        log.feed(Line("2026-01-01T00:01:00Z", "stdout", text))
    log.end(exit_code)
    return log


def holds(log):
    return {clause: log.finding(clause).holds for clause in CLAUSES}


def test_a_healthy_log_proves_every_clause():
    log = read(HEALTHY)
    assert set(holds(log).values()) == {True}
    assert log.undocumented == []


@pytest.mark.parametrize("decorate", [
    lambda t: f"2026-01-01T00:00:00.123456789Z INFO {t}",
    lambda t: f"[2026-01-01 00:00:00,123] [info] {t}",
    lambda t: f"\x1b[32m{t}\x1b[0m\r",
    str.upper,
    lambda t: json.dumps({"level": "info", "msg": t}),
])  # fmt: skip
def test_spelling_does_not_matter(decorate):
    log = read([decorate(t) for t in HEALTHY], tail=[decorate(t) for t in TAIL])
    assert set(holds(log).values()) == {True}, log.met
    assert log.undocumented == []


@pytest.mark.parametrize(
    ("missing", "clause"),
    [(0, "OBS-1"), (1, "RUN-1"), (2, "OBS-2"), (3, "OBS-3"), (4, "OBS-4"), (6, "OBS-5"), (7, "OBS-6")],
)
def test_a_missing_line_violates_its_clause(missing, clause):
    log = read([t for n, t in enumerate(HEALTHY) if n != missing], tail=[], quiet=True)
    assert log.finding(clause).holds is False


@pytest.mark.parametrize(
    ("place", "line"),
    [
        (2, "environment validation failed: ORDER_LIMIT is not set"),
        (2, "environment validation success: false"),
        (2, "ERROR environment validation succeeded never"),
        (3, "persistence mounts validated: audit-events"),
        (3, "persistence mounts validated: audit-events, snapshots not writable"),
        (6, "meta orchestrator initialised with errors"),
    ],
)
def test_a_milestone_that_says_no_is_none(place, line):
    lines = list(HEALTHY)
    lines[place] = line
    clause = {2: "OBS-2", 3: "OBS-3", 6: "OBS-5"}[place]
    assert read(lines).finding(clause).holds is False


@pytest.mark.parametrize(
    ("line", "clause"),
    [
        ("order placed: BTC-EUR 1", "OBS-7"),
        ("Submitting order 17", "OBS-7"),
        ('{"level":"info","event":"order_executed","msg":"order executed"}', "OBS-7"),
        ("ORDER FILLED", "OBS-7"),
        ("strategy tick 1", "OBS-8"),
        ("\x1b[31mtick\x1b[0m", "OBS-8"),
        ("GET https://api.exchange.example/v1", "OBS-9"),
        ("connecting to exchange", "OBS-9"),
        ("execution plane: live", "RUN-1"),
        ("scheduler started", "RUN-2"),
        ("heartbeat 1", "RUN-3"),
        ("background loop running", "RUN-3"),
        ("live adapter connected", "RUN-4"),
    ],
)
@pytest.mark.parametrize("where", ["start", "idle", "stop"])
def test_a_forbidden_line_violates_its_clause_wherever_it_stands(line, clause, where):
    lines, tail = list(HEALTHY), list(TAIL)
    if where == "start":
        lines.insert(5, line)
    elif where == "idle":
        lines.append(line)
    else:
        tail.insert(1, line)
    log = read(lines, tail=tail)
    assert next(iter(log.violated)) == clause
    assert log.finding(clause).holds is False


@pytest.mark.parametrize(
    "line", ["scheduler: disabled", "live adapters: none", "order execution disabled", "heartbeat off"]
)
def test_saying_that_something_is_off_is_no_violation(line):
    assert read([*HEALTHY[:6], line, *HEALTHY[6:]]).violated == {}


def test_an_executed_order_violates_run_5_after_obs_7():
    assert list(read([*HEALTHY, "order executed"]).violated) == ["OBS-7", "RUN-5"]


def test_any_line_after_idle_is_a_background_loop():
    assert list(read([*HEALTHY, "all is well"]).violated) == ["RUN-3"]


@pytest.mark.parametrize("order", [[0, 2, 1], [0, 1, 2, 3, 4, 6, 7, 0], [0, 2, 3, 2]])
def test_milestones_swapped_or_twice_violate_det_1(order):
    lines = [HEALTHY[n] for n in order]
    swapped = [HEALTHY[0], HEALTHY[3], HEALTHY[2]] if order == [0, 2, 1] else lines
    assert "DET-1" in read(swapped).violated


def test_leaving_after_idle_violates_obs_6():
    log = StartupLog(Patterns.build())
    for text in HEALTHY:
        log.feed(Line("2026-01-01T00:00:00Z", "stdout", text))
    log.end(0)
    assert log.finding("OBS-6").holds is False


def test_what_came_after_a_violation_is_not_established():
    log = StartupLog(Patterns.build())
    log.feed(Line("2026-01-01T00:00:00Z", "stdout", HEALTHY[0]))
    log.feed(Line("2026-01-01T00:00:00Z", "stdout", "order placed"))
    assert [log.finding(c).holds for c in ("OBS-1", "OBS-2", "OBS-7", "OBS-8")] == [True, None, False, None]


def test_a_broken_stream_establishes_nothing_more():
    log = StartupLog(Patterns.build())
    log.feed(Line("2026-01-01T00:00:00Z", "stdout", HEALTHY[0]))
    log.cut("the edge closed it")
    assert log.finding("OBS-1").holds is True
    assert log.finding("OBS-2").holds is None


def test_an_unknown_line_is_undocumented_and_a_documented_one_is_not():
    lines = [*HEALTHY[:3], "warming caches", *HEALTHY[3:]]
    assert [line.text for line in read(lines).undocumented] == ["warming caches"]
    assert read(lines, documented=["warming caches$"]).undocumented == []


def test_the_settings_own_pattern_replaces_that_default():
    lines = ["hello" if n == 0 else t for n, t in enumerate(HEALTHY)]
    assert read(lines, milestones={"OBS-1": ["hello$"]}).finding("OBS-1").holds is True


def test_a_forbidden_pattern_may_refer_back_to_its_own_group():
    own = {"OBS-7": [r"(buy)now"], "OBS-8": [r"(tac)\1"]}
    assert list(read([*HEALTHY, "tactac"], forbidden=own).violated) == ["OBS-8"]
    assert list(read(["tac", *HEALTHY], forbidden=own).violated) == []
