"""Options under which a gate would say less than it must, and those that change nothing."""

from __future__ import annotations

import json

from pytest_smokedeploy.rehearsal import World
from tests.rehearsal.gallery.case import FAIL, INCOMPLETE, NONE, REFUSED, Case, sound

FAILS = "def test_own(smoke_status):\n    assert False\n"
PASSES = 'def test_own(smoke_status):\n    assert smoke_status.raw["running"] is True\n'
VER_2 = "test_3_verify.py::test_running_is_true"
#: Node ids start at the folder that the gate is run in.
LAST = {".cache/v/cache/lastfailed": f'{{"repository/smoke/{VER_2}": true}}', "conftest.py": ""}

STEP = {
    "last_failed": f"repository/smoke/{VER_2}",
    "last_test_count": 42,
    "last_cache_date_str": "2999-01-01",
}
STEPPED = {".cache/v/cache/stepwise": json.dumps(STEP), "conftest.py": ""}
CACHE = ("-p", "cacheprovider", "-p", "stepwise", "-o", "cache_dir={tests}/.cache")


def own(check: str = "", conftest: str = "", stage: str = "verify") -> dict[str, str]:
    """A check of somebody's own in a stage, and a conftest."""
    head = f'import pytest\n\npytestmark = pytest.mark.smoke_stage("{stage}")\n'
    return {"test_7_own.py": head + check, "conftest.py": conftest}


def refused(clause: str, *options: str, **how) -> Case:
    """Options that no gate takes: one clear line, and nothing leaves."""
    return Case(clause, REFUSED, World(), status=4, deploys=False, options=options, **how)


def left_out(clause: str, *options: str, **how) -> Case:
    """A part of the checks was chosen: known at collection, and refused."""
    return refused(clause, *options, words="Only a part of the checks was chosen", **how)


def only(clause: str, *tests: str) -> Case:
    """A part of the smoke tests alone."""
    return left_out(clause, tests=tests)


def no_gate(status: int, *options: str, **how) -> Case:
    """The run ends before it is a gate: no evidence, whatever its status."""
    return Case("", NONE, World(), status=status, deploys=False, options=options, **how)


CASES: dict[str, Case] = {
    # -- a part of the checks
    "the shutdown left out": left_out("STP-1", "-k", "not test_5_shutdown"),
    "deselected": left_out("TRG-2", "-k", "not cannot_move"),
    "a check left out": left_out("VER-2", "-k", "not running_is_true"),
    "all checks left out by a mark": left_out("TGT-1", "-m", "not smoke_stage"),
    "an own check left out by a mark": left_out("EXT-2", "-m", "smoke_clause", files=own(PASSES)),
    "a check deselected by its id": left_out("VER-2", f"--deselect=smoke_tests/{VER_2}"),
    "one check alone": only("TGT-1", VER_2),
    "the preconditions alone": only("AGT-1", "test_1_preconditions.py"),
    "the deploy alone": only("TGT-1", "test_2_deploy.py"),
    "the shutdown alone": only("TGT-1", "test_5_shutdown.py"),
    "preconditions and deploy alone": only("VER-1", "test_1_preconditions.py", "test_2_deploy.py"),
    "a file ignored": left_out("STP-1", "--ignore={tests}/test_5_shutdown.py"),
    "files ignored by a pattern": left_out("OBS-1", "--ignore-glob={tests}/*observe*"),
    "last failed alone": left_out("TGT-1", *CACHE, "--lf", files=LAST),
    "last failed alone, and none failed": left_out(
        "TGT-1", *CACHE, "--lf", "--lfnf=none", files={"conftest.py": ""}
    ),
    "last failed first": refused("VER-6", *CACHE, "--ff", files=LAST),
    "new ones first": refused("VER-6", *CACHE, "--nf", files=LAST),
    "from the last failed on": left_out("TGT-1", *CACHE, "--sw", files=STEPPED),
    # -- an early end
    "stopped at the first failure": Case("EXT-2", FAIL, World(), files=own(FAILS), options=("-x",)),
    "stopped at one failure": Case("EXT-2", FAIL, World(), files=own(FAILS), options=("--maxfail=1",)),
    "a session's time-out": Case(
        "TGT-2", INCOMPLETE, World(), deploys=False, options=("--session-timeout=0.001",)
    ),
    "a check's time-out": Case(
        "EXT-2",
        FAIL,
        World(),
        files=own(
            "import threading\n\n\n@pytest.mark.timeout(0.5)\n"
            "def test_own(smoke_status):\n    threading.Event().wait()\n"
        ),
    ),
    # -- no run at all
    "set-up alone": refused("", "--setup-only"),
    "a plan of the set-up": no_gate(0, "--setup-plan"),
    "collected and not run": no_gate(0, "--collect-only"),
    "the version": no_gate(0, "--version"),
    "its fixtures shown": no_gate(0, "--fixtures"),
    "nothing collected": no_gate(5, "-o", "python_files=nothing.py"),
    # -- a person at a prompt
    "a debugger": refused("", "--pdb"),
    "traced": refused("", "--trace"),
    # -- what it would tell of every value
    "pytest's own trace, by the environment": refused("", environ={"PYTEST_DEBUG": "1"}),
    "pytest's own trace": refused("", "--debug={tests}/../trace.log", files={"conftest.py": ""}),
    # -- a secret that the evidence can't be masked for
    "a secret that is a word of the evidence": Case(
        "PRE-4",
        REFUSED,
        World(),
        status=4,
        deploys=False,
        environ={"GITHUB_TOKEN": "passed"},
        words="GITHUB_TOKEN",
    ),
    "a secret that names a part of an event": sound(environ={"GITHUB_TOKEN": "outcome"}),
    # -- plug-ins
    "a retry plug-in": refused("FLR-4", "-p", "rerunfailures"),
    "a retry plug-in by its module": refused("FLR-4", "-p", "pytest_rerunfailures"),
    "reruns": refused("FLR-4", "-p", "rerunfailures", "--reruns=2"),
    "flaky": refused("FLR-4", "-p", "flaky", needs="plugins"),
    "repeated": refused("FLR-4", "-p", "repeat", "--count=2", needs="plugins"),
    "at random": sound(options=("-p", "randomly", "-p", "randomly"), needs="plugins"),
    "in parallel": refused("", "-p", "xdist", "-n", "2"),
    "in parallel, spelled out": refused("", "-p", "xdist", "--dist=load", "--tx=2*popen"),
    "none in parallel": sound(options=("-p", "xdist", "-n", "0")),
    "without pytest-order": refused("", "-p", "no:pytest_order"),
    "autoload off, by an option": sound(
        options=("--disable-plugin-autoload",), environ={"PYTEST_DISABLE_PLUGIN_AUTOLOAD": ""}
    ),
    "an HTML report in the journal's place": refused(
        "", "--html={tests}/../../evidence/journal.jsonl", files={"conftest.py": ""}, words="HTML report"
    ),
    "a JUnit report elsewhere": refused("", "--junitxml=results.xml", words="results.xml"),
    "without a report": refused("", "-p", "no:html"),
    "without the gate": no_gate(2, "-p", "no:smokedeploy"),
    "without the terminal": refused("", "-p", "no:terminal", files={"conftest.py": ""}),
    "a retry plug-in from the environment": refused(
        "FLR-4", environ={"PYTEST_PLUGINS": "pytest_rerunfailures"}, files={"conftest.py": ""}
    ),
    "every plug-in there is": refused(
        "FLR-4", environ={"PYTEST_DISABLE_PLUGIN_AUTOLOAD": ""}, files={"conftest.py": ""}, needs="plugins"
    ),
    # -- an interpreter without assertions
    "assertions optimised away": Case(
        "TGT-1",
        INCOMPLETE,
        World(),
        deploys=False,
        options=("--assert=plain",),
        environ={"PYTHONOPTIMIZE": "1"},
        files={"conftest.py": ""},
    ),
    "assertions optimised, and rewritten": Case(
        "EXT-2", FAIL, World(), files=own(FAILS), environ={"PYTHONOPTIMIZE": "2"}
    ),
    "assertions as they stand": Case("EXT-2", FAIL, World(), files=own(FAILS), options=("--assert=plain",)),
    # -- settings of pytest's own
    "a time-out that exits": refused("FLR-2", "--timeout-method", "thread"),
    "a time-out that exits, by an ini value": refused("FLR-2", "-o", "timeout_method=thread"),
    "a dump of every stack that exits": refused("FLR-2", "-o", "faulthandler_exit_on_timeout=true"),
    "a dump of every stack": sound(options=("-o", "faulthandler_timeout=0.5")),
    "the evidence for a temporary folder": Case(
        "",
        FAIL,
        World(),
        files=own("def test_own(tmp_path):\n    pass\n"),
        options=("--basetemp={tests}/../../evidence",),
        words="the journal on the disk",
    ),
    "another ini file": left_out(
        "STP-1", "-c", "{tests}/other.ini", files={"other.ini": "[pytest]\naddopts = -k 'not shutdown'\n"}
    ),
    "options from the environment": left_out("STP-1", environ={"PYTEST_ADDOPTS": "-k 'not shutdown'"}),
    "other names for tests": no_gate(5, "-o", "python_functions=check_*"),
    "twice": Case("FLR-4", REFUSED, World(), deploys=False, options=("--keep-duplicates",), tests=("", "")),
    "a file that can't be collected": refused(
        "EXT-2",
        "--continue-on-collection-errors",
        files=own("import no_such_module\n"),
        words="no_such_module",
    ),
    "a file that can't be collected ends it": refused(
        "EXT-2", files=own("import no_such_module\n"), words="test_7_own.py can't be read"
    ),
    "a file with an error of syntax": refused(
        "EXT-2", files=own("def test_own(smoke_status)\n    pass\n"), words="test_7_own.py:4 can't be read"
    ),
    "a file that is skipped as a whole": refused(
        "EXT-2", files=own('pytest.skip("not today", allow_module_level=True)\n'), words="not today"
    ),
    # -- what changes nothing
    "no conftest": sound(options=("--noconftest",), files=own("", "raise RuntimeError\n")),
    "warnings are errors": sound(options=("-W", "error")),
    "nothing captured": sound(options=("-s",)),
    "quiet": sound(options=("-qq", "--no-header", "--no-summary", "--tb=no")),
    "verbose": sound(options=("-vv", "--setup-show", "-rA", "--durations=5")),
    "run xfail": refused("EXT-2", "--runxfail", files=own("@pytest.mark.xfail\n" + FAILS)),
    "stepwise, nothing failed": sound(options=(*CACHE, "--sw"), files={"conftest.py": ""}),
}
