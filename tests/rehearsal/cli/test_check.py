"""`smokedeploy check`: what the repository itself can show, in a line each."""

import subprocess
import sys

import pytest

from pytest_smokedeploy.preconditions import around
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
    status, lines = check(workflow={"file": ".github/workflows/other.yml"})
    assert status == 1
    assert "other.yml" in lines[1]


def test_a_gate_without_exec_is_named_in_the_words_of_a_run(check, tmp_path):
    text = DEPLOY.replace("run: exec .venv/bin/pytest", "run: .venv/bin/pytest")
    status, lines = check(deploy=text)
    run = around.misuses(next(tmp_path.rglob("deploy.yml")))
    assert (status, lines) == (1, [f"smokedeploy: {error}" for error in run])
    assert "the gate is started without `exec`" in lines[0]


def test_wrong_settings_are_one_line(check):
    status, lines = check(quiet_window_seconds=0.1)
    assert status == 1
    assert len(lines) == 1
    assert "quiet_window_seconds" in lines[0]
