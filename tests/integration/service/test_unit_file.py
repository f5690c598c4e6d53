"""The agent's systemd unit: systemd accepts it, and rates what it leaves exposed as low."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.needs("systemd")
UNIT = Path(__file__).parents[3] / "docs" / "deploy-agent.service"


def analyzed(*arguments):
    return subprocess.run(
        ["systemd-analyze", "--no-pager", *arguments], capture_output=True, text=True, timeout=60, check=False
    )


def test_systemd_accepts_it(tmp_path):
    """The program's path alone is this machine's: systemd looks whether it is there."""
    program = Path(sys.prefix) / "bin" / "smokedeploy"
    text = UNIT.read_text().replace("/opt/smokedeploy/bin/smokedeploy", str(program))
    assert str(program) in text
    (tmp_path / UNIT.name).write_text(text)
    done = analyzed("verify", "--man=no", str(tmp_path / UNIT.name))
    assert (done.returncode, done.stderr) == (0, "")


def test_its_exposure_is_low():
    done = analyzed("security", "--offline=true", "--threshold=20", str(UNIT))
    assert done.returncode == 0, done.stdout
    level = re.search(r"Overall exposure level for deploy-agent.service: ([0-9.]+)", done.stdout)
    assert level, done.stdout
    assert float(level[1]) <= 2.0
