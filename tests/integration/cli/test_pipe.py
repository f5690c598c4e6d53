"""A reader that leaves is no error of a command, and its exit status is its own."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SETTINGS = "image: {repository: ghcr.io/example/runtime}\nagent: {container_name: runtime-dev}\n"


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(("log", "captured.log", "--config", "smokedeploy.yml"), id="log"),
        pytest.param(("agent", "--check"), id="agent --check"),
    ],
)
def test_a_pipe_that_nobody_reads_changes_no_exit_status(tmp_path, command):
    (tmp_path / "smokedeploy.yml").write_text(SETTINGS)
    (tmp_path / "captured.log").write_text("".join(f"line {number}\n" for number in range(5000)))
    command = [sys.executable, "-m", "pytest_smokedeploy", *command]
    with subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={"PYTHONPATH": str(ROOT)}
    ) as process:
        process.stdout.readline()
        process.stdout.close()
        told = process.stderr.read()
        assert (process.wait(60), told) == (1, b"")  # 1: the log would not pass, the settings are wrong
