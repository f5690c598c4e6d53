"""The start of the agent's process: with wrong settings, and what it loads."""

import subprocess
import sys

import pytest

from pytest_smokedeploy.cli.main import COMMANDS, main


def test_the_agent_does_not_start_and_says_all():
    command = [sys.executable, "-m", "pytest_smokedeploy.agent"]
    environ = {"PORT": "x", "CF_ACCESS_TEAM_DOMAIN": "https://user:canary@team.example.test"}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert done.stdout == ""
    assert "PORT: is 'x'" in done.stderr
    assert "STATE_PATH: is required" in done.stderr
    assert "CF_ACCESS_TEAM_DOMAIN: is 'https://user:[redacted]@team.example.test'" in done.stderr
    assert "canary" not in done.stderr


def test_the_port_waits_for_no_code_of_the_gate_of_another_engine_or_of_the_keys():
    """Each of these costs tens of milliseconds: the fetch of the keys loads its client, an engine its SDK."""
    late = ("httpx", "docker", "yaml", "pytest_smokedeploy.client", "pytest_smokedeploy.settings")
    code = f"""
import sys
import pytest_smokedeploy.agent.main
from pytest_smokedeploy.cli.main import main
main(["agent", "--check"])
print([name for name in {late} if name in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-c", code], env={}, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout.splitlines()[-1] == "[]", done.stdout + done.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_its_own_help(command, capsys):
    """A module is loaded for the command that is named, and `agent` takes its arguments as they are."""
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == 0
    assert f"smokedeploy {command}" in capsys.readouterr().out
