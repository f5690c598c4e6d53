"""`smokedeploy check`: what the repository itself can show, in a line each."""

import subprocess
import sys

import pytest

from tests.rehearsal.gallery.gate import ROOT, settings_file
from tests.rehearsal.gallery.repository import DEPLOY

STEPS = "".join(f"  {n}: {{done_on: 2026-01-01, by: a person, evidence: a place}}\n" for n in range(1, 5))


@pytest.fixture
def check(tmp_path):
    """check(ledger, text of the workflow, **changes to the settings) -> (status, lines)."""

    def run(ledger=f"steps:\n{STEPS}", deploy=None, **changes):
        file = settings_file(tmp_path, changes, deploy)
        (file.parent / "phase.yml").write_text(ledger)
        done = subprocess.run(
            [sys.executable, "-m", "pytest_smokedeploy", "check", "--config", file],
            cwd=tmp_path,
            env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return done.returncode, (done.stdout + done.stderr).splitlines()

    return run


def test_a_sound_repository_is_ok(check):
    status, lines = check()
    assert status == 0, lines
    assert [line.split()[2:4] for line in lines] == [["ok", "PRE-1:"], ["ok", "PRE-2:"], ["ok", "TRG-3:"]]


def test_an_open_step_is_named(check):
    status, lines = check(ledger="steps: {}\n")
    assert status == 1
    assert "NO" in lines[0]
    assert "step 1 is not recorded" in lines[0]


def test_a_missing_workflow_is_named(check):
    status, lines = check(deploy="")
    assert status == 1
    assert "NO  PRE-2: expected the workflow file .github/workflows/deploy.yml" in lines[1]


def test_all_that_a_workflow_may_not_hold_is_named(check):
    text = DEPLOY.replace("run: exec .venv/bin/pytest", "run: .venv/bin/pytest").replace("image_tag:", "tag:")
    status, lines = check(deploy=text)
    assert (status, len(lines)) == (1, 5)
    assert "NO  TRG-2: deploy.yml:6: there is no input `image_tag`." in lines[3]
    assert "NO  FLR-2: deploy.yml:53: the command of the gate does not begin with `exec`" in lines[4]


def test_more_environments_may_be_offered(check):
    status, lines = check(deploy=DEPLOY.replace("[dev]", "[dev, prod]"))
    assert status == 0, lines


def test_wrong_settings_are_one_line(check):
    status, lines = check(quiet_window_seconds=0.1)
    assert status == 1
    assert len(lines) == 1
    assert "quiet_window_seconds" in lines[0]
