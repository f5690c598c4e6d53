"""A line of progress on a real terminal, in a run of pytest that captures."""

import os
import pty
import re
import subprocess
import sys
import termios

COLUMNS = 60
CHECK = """
import logging, sys
import pytest
from pytest_smokedeploy.plugin.terminal import Progress, show

@pytest.fixture
def pulled(pytestconfig):
    progress = Progress(pytestconfig).show
    print("captured")
    for done in range(3):
        progress(f"deploy: 1 layer, layer a: {done} of 3 MB, " + "." * 80)
    show(pytestconfig, "  deploy: pull done")
    progress("deploy: 1 layer, layer a: gone")
    logging.getLogger().warning("a live log")
    progress("deploy: 1 layer, layer a: gone")
    yield
    progress("deploy: 1 layer, layer a: gone")

def test_one(pulled):
    assert False
"""


def screen(written):
    """The rows of a terminal on which this was written."""
    rows = []
    for line in written.replace("\r\n", "\n").split("\n"):
        row = ""
        for text in line.split("\r"):
            row = text + row[len(text) :]
        rows.append(row.rstrip())
    return rows


def test_a_line_in_place_garbles_no_other(tmp_path):
    (tmp_path / "test_one.py").write_text(CHECK)
    terminal, end = pty.openpty()
    termios.tcsetwinsize(end, (24, COLUMNS))
    words = ["-p", "smokedeploy", "-p", "no:cacheprovider", "-o", "log_cli=true", "test_one.py"]
    environ = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "LINES"}}
    environ |= {"TERM": "xterm", "NO_COLOR": "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    command = [sys.executable, "-m", "pytest", *words]
    with subprocess.Popen(command, cwd=tmp_path, env=environ, stdin=end, stdout=end, stderr=end):
        os.close(end)
        written = b""
        try:
            while part := os.read(terminal, 4096):
                written += part
        except OSError:  # how a terminal ends whose last writer has left
            pass
    os.close(terminal)
    text = written.decode()
    rows = screen(text)
    assert text.count("deploy: 1 layer, layer a: 2 of 3 MB") == 1
    assert "\x1b" not in text
    assert not [row for row in rows if "layer a" in row and "progress(" not in row], text
    for whole in ("  deploy: pull done", "captured"):
        assert rows.count(whole) == 1, text
    assert [row for row in rows if row.startswith("WARNING ") and row.endswith(" a live log")], text
    assert {len(shown) for shown in re.findall(r"\r(  deploy: [^\r]* MB, \.+)", text)} == {COLUMNS - 1}
