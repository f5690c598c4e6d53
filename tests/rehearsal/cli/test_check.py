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

    def run(ledger=f"steps:\n{STEPS}", deploy=None, own="", migrations="", **changes):
        file = settings_file(tmp_path, changes, deploy)
        if migrations:
            file.write_text(file.read_text().replace(str(ROOT / "smoke_tests" / "migrations"), migrations))
        (file.parent / "phase.yml").write_text(ledger)
        (tmp_path / "smoke_tests").mkdir()
        for source in (ROOT / "smoke_tests").glob("*.py"):
            (tmp_path / "smoke_tests" / source.name).symlink_to(source)
        if own:
            (tmp_path / "smoke_tests" / "test_own.py").write_text(own)
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


def test_a_placeholder_is_named(check):
    status, lines = check(image={"repository": "ghcr.io/your-organisation/runtime"})
    assert status == 1
    assert (
        "image.repository: is still the placeholder; write your own value; found 'ghcr.io/your-" in lines[0]
    )


def test_an_attestation_that_nobody_made_is_named_as_in_a_run(check):
    status, lines = check(database={"proof": "attested"})
    assert (status, len(lines)) == (1, 4)
    assert "NO  PRE-5: expected an attestation `database` in the phase ledger" in lines[3]


def test_migrations_that_are_missing_are_named_as_in_a_run(check):
    status, lines = check(migrations="nowhere")
    assert (status, len(lines)) == (1, 4)
    assert "NO  PRE-5: expected the repository's migrations; saw the migrations' folder " in lines[3]
    assert "/nowhere is missing" in lines[3]


def test_a_workflow_that_installs_no_driver_is_named_as_in_a_run(check):
    text = DEPLOY.replace("install --quiet .", "install --quiet pytest-smokedeploy==0.1.0")
    status, lines = check(deploy=text, database={"proof": "direct"})
    assert (status, len(lines)) == (1, 5)
    assert "NO  PRE-4: deploy.yml:46: the gate is not given DATABASE_URL." in lines[4]
    assert "saw deploy.yml:45 installs `pytest-smokedeploy==0.1.0`, without it." in lines[3]
    assert "Write `pytest-smokedeploy[database]==0.1.0` there." in lines[3]


def test_checks_that_would_be_refused_are_named_with_their_place(check):
    own = (
        "import pytest\n\n\n@pytest.mark.smoke_stage('verify')\n"
        "def test_it(smoke_statsu):\n    assert smoke_statsu\n"
    )
    status, lines = check(own=own)
    assert (status, len(lines)) == (1, 4)
    assert "NO  EXT-2: smoke_tests/test_own.py:4: test_it asks for the fixture `smoke_statsu`" in lines[3]
    assert "Did you mean `smoke_status`?" in lines[3]


def test_a_file_that_is_broken_is_named(check):
    status, lines = check(own="def test_it(:\n")
    assert status == 1
    assert "NO  EXT-2: smoke_tests/test_own.py" in lines[3]
