"""A dispatched run ends with 0 for a whole PASS alone: not for what only shows something, nor for no gate."""

import json
import os

import pytest

from tests.rehearsal.gallery.command_line import own
from tests.rehearsal.gallery.gate import gate

STAGED = """
import pytest
pytestmark = pytest.mark.smoke_stage("verify")

@pytest.mark.smoke_clause("VER-2")
def test_one():
    assert True
"""
PLAIN = "def test_plain():\n    pass\n"
STRIPS = """import pytest

@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    for item in items:
        item.parent.own_markers.clear()
"""
COLLECTS_ITSELF = """def pytest_collection(session):
    session.items, session.testscollected = [], 1
    return True
"""
LEAVES_AT_ONCE = "import pytest\n\ndef pytest_sessionstart():\n    pytest.exit('bye', returncode=0)\n"


@pytest.fixture
def run(pytester, monkeypatch):
    """Run pytest as the workflow does, in a folder that holds yesterday's evidence."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("SMOKEDEPLOY_ENVIRONMENT", "dev")
    monkeypatch.delenv("DEPLOY_ENDPOINT", raising=False)
    (pytester.mkdir("smoke-evidence") / "evidence.json").write_text("yesterday's")
    return lambda *options: pytester.runpytest_subprocess("-p", "smokedeploy", *options)


def refused(pytester, result, words):
    assert result.ret == 4
    result.stderr.fnmatch_lines([f"*REFUSED: FLR-1: {words}*"])
    document = json.loads((pytester.path / "smoke-evidence" / "evidence.json").read_text())
    assert (document["verdict"], document["clause"]) == ("REFUSED", "FLR-1")


@pytest.mark.parametrize(
    "option",
    ["--help", "-VV", "--markers", "--fixtures", "--fixtures-per-test", "--cache-show", "--collect-only"],
)
def test_an_option_that_only_shows_something_is_refused(pytester, monkeypatch, run, option):
    """In addopts nobody sees it, and pytest would end with 0."""
    pytester.makepyfile(STAGED)
    monkeypatch.setenv("PYTEST_ADDOPTS", option)
    refused(pytester, run(), "-" if option.startswith("--") else "--version")


@pytest.mark.parametrize("option", ["--help", "--markers", "--fixtures", "--collect-only"])
def test_at_a_desk_it_shows_what_was_asked_for(pytester, monkeypatch, run, option):
    monkeypatch.delenv("GITHUB_ACTIONS")
    pytester.makepyfile(STAGED)
    assert run(option).ret == 0
    assert (pytester.path / "smoke-evidence" / "evidence.json").read_text() == "yesterday's"


@pytest.mark.parametrize(("test", "conftest"), [(PLAIN, ""), (STAGED, STRIPS)], ids=["plain", "stripped"])
def test_checks_without_a_stage_are_no_gate(pytester, run, test, conftest):
    pytester.makeconftest(conftest)
    pytester.makepyfile(test)
    refused(pytester, run(), "No collected test carries a stage")


@pytest.mark.parametrize(
    "conftest", [COLLECTS_ITSELF, LEAVES_AT_ONCE], ids=["collects itself", "leaves at once"]
)
def test_a_run_in_which_no_gate_ever_began_does_not_end_with_0(pytester, run, conftest):
    pytester.makeconftest(conftest)
    pytester.makepyfile(STAGED)
    result = run()
    assert result.ret == 1
    result.stderr.fnmatch_lines(["*there is no gate to run*"])


def test_somebody_elses_suite_is_left_alone(pytester, monkeypatch, run):
    """The plug-in is loaded by itself, and the job names an environment: still no gate was asked for."""
    monkeypatch.delenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    pytester.makepyfile(PLAIN)
    off = [
        word
        for name in ("flaky", "randomly", "repeat", "rerunfailures", "xdist")
        for word in ("-p", f"no:{name}")
    ]
    assert pytester.runpytest_subprocess(*off).ret == 0


def test_a_failure_that_comes_after_the_verdict_counts(tmp_path):
    """pytest counts its warnings at the very end."""
    warns = "def test_own():\n    import warnings; warnings.warn('one too many')\n"
    run = gate(tmp_path, "--max-warnings=0", files=own(warns))
    assert run.status != 0, run.output


@pytest.mark.parametrize("name", ["PYTHONPATH", "BASH_ENV"])
def test_a_variable_that_steers_the_process_is_refused_whoever_set_it(pytester, monkeypatch, run, name):
    pytester.makepyfile(STAGED)
    for other in [key for key in os.environ if key.startswith(("PYTHONPATH", "PYTEST_XDIST"))]:
        monkeypatch.delenv(other)
    monkeypatch.setenv(name, ".")
    refused(pytester, run(), f"{name} is set in the gate's environment")
