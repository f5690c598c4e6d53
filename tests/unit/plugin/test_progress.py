"""Progress is one line in place on a terminal, and a line at intervals elsewhere."""

import io

import pytest

from pytest_smokedeploy.plugin.terminal import Progress, redact_output, show


class Terminal(io.StringIO):
    """A stream that may be a terminal, and what stands on it.

    Attributes:
        tty: whether it is one.

    """

    def __init__(self, *, tty=True):
        super().__init__()
        self.tty = tty

    def isatty(self):
        return self.tty

    @property
    def rows(self):
        """What a person sees: each row with what was written over it."""
        rows = []
        for written in self.getvalue().split("\n"):
            row = ""
            for text in written.split("\r"):
                row = text + row[len(text) :]
            rows.append(row.rstrip())
        return rows


class Config:
    """What the terminal's part of the gate takes of pytest's configuration."""

    def __init__(self, own, file, columns=40):
        self.reporter = pytest.TerminalReporter(own, file)
        self.writer = self.get_terminal_writer()
        self.writer.fullwidth = columns
        self.pluginmanager = self

    def getplugin(self, name):
        return self.reporter if name == "terminalreporter" else None

    def get_terminal_writer(self):
        return self.reporter._tw


@pytest.fixture
def on(pytestconfig, monkeypatch):
    """on(file) -> configuration and progress; their time stands in `on.now`."""
    monkeypatch.setenv("TERM", "xterm")

    def make(file):
        config = Config(pytestconfig, file)
        return config, Progress(config, lambda: make.now).show

    make.now = 100.0
    return make


def test_one_row_is_written_over_and_leaves_nothing(on):
    file = Terminal()
    config, progress = on(file)
    config.writer.write("test_2_deploy.py ")
    config.reporter.currentfspath = "test_2_deploy.py"
    progress("deploy: 2 layers, layer a: 10 of 12 MB")
    progress("deploy: 2 layers, layer b: 1 of 9 MB")
    assert file.rows == ["test_2_deploy.py", "  deploy: 2 layers, layer b: 1 of 9 MB"]
    progress("deploy: short")
    assert file.rows == ["test_2_deploy.py", "  deploy: short"]
    progress("")
    progress("")
    assert file.rows == ["test_2_deploy.py", ""]


@pytest.mark.parametrize("colour", [{}, {"NO_COLOR": "1"}, {"FORCE_COLOR": "1"}], ids=["", "none", "forced"])
def test_it_is_as_long_as_the_terminal_is_wide_at_the_most_and_has_no_colour(on, monkeypatch, colour):
    for name, value in colour.items():
        monkeypatch.setenv(name, value)
    file = Terminal()
    _, progress = on(file)
    progress("deploy: \u5c64 " + "x" * 200)
    assert file.rows == [("  deploy: \\u5c64 " + "x" * 200)[:39]]
    assert "\x1b" not in file.getvalue()


def test_a_terminal_that_has_become_narrow_is_erased_up_to_its_edge(on):
    file = Terminal()
    config, progress = on(file)
    progress("deploy: 2 layers, layer a")
    config.writer.fullwidth = 10
    progress("")
    assert file.getvalue().endswith(f"\r{' ' * 9}\r")


def test_whatever_else_is_written_stands_on_a_row_of_its_own(on):
    file = Terminal()
    config, progress = on(file)
    redact_output(config, lambda text: text.replace("secret", "[redacted]"))
    progress("deploy: 2 layers, layer a: Waiting")
    show(config, "  deploy: pull done")
    progress("deploy: 2 layers, layer b: Waiting")
    config.reporter.write_line("a live log's secret")
    progress("deploy: 2 layers, layer c: Waiting")
    config.reporter.write_sep("=", "warnings")
    assert file.rows[:2] == ["  deploy: pull done", "a live log's [redacted]"]
    assert "layer" not in "".join(file.rows)
    assert [row.strip("= ") for row in file.rows[2:]] == ["warnings", ""]


@pytest.mark.parametrize(
    ("tty", "terminal"), [(False, "xterm"), (True, "dumb")], ids=["a file", "a dumb terminal"]
)
def test_elsewhere_the_first_is_a_line_at_once_and_the_next_ten_seconds_later(on, monkeypatch, tty, terminal):
    monkeypatch.setenv("TERM", terminal)
    file = Terminal(tty=tty)
    _, progress = on(file)
    for on.now in (100.0, 101.0, 109.9, 110.0, 119.9, 121.0):
        progress(f"deploy: at {on.now}")
    progress("")
    assert file.getvalue() == "  deploy: at 100.0\n  deploy: at 110.0\n  deploy: at 121.0\n"


def test_without_pytests_terminal_nothing_is_shown(on, monkeypatch):
    monkeypatch.setattr(Config, "getplugin", lambda *_: None)
    file = Terminal()
    _, progress = on(file)
    progress("deploy: 2 layers")
    assert not file.getvalue()
