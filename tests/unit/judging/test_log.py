"""What the lines of a start-up log are, and which clauses they meet or violate."""

import json

import pytest

from pytest_smokedeploy.judging import Line
from tests.unit.judging.start_up import HEALTHY, TAIL, fed, whole

CLAUSES = [f"OBS-{n}" for n in range(1, 10)] + ["DET-1", *(f"RUN-{n}" for n in range(1, 6))]


def holds(log):
    return {clause: log.finding(clause).holds for clause in CLAUSES}


def kinds(log):
    return [match.kind for match in log.matches]


def test_a_healthy_log_proves_every_clause():
    log = whole(HEALTHY)
    assert set(holds(log).values()) == {True}
    assert log.undocumented == []


@pytest.mark.parametrize("decorate", [
    lambda t: f"2026-01-01T00:00:00.123456789Z INFO {t}",
    lambda t: f"[2026-01-01 00:00:00,123] [info] {t}",
    lambda t: f"\x1b[32m{t}\x1b[0m\r",
    str.upper,
    lambda t: json.dumps({"level": "info", "msg": t}),
    lambda t: f'time=2026-01-01T00:00:00Z level=info msg="{t}"',
])  # fmt: skip
def test_a_frame_a_record_colour_and_case_do_not_matter(decorate):
    log = whole([decorate(t) for t in HEALTHY], tail=[decorate(t) for t in TAIL])
    assert set(holds(log).values()) == {True}, log.matches
    assert log.undocumented == []


@pytest.mark.parametrize(
    ("missing", "clause"),
    [(0, "OBS-1"), (1, "RUN-1"), (2, "OBS-2"), (3, "OBS-3"), (4, "OBS-4"), (6, "OBS-5"), (7, "OBS-6")],
)
def test_a_missing_line_violates_its_clause(missing, clause):
    assert whole([t for n, t in enumerate(HEALTHY) if n != missing], tail=[]).finding(clause).holds is False


@pytest.mark.parametrize(
    ("place", "line"),
    [
        (0, "reference-runtime 1.0.0 starting trading engine"),
        (2, "environment validated (live credentials loaded)"),
        (2, "environment validated; PLANE live"),
        (2, "environment validation failed: ORDER_LIMIT is not set"),
        (2, "environment validation success: false"),
        (2, "ERROR environment validation succeeded"),
        (2, "WARN environment validation succeeded"),
        (2, '{"level": "warn", "msg": "environment validation succeeded"}'),
        (2, '{"msg": "environment validation succeeded", "error": "DATABASE_URL is unset"}'),
        (3, "persistence mounts validated: audit-events"),
        (3, "persistence mounts validated: audit-events, audit-events"),
        (3, "persistence mounts validated: audit-events, snapshots not writable"),
        (3, "persistence mounts validated: audit-events, snapshots on scratch space"),
        (4, "replay started; quoting 0.5 ABC @ 60000"),
        (4, "replay started against production database"),
        (6, "meta orchestrator initialised, position long 3 ABC"),
        (6, "meta orchestrator initialised: websocket up api.example.com"),
        (6, "meta orchestrator initialised with errors"),
    ],
)
def test_what_a_line_says_beside_the_template_is_met_by_nothing(place, line):
    log = fed(*HEALTHY[:place], line)
    assert kinds(log)[-1] in {"forbidden", "undocumented"}
    assert log.matches[-1].clause in {"", "RUN-1", "RUN-4", "OBS-9"}


FORBIDDEN = [
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
]


@pytest.mark.parametrize(("line", "clause"), FORBIDDEN)
@pytest.mark.parametrize("where", ["start", "idle", "stop"])
def test_a_line_with_forbidden_words_violates_their_clause_wherever_it_stands(line, clause, where):
    lines, tail = list(HEALTHY), list(TAIL)
    if where == "start":
        lines.insert(5, line)
    elif where == "idle":
        lines.append(line)
    else:
        tail.insert(1, line)
    log = whole(lines, tail=tail)
    assert next(iter(log.violated)) == clause
    assert log.finding(clause).holds is False


def test_a_line_that_a_template_documents_is_no_violation_whatever_it_says():
    own = {"OBS-2": ["environment validation: ok (EXECUTION_PLANE=paper)"]}
    lines = [*HEALTHY[:2], "environment validation: ok (EXECUTION_PLANE=paper)", *HEALTHY[3:]]
    log = whole(lines, milestones=own)
    assert set(holds(log).values()) == {True}
    assert log.matches[2].clauses == ("OBS-2",)


def test_one_line_meets_every_milestone_whose_template_it_is():
    text = "environment validation succeeded: execution plane: paper"
    log = whole([HEALTHY[0], text, *HEALTHY[3:]], milestones={"OBS-2": [text], "RUN-1": [text]})
    assert log.matches[1].clauses == ("OBS-2", "RUN-1")
    assert set(holds(log).values()) == {True}


PARTS = {"OBS-3": {"all": ["mounted audit-events at {path}", "mounted snapshots at {path}"]}}
MOUNTED = ["mounted audit-events at /data/a", "mounted snapshots at /data/s"]


@pytest.mark.parametrize("order", [1, -1])
def test_a_milestone_of_several_lines_is_met_once_all_came(order):
    log = whole([*HEALTHY[:3], *MOUNTED[::order], *HEALTHY[4:]], milestones=PARTS)
    assert set(holds(log).values()) == {True}


def test_a_milestone_of_several_lines_says_how_many_came():
    log = fed(*HEALTHY[:3], MOUNTED[0], *HEALTHY[4:], milestones=PARTS)
    assert log.finding("OBS-3").holds is False
    assert log.finding("OBS-3").seen.endswith("1 of its 2 lines came")


@pytest.mark.parametrize("lines", [
    [*HEALTHY[:3], MOUNTED[0], MOUNTED[0]],
    [*HEALTHY[:3], MOUNTED[0], HEALTHY[4], MOUNTED[1]],
])  # fmt: skip
def test_a_part_that_comes_twice_or_late_violates_det_1(lines):
    assert "DET-1" in fed(*lines, milestones=PARTS).violated


@pytest.mark.parametrize("line", ["scheduler: disabled", "live adapters: none", "order execution disabled"])
def test_what_is_said_to_be_off_is_undocumented_and_no_violation(line):
    log = whole([*HEALTHY[:6], line, *HEALTHY[6:]])
    assert log.violated == {}
    assert [one.text for one in log.undocumented] == [line]
    assert whole([*HEALTHY[:6], line, *HEALTHY[6:]], documented=[line]).undocumented == []


def test_an_executed_order_violates_run_5_after_obs_7():
    assert list(whole([*HEALTHY, "order executed"]).violated) == ["OBS-7", "RUN-5"]


@pytest.mark.parametrize(
    "lines", [["all is well"], ["", ""], ["", "x"], [HEALTHY[5]], [HEALTHY[1]], TAIL, ["\x00"]]
)
def test_nothing_is_documented_between_idle_and_the_stop(lines):
    log = fed(*HEALTHY, *lines)
    assert list(log.violated) == ["RUN-3"]
    assert kinds(log)[-len(lines) :][0] == ("blank" if not lines[0] else "forbidden")


def test_an_excepted_line_is_one_once_and_before_idle_alone():
    line = "connected to redis at 127.0.0.1:6379"
    given = {"excepted": [{"line": line, "clause": "OBS-9", "because": "a cache"}]}
    log = whole([*HEALTHY[:3], f"INFO {line}", *HEALTHY[3:]], **given)
    assert (log.violated, log.undocumented) == ({}, [])
    assert (log.matches[3].kind, log.matches[3].clause) == ("excepted", "OBS-9")
    assert list(fed(HEALTHY[0], line, line, **given).violated) == ["OBS-9"]
    assert list(fed(*HEALTHY, line, **given).violated) == ["OBS-9"]
    assert list(fed(HEALTHY[0], f"{line}0", **given).violated) == ["OBS-9"]


def test_the_words_of_the_shutdown_are_documented_once_the_stop_was_asked():
    log = fed("stopped", "all flushed", shutdown=["all flushed"])
    assert kinds(log) == ["undocumented", "undocumented"]
    log.stopping()
    assert log.feed(Line("t", "stdout", "stopped")).kind == "documented"
    assert log.feed(Line("t", "stdout", "all flushed")).kind == "documented"
    assert log.feed(Line("t", "stdout", "and more")).kind == "undocumented"


@pytest.mark.parametrize("order", [[0, 2, 1], [0, 1, 2, 3, 4, 6, 7, 0], [0, 2, 3, 2]])
def test_milestones_swapped_or_twice_violate_det_1(order):
    lines = [HEALTHY[n] for n in order]
    swapped = [HEALTHY[0], HEALTHY[3], HEALTHY[2]] if order == [0, 2, 1] else lines
    assert "DET-1" in whole(swapped).violated


def test_leaving_after_idle_violates_obs_6():
    log = fed(*HEALTHY)
    log.end(0)
    assert log.finding("OBS-6").holds is False


def test_what_came_after_a_violation_is_not_established():
    log = fed(HEALTHY[0], "order placed")
    assert [log.finding(c).holds for c in ("OBS-1", "OBS-2", "OBS-7", "OBS-8")] == [True, None, False, None]


def test_a_broken_stream_establishes_nothing_more():
    log = fed(HEALTHY[0])
    log.cut("the edge closed it")
    assert log.finding("OBS-1").holds is True
    assert log.finding("OBS-2").holds is None


def test_an_unknown_line_is_undocumented_and_a_documented_one_is_not():
    lines = [*HEALTHY[:3], "warming caches", *HEALTHY[3:]]
    assert [line.text for line in whole(lines).undocumented] == ["warming caches"]
    assert whole(lines, documented=["warming caches"]).undocumented == []


def test_the_settings_own_template_replaces_that_default():
    lines = ["hello 7" if n == 0 else t for n, t in enumerate(HEALTHY)]
    own = {"OBS-1": ["hello {number}"]}
    assert whole(lines, milestones=own).finding("OBS-1").holds is True
    assert whole(HEALTHY, milestones=own).finding("OBS-1").holds is False


def test_the_settings_own_words_name_a_line():
    assert list(fed("quote sent to venue", forbidden={"OBS-7": ["Quote Sent"]}).violated) == [
        "OBS-7",
        "RUN-5",
    ]


@pytest.mark.parametrize("line", ["order " + "0" * 200_000, "order " + "1-" * 95_000, "x" * 2_000_000])
def test_a_long_line_is_undocumented_and_read_once(line):
    assert kinds(fed(line)) == ["undocumented"]


@pytest.mark.parametrize(
    "line", ['{"msg":"","x":{}}', '{"msg": ""}', 'msg="" logger=we name=just target=withdrew']
)
def test_a_record_without_words_is_no_blank_line(line):
    for before in ((), HEALTHY):
        assert fed(*before, line).matches[-1].kind in {"undocumented", "forbidden"}


def test_one_empty_line_ends_an_idle_line_that_meets_another_clause_too():
    line = "meta orchestrator initialised, idle"
    log = fed(*HEALTHY[:6], line, "", milestones={"OBS-5": [line], "OBS-6": [line]})
    assert log.matches[-2].clauses == ("OBS-5", "OBS-6")
    assert log.matches[-1].kind == "blank"
    assert not log.violated
