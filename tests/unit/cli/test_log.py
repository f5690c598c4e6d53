"""``smokedeploy log``: a captured log against the settings."""

import io
import json
from types import SimpleNamespace

import pytest

from pytest_smokedeploy.cli.log import _NEXT, read
from pytest_smokedeploy.cli.main import main
from pytest_smokedeploy.model import CLAUSE, MILESTONES
from pytest_smokedeploy.settings import load
from pytest_smokedeploy.startup_log import Line

HEALTHY = [
    "reference-runtime 1.0.0 starting",
    "execution plane: paper",
    "environment validation succeeded",
    "persistence mounts validated: audit-events, snapshots",
    "replay phase started",
    "replay phase finished: 0 events",
    "meta orchestrator initialised",
    "idle: waiting for a signal",
    "stopping: signal TERM",
    "stopped",
]
SETTINGS = "image: {repository: ghcr.io/example/runtime}\nagent: {container_name: runtime-dev}\n"


@pytest.fixture
def log(tmp_path, capsys):
    """log(lines, settings) -> exit status and what was printed."""

    def run(lines, settings=SETTINGS):
        file, config = tmp_path / "captured.log", tmp_path / "smokedeploy.yml"
        file.write_bytes("".join(f"{line}\n" for line in lines).encode())
        config.write_text(settings)
        status = main(["log", str(file), "--config", str(config)])
        return status, capsys.readouterr().out

    return run


@pytest.mark.parametrize("spell", [
    lambda t: t,
    lambda t: f"2026-01-01T00:00:00.123456789Z {t}",
    lambda t: f"2026-01-01T00:00:00.123Z stdout [documented] {t}",
    lambda t: json.dumps({"level": "info", "msg": t}),
    lambda t: f"2026-01-01T00:00:00.123456789Z {json.dumps({'level': 'info', 'msg': t})}",
    lambda t: f"{t}\r",
])  # fmt: skip
def test_a_log_that_would_pass_ends_with_0_and_names_each_clause(log, spell):
    status, out = log([spell(line) for line in HEALTHY])
    assert status == 0, out
    for clause in ("OBS-1", "OBS-2", "OBS-3", "OBS-4", "OBS-5", "OBS-6", "RUN-1"):
        assert f" {clause} " in out
    assert out.splitlines()[-1] == "10 lines: it would pass"


@pytest.mark.parametrize(
    ("place", "line", "label"),
    [
        (6, "warming caches", "NO EXT-4"),
        (6, "order placed", "NO OBS-7"),
        (8, "alive", "NO RUN-3"),
        (9, "environment validation succeeded", "NO DET-1"),
        (1, "execution plane: live", "NO RUN-1"),
    ],
)
def test_a_line_that_would_fail_the_run_is_named_with_its_clause_and_number(log, place, line, label):
    status, out = log([*HEALTHY[:place], line, *HEALTHY[place:]])
    assert status == 1
    assert any(row.split()[:3] == [str(place + 1), *label.split()] for row in out.splitlines()), out


@pytest.mark.parametrize(("place", "clause"), [(0, "OBS-1"), (1, "RUN-1"), (3, "OBS-3"), (7, "OBS-6")])
def test_what_is_still_missing_is_named(log, place, clause):
    status, out = log([line for n, line in enumerate(HEALTHY) if n != place])
    assert status == 1
    assert f"NO {clause} " in out
    assert "missing: " in out


def test_the_shutdown_begins_with_the_first_documented_line_after_idle(log):
    assert "from here on taken for the shutdown" in log(HEALTHY)[1].splitlines()[9]


def test_the_settings_own_patterns_are_meant(log):
    lines = ["hello 7", *HEALTHY[1:6], "warming caches", *HEALTHY[6:]]
    own = 'log: {milestones: {OBS-1: ["hello \\\\d+"]}, documented: ["warming caches"]}\n'
    assert log(lines)[0] == 1
    assert log(lines, SETTINGS + own)[0] == 0


def test_an_empty_log_would_not_pass(log):
    status, out = log([])
    assert (status, "the log is empty" in out) == (1, True)


def test_a_line_gives_the_terminal_no_orders(log):
    _, out = log(["\x1b[2Jgone", "a ##[error]b"])
    assert "\x1b" not in out
    assert "##[" not in out


def test_secrets_of_the_environment_are_masked(log, monkeypatch):
    monkeypatch.setenv("CF_ACCESS_CLIENT_SECRET", "s3cr3t-value-of-the-test")
    assert "s3cr3t-value" not in log(["token s3cr3t-value-of-the-test"])[1]


def test_standard_input_is_read_too(tmp_path, monkeypatch, capsys):
    config = tmp_path / "smokedeploy.yml"
    config.write_text(SETTINGS)
    text = io.BytesIO("".join(f"{line}\n" for line in HEALTHY).encode())
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=text))
    assert main(["log", "-", "--config", str(config)]) == 0
    assert "it would pass" in capsys.readouterr().out


def test_a_file_that_is_not_there_is_named(tmp_path, capsys):
    config = tmp_path / "smokedeploy.yml"
    config.write_text(SETTINGS)
    assert main(["log", str(tmp_path / "nowhere.log"), "--config", str(config)]) == 1
    assert "nowhere.log" in capsys.readouterr().err


def test_the_settings_own_forbidden_patterns_are_meant(log):
    own = 'log: {forbidden: {OBS-9: ["replay phase finished"]}}\n'
    status, out = log(HEALTHY, SETTINGS + own)
    assert (status, "NO OBS-9" in out) == (1, True)


def test_a_plane_that_is_not_paper_is_named_once_and_not_missing_too(log):
    _, out = log([HEALTHY[0], "execution plane: live", *HEALTHY[2:]])
    assert out.count("RUN-1") == 1
    assert out.splitlines()[-1] == "10 lines: 1 lines that would fail the run, 0 missing"


def test_what_to_do_next_stands_there_where_it_would_not_pass_and_only_there(log):
    assert "log.milestones" in log(HEALTHY[1:])[1]
    assert "log.documented" in log([*HEALTHY[:3], "cache warm", *HEALTHY[3:]])[1]
    assert "next" not in log(HEALTHY)[1]


def test_what_is_no_text_is_shown_as_its_bytes(tmp_path):
    settings = load(_written(tmp_path / "smokedeploy.yml", SETTINGS.encode()))
    rows = read(io.BytesIO(b"caf\xe9\nlast"), settings).rows
    assert [met.line for _, met in rows] == [Line("", "stdout", "caf\\xe9"), Line("", "stdout", "last")]


def test_a_kept_log_keeps_its_times_and_streams(tmp_path):
    settings = load(_written(tmp_path / "smokedeploy.yml", SETTINGS.encode()))
    rows = read(io.BytesIO(b"2026-01-01T00:00:00.1Z stderr [OBS-1] a b\n"), settings).rows
    assert rows[0][1].line == Line("2026-01-01T00:00:00.1Z", "stderr", "a b")


def test_the_shown_log_is_a_table_to_the_letter(log):
    _, out = log([HEALTHY[0], "x" * 200, "order placed"])
    assert out.splitlines() == [
        f"     1 OBS-1        {HEALTHY[0]}",
        f"     2 NO EXT-4     {'x' * 160}...   <- undocumented",
        "     3 NO OBS-7     order placed   <- a forbidden line",
        *(f"     - NO {c:9} missing: {CLAUSE[c].text}" for c in MILESTONES[1:]),
        f"     - NO RUN-1     missing: {CLAUSE['RUN-1'].text}",
        _NEXT,
        "3 lines: 2 lines that would fail the run, 6 missing",
    ]


def _written(file, data):
    file.write_bytes(data)
    return file
