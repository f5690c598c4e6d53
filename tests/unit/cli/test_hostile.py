"""Commands over files that are none: one clear line, no traceback, and nothing waits for ever."""

import io
import os

import pytest

from pytest_smokedeploy.cli import log, main
from pytest_smokedeploy.settings import yamlfile
from pytest_smokedeploy.support.errors import SettingsError, SmokedeployError
from pytest_smokedeploy.support.redaction import one_line


@pytest.fixture
def run(capsys, monkeypatch, tmp_path):
    """Run one command: (exit status, what it says)."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        status = main.main([str(argument) for argument in arguments])
        told = capsys.readouterr()
        return status, told.out + told.err

    return run


def pipe(path):
    os.mkfifo(path)


def folder(path):
    path.mkdir()


@pytest.mark.parametrize("kind", [pipe, folder])
@pytest.mark.parametrize("name", ["evidence.json", "journal.jsonl"])
def test_verify_takes_files_alone(run, tmp_path, kind, name):
    kind(tmp_path / name)
    status, told = run("verify", tmp_path)
    assert (status, "NOT evidence" in told) == (1, True)


@pytest.mark.parametrize("kind", [pipe, folder])
def test_stop_does_not_know_what_no_file_owes(run, tmp_path, kind):
    kind(tmp_path / "journal.jsonl")
    status, told = run("stop", "--evidence", tmp_path)
    assert (status, "Whether a stop is owed is not known" in told) == (1, True)


@pytest.mark.parametrize(
    "line", ["[" * 100_000, "\x00\xff", '{"event": "deploy.promised", "deploy_id": ' + "9" * 5000]
)
def test_stop_does_not_call_a_journal_paid_that_lost_a_line(run, tmp_path, line):
    """The line may have been the promise."""
    (tmp_path / "journal.jsonl").write_text(f'{{"event": "run.started"}}\n{line}\n', encoding="utf-8")
    status, told = run("stop", "--evidence", tmp_path)
    assert (status, "1 lines of the journal can't be read" in told) == (1, True)


def test_a_line_that_was_cut_off_was_never_acted_on(run, tmp_path):
    (tmp_path / "journal.jsonl").write_text(
        '{"event": "run.started"}\n{"event": "deploy.prom', encoding="utf-8"
    )
    status, told = run("stop", "--evidence", tmp_path)
    assert (status, "owes no stop" in told) == (0, True)


def test_an_event_that_is_no_word_is_none_of_ours(run, tmp_path):
    (tmp_path / "journal.jsonl").write_text('{"event": ["x"]}\n{"event": {}}\n', encoding="utf-8")
    assert run("stop", "--evidence", tmp_path)[0] == 0


def test_a_name_that_no_file_can_have_is_one_line(run):
    status, told = run("stop", "--evidence", "x" * 5000)
    assert (status, "File name too long" in told, told.count("\n")) == (1, True, 1)


def test_settings_that_are_a_pipe_are_not_waited_for(run, tmp_path):
    pipe(tmp_path / "settings.yml")
    status, told = run("check", "--config", tmp_path / "settings.yml")
    assert (status, "is a pipe" in told) == (1, True)


@pytest.mark.parametrize(
    "text", ["a: " + "[" * 100_000, "{a: " * 20_000, "\n".join(" " * n + "a:" for n in range(300))]
)
def test_yaml_that_nests_without_end_is_refused_before_it_costs(text):
    with pytest.raises(SettingsError, match="nested too deeply"):
        yamlfile.parse(text, "settings.yml")


def test_a_log_without_end_is_not_read_to_it():
    class Endless(io.RawIOBase):
        def read(self, size=-1):
            assert size > 0
            return b"x" * size

    with pytest.raises(SmokedeployError, match="larger than 16 MiB"):
        log.lines(Endless())


def test_what_a_command_says_gives_nobody_an_order():
    assert (
        one_line("a\n::error::b\r\n##[add-mask]c\x1b[31m \ud800")
        == r"a ::error::b # #[add-mask]c\x1b[31m \ud800"
    )
