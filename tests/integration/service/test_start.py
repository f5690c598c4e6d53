"""The agent's process with wrong settings."""

import subprocess
import sys


def test_the_agent_does_not_start_and_says_all():
    command = [sys.executable, "-m", "pytest_smokedeploy.agent"]
    done = subprocess.run(command, env={"PORT": "x"}, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert done.stdout == ""
    assert "PORT: is 'x'" in done.stderr
    assert "STATE_PATH: is required" in done.stderr
