"""Options, plug-ins and conftests that would make a gate say less than it must."""

from __future__ import annotations

from pytest_smokedeploy.rehearsal import World
from tests.gallery.case import FAIL, INCOMPLETE, REFUSED, Case


def own(check: str = "", conftest: str = "") -> dict[str, str]:
    """A check of somebody's own in the stage verify, and a conftest."""
    head = 'import pytest\n\npytestmark = pytest.mark.smoke_stage("verify")\n'
    return {"test_7_own.py": head + check, "conftest.py": conftest}


_FAILS = "def test_own(smoke_status):\n    assert False\n"
_ENDS = "def pytest_sessionfinish(session):\n    "
_CALLED_PASSED = """import pytest


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    report.outcome = "passed"
    return report
"""
_REPLACED = """import pytest


class Fine:
    def __getattr__(self, name):
        return lambda *_: True


@pytest.fixture(scope="session")
def smoke_deployment():
    return Fine()
"""
_REMOVES = """def pytest_collection_modifyitems(items):
    items[:] = [item for item in items if "running_is_true" not in item.name]
"""
CASES: dict[str, Case] = {
    "a conftest that calls every check passed": Case(
        "EXT-2", FAIL, 1, World(), files=own(_FAILS, _CALLED_PASSED)
    ),
    "a conftest that replaces a fixture": Case("AGT-1", INCOMPLETE, 1, World(), files=own("", _REPLACED)),
    "a conftest that removes a check": Case("VER-2", INCOMPLETE, 1, World(), files=own("", _REMOVES)),
    "an own check skipped": Case(
        "EXT-2", INCOMPLETE, 1, World(), files=own('def test_own():\n    pytest.skip("not today")\n')
    ),
    "an own check xfailed": Case(
        "EXT-2",
        INCOMPLETE,
        1,
        World(),
        files=own("@pytest.mark.xfail\ndef test_own(smoke_status):\n    assert False\n"),
    ),
    "the shutdown left out": Case("STP-1", INCOMPLETE, 1, World(), options=("-k", "not test_5_shutdown")),
    "stopped at the first failure": Case("EXT-2", FAIL, 1, World(), files=own(_FAILS), options=("-x",)),
    "a check that ends pytest with 0": Case(
        "OBS-1",
        INCOMPLETE,
        1,
        World(),
        files=own('def test_own(smoke_status):\n    pytest.exit("bye", returncode=0)\n'),
    ),
    "a debugger": Case("", REFUSED, 4, World(), deploys=False, options=("--pdb",)),
    "traced": Case("", REFUSED, 4, World(), deploys=False, options=("--trace",)),
    "a retry plug-in by its module": Case(
        "FLR-4", REFUSED, 4, World(), deploys=False, options=("-p", "pytest_rerunfailures")
    ),
    "deselected": Case("TRG-2", INCOMPLETE, 1, World(), deploys=False, options=("-k", "not cannot_move")),
    "a check left out": Case("VER-2", INCOMPLETE, 1, World(), options=("-k", "not running_is_true")),
    "a retry plug-in": Case("FLR-4", REFUSED, 4, World(), deploys=False, options=("-p", "rerunfailures")),
    "in parallel": Case("", REFUSED, 4, World(), deploys=False, options=("-p", "xdist", "-n", "2")),
    "a time-out that exits": Case(
        "FLR-2", REFUSED, 4, World(), deploys=False, options=("--timeout-method", "thread")
    ),
    "set-up alone": Case("", REFUSED, 4, World(), deploys=False, options=("--setup-only",)),
    "a file that can't be collected": Case(
        "",
        FAIL,
        1,
        World(),
        files=own("import no_such_module\n"),
        options=("--continue-on-collection-errors",),
    ),
    "a strict xfail that passes": Case(
        "EXT-2",
        FAIL,
        1,
        World(),
        files=own("@pytest.mark.xfail(strict=True)\ndef test_own(smoke_status):\n    pass\n"),
    ),
    "a hook that breaks after the last check": Case(
        "",
        FAIL,
        1,
        World(),
        files=own(
            conftest='def pytest_runtest_logfinish(nodeid):\n    assert "undocumented" not in nodeid\n'
        ),
    ),
    "a conftest that ends with 0": Case(
        "EXT-2",
        FAIL,
        1,
        World(),
        files=own(_FAILS, f'import pytest\n\n{_ENDS}pytest.exit("bye", returncode=0)\n'),
    ),
    "a conftest that leaves with 0": Case(
        "EXT-2", FAIL, 1, World(), files=own(_FAILS, f"import sys\n\n{_ENDS}sys.exit(0)\n")
    ),
}
