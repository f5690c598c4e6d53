"""``smokedeploy log``: a captured log against the settings."""

import io
import json
from types import SimpleNamespace

import pytest

from pytest_smokedeploy.cli.log import _NEXT, lines
from pytest_smokedeploy.cli.main import main
from pytest_smokedeploy.judging import Line
from pytest_smokedeploy.model import CLAUSE, MILESTONES

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
    """log(lines, settings) -> exit status and what was printed, errors too."""

    def run(lines, settings=SETTINGS, encoding="utf-8"):
        file, config = tmp_path / "captured.log", tmp_path / "smokedeploy.yml"
        file.write_bytes("".join(f"{line}\n" for line in lines).encode(encoding))
        config.write_text(settings)
        status = main(["log", str(file), "--config", str(config)])
        return status, "".join(capsys.readouterr())

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


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_a_byte_order_mark_tells_the_encoding(log, encoding):
    status, out = log([f"{line}\r" for line in HEALTHY], encoding=encoding)
    assert (status, out.splitlines()[-1]) == (0, "10 lines: it would pass")


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32"])
def test_an_encoding_that_nothing_tells_is_named(log, encoding, capsys, tmp_path):
    file = tmp_path / "other.log"
    file.write_bytes("\n".join(HEALTHY).encode(encoding))
    (tmp_path / "smokedeploy.yml").write_text(SETTINGS)
    assert main(["log", str(file), "--config", str(tmp_path / "smokedeploy.yml")]) == 1
    assert "The log is no UTF-8" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["runtime-1", "dev_runtime_1", "\x1b[36mruntime-1", "runtime-dev"])
def test_what_compose_puts_before_each_line_is_taken_off(log, name):
    after = "\x1b[0m" if "\x1b" in name else ""
    status, out = log([f"{name}  | {after}{line}" for line in [*HEALTHY[:3], "", *HEALTHY[3:]]])
    assert (status, name in out) == (0, False), out


STAMP = "2026-01-01T00:00:00.123456789Z"


@pytest.mark.parametrize(
    ("spell", "tool"),
    [
        (lambda t: f'{{"log":"{t}\\n","stream":"stdout","time":"{STAMP}"}}', "Docker's own file"),
        (lambda t: f"{STAMP} stdout F {t}", "an engine's own file"),
        (lambda t: f"web.1.abcdefghijkl@node1    | {t}", "`docker service logs`"),
        (lambda t: f"[pod/runtime-abc/runtime] {t}", "`kubectl logs --prefix`"),
        (lambda t: f"[runtime] | {t}", "`podman-compose logs`"),
        (lambda t: f"Jan 31 10:00:27 host runtime[123]: {t}", "the journal"),
    ],
)
def test_the_form_of_another_tool_is_named_with_how_to_capture_without(log, spell, tool):
    status, out = log([spell(line) for line in HEALTHY])
    assert (status, f"captured.log: The log has the form of {tool}. Capture one" in out) == (1, True), out
    assert "undocumented" in log([spell(HEALTHY[0]), *HEALTHY[1:]])[1]


@pytest.mark.parametrize("lines", [["Attaching to runtime-1"], ["runtime-1 exited with code 0"]])
def test_lines_of_compose_itself_are_named(log, lines):
    status, out = log([*lines, *(f"runtime-1  | {line}" for line in HEALTHY)])
    assert (status, "Lines of `docker compose` itself stand among those of runtime-1" in out) == (1, True)


def test_a_level_before_a_bar_is_no_container(log):
    levels = ["INFO", "WARN"] * 5
    lines = [f"{level:8} | {line}" for level, line in zip(levels, HEALTHY, strict=True)]
    assert "containers" not in log(lines)[1]
    assert "undocumented" in log([f"info  | {line}" for line in HEALTHY])[1]


def test_a_capture_of_several_containers_is_refused(log, capsys):
    assert log([f"runtime-1  | {HEALTHY[0]}", f"db-1       | {HEALTHY[1]}"])[0] == 1


def test_a_bar_that_not_every_line_has_is_the_runtimes_own(log):
    assert "NO EXT-4     runtime-1 | " in log([f"runtime-1  | {HEALTHY[0]}", *HEALTHY[1:]])[1]


def test_the_settings_own_templates_are_meant(log):
    lines = ["hello 7", *HEALTHY[1:6], "warming caches", *HEALTHY[6:]]
    own = 'log: {milestones: {OBS-1: ["hello {number}"]}, documented: ["warming caches"]}\n'
    assert log(lines)[0] == 1
    assert log(lines, SETTINGS + own)[0] == 0


def test_lines_of_the_shutdown_are_called_so(log):
    assert [row.split()[1] for row in log(HEALTHY)[1].splitlines()[8:11:2]] == ["shutdown", "shutdown"]
    assert "  6 documented   replay phase finished" in log(HEALTHY)[1]


def test_lines_after_idle_of_which_none_is_of_the_shutdown_are_told(log):
    hint = "no line after idle is one of log.shutdown"
    assert hint in log([*HEALTHY[:8], "caught SIGTERM"])[1]
    assert hint not in log(HEALTHY[:8])[1]


@pytest.mark.parametrize("options", [[], ["--propose"]])
def test_where_no_settings_are_the_option_is_named(tmp_path, monkeypatch, capsys, options):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "captured.log").write_text("hello\n")
    assert main(["log", *options, "captured.log"]) == 1
    said = capsys.readouterr().err
    assert "smoke_tests/smokedeploy.yml: there is no settings file here." in said
    assert "--smokedeploy-config" in said


@pytest.mark.parametrize("text", ["", "\n", "\ufeff", " \r\n\r\n"])
@pytest.mark.parametrize("options", [[], ["--propose"]])
def test_an_empty_log_is_told_with_how_to_capture_one(tmp_path, capsys, text, options):
    (tmp_path / "smokedeploy.yml").write_text(SETTINGS)
    (tmp_path / "empty.log").write_text(text)
    config = ["--config", str(tmp_path / "smokedeploy.yml")]
    assert main(["log", *options, str(tmp_path / "empty.log"), *config]) == 1
    assert capsys.readouterr().err.endswith(
        "empty.log: the log is empty. Capture one container's start-up: docker logs NAME > FILE 2>&1.\n"
    )


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


def test_the_settings_own_forbidden_words_are_meant(log):
    own = 'log: {forbidden: {OBS-9: ["cache warm"]}}\n'
    assert "NO OBS-9" in log([*HEALTHY[:3], "cache warm", *HEALTHY[3:]], SETTINGS + own)[1]


def test_the_run_s_image_tag_is_taken_from_the_environment(log, monkeypatch):
    own = 'log: {milestones: {OBS-1: ["engine {tag} starting"]}}\n'
    lines = ["engine 1.2.3-rc1 starting", *HEALTHY[1:]]
    assert "the two part at character 8" in log(lines, SETTINGS + own)[1]
    monkeypatch.setenv("SMOKEDEPLOY_IMAGE_TAG", "1.2.3-rc1")
    assert log(lines, SETTINGS + own)[0] == 0


def test_the_nearest_template_is_shown_with_the_place_where_the_two_part(log):
    line = "2026-01-01T00:00:00Z INFO replay phase finished: many events"
    rows = log([*HEALTHY[:5], line, *HEALTHY[6:]])[1].splitlines()
    assert rows[5].endswith(
        "NO EXT-4     2026-01-01T00:00:00Z INFO replay phase finished: many events   <- undocumented"
    )
    assert rows[6].strip() == (
        "nearest: 'replay phase finished: {number} events' (documented); the two part at character 24 of "
        "'replay phase finished: many events'"
    )


def test_settings_to_start_from_are_proposed_out_of_several_captures(tmp_path, capsys):
    config = tmp_path / "smokedeploy.yml"
    config.write_text(SETTINGS)
    files = []
    for n, took in enumerate(("34 ms", "1.2 s")):
        files.append(tmp_path / f"{n}.log")
        lines = [*HEALTHY[:7], f"loaded {n + 3} rows in {took}, 0 errors", *HEALTHY[7:]]
        files[n].write_text("".join(f"INFO {line}\n" for line in lines))
    assert main(["log", "--propose", *map(str, files), "--config", str(config)]) == 0
    proposed = capsys.readouterr().out
    assert '- "loaded {number} rows in {duration}, 0 errors"' in proposed
    config.write_text(SETTINGS + proposed)
    assert main(["log", str(files[1]), "--config", str(config)]) == 0


def test_one_log_is_held_against_the_settings_at_a_time(log, tmp_path, capsys):
    log(HEALTHY)
    config, file = tmp_path / "smokedeploy.yml", tmp_path / "captured.log"
    assert main(["log", str(file), str(file), "--config", str(config)]) == 1
    assert "--propose" in capsys.readouterr().err


def test_a_plane_that_is_not_paper_is_named_once_and_not_missing_too(log):
    _, out = log([HEALTHY[0], "execution plane: live", *HEALTHY[2:]])
    assert out.count("NO RUN-1") == 1
    assert out.splitlines()[-1] == "10 lines: 1 lines that would fail the run, 0 missing"


def test_what_to_do_next_stands_there_where_it_would_not_pass_and_only_there(log):
    assert "log.milestones" in log(HEALTHY[1:])[1]
    assert "log.documented" in log([*HEALTHY[:3], "cache warm", *HEALTHY[3:]])[1]
    assert "next" not in log(HEALTHY)[1]


def test_what_is_no_text_is_shown_as_its_bytes():
    assert lines(io.BytesIO(b"caf\xe9\nlast")) == [Line("", "stdout", "caf\\xe9"), Line("", "stdout", "last")]


def test_a_kept_log_keeps_its_times_and_streams():
    kept = b"2026-01-01T00:00:00.1Z stderr [OBS-2,RUN-1] a b\n"
    assert lines(io.BytesIO(kept)) == [Line("2026-01-01T00:00:00.1Z", "stderr", "a b")]


def test_the_shown_log_is_a_table_to_the_letter(log):
    _, out = log([HEALTHY[0], "x" * 200, "order placed"])
    assert out.splitlines() == [
        f"     1 OBS-1        {HEALTHY[0]}",
        f"     2 NO EXT-4     {'x' * 160}...   <- undocumented",
        "     3 NO OBS-7     order placed   <- a line with 'order placed', which no template allows",
        *(f"     - NO {c:9} missing: {CLAUSE[c].text}" for c in MILESTONES[1:]),
        f"     - NO RUN-1     missing: {CLAUSE['RUN-1'].text}",
        _NEXT,
        "3 lines: 2 lines that would fail the run, 6 missing",
    ]


def test_a_documented_line_after_idle_is_no_stop(log):
    own = 'log: {documented: ["warming caches"]}\n'
    status, out = log([*HEALTHY[:8], "warming caches", *HEALTHY[8:]], settings=SETTINGS + own)
    assert (status, "NO RUN-3" in out) == (1, True), out


def test_a_stamp_that_not_every_line_has_is_the_runtimes_own(log):
    stamped = f"2026-01-01T00:00:00.123456789Z {json.dumps({'msg': HEALTHY[2]})}"
    status, out = log([*HEALTHY[:2], stamped, *HEALTHY[3:]])
    assert (status, "NO EXT-4" in out) == (1, True), out


def test_no_secret_of_the_environment_is_shown(log, monkeypatch):
    monkeypatch.setenv("GITHUB_TOKEN", "a-token-nobody-may-see")
    monkeypatch.setenv("DATABASE_URL", "postgresql://user:word-nobody-may-see@db.example/name")
    out = log([*HEALTHY, "a-token-nobody-may-see", "word-nobody-may-see"])[1]
    assert "nobody-may-see" not in out
