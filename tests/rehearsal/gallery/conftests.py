"""What a conftest can do to the gate that it runs in."""

from __future__ import annotations

from pytest_smokedeploy.rehearsal import World
from tests.rehearsal.gallery.case import FAIL, INCOMPLETE, NONE, REFUSED, Case, sound
from tests.rehearsal.gallery.command_line import FAILS, PASSES, own

_ENDS = "def pytest_sessionfinish(session):\n    "
_OUTERMOST = "import pytest\n\n\n@pytest.hookimpl(wrapper=True, tryfirst=True)\n"
_CALLED_PASSED = f"""{_OUTERMOST}def pytest_runtest_makereport(item, call):
    report = yield
    report.outcome = "passed"
    return report
"""
MAKES_REPORTS = """import pytest


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_makereport(item, call):
    call.excinfo = None
    return pytest.TestReport.from_item_and_call(item, call)
"""
_REPLACED = """import pytest


class Fine:
    def __getattr__(self, name):
        return lambda *_: True


@pytest.fixture(scope="session")
def smoke_deployment():
    return Fine()
"""
_ALL_REPLACED = _REPLACED + "".join(
    f'\n\n@pytest.fixture(scope="session")\ndef smoke_{name}():\n    return Fine()\n'
    for name in ("run", "status", "log", "shutdown", "evidence")
)
REMOVES = """def pytest_collection_modifyitems(items):
    items[:] = [item for item in items if "running_is_true" not in item.name]
"""
_REVERSES = """import pytest


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    items.reverse()
"""
_REVERSES_LATE = """def pytest_collection_finish(session):
    session.items.reverse()
"""
_REVERSES_LATER = """import pytest


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session):
    session.items.reverse()
"""
_REMOVES_LATE = """import pytest


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session):
    session.items[:] = [item for item in session.items if "running_is_true" not in item.name]
"""
_MARKS = """import pytest


def pytest_collection_modifyitems(items):
    for item in items:
        if "running_is_true" in item.name:
            item.add_marker({})
"""
_SETS_STATUS = f"""{_OUTERMOST}def pytest_sessionfinish(session):
    yield
    session.exitstatus = 0
"""
_SWALLOWS = """import pytest


@pytest.hookimpl(tryfirst=True)
def {}:
    return True
"""
_OTHER_FUNCTION = """import pytest


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    if "{}" in item.name:
        item.obj = lambda **_: None
"""
_CATCHES = """import pytest


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem):
    try:
        return (yield)
    except AssertionError:
        return True
"""
_MOVES_CLAIMS = """import pytest


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    claims = [mark for item in items for mark in item.own_markers if mark.name == "smoke_clause"]
    for item in items:
        item.own_markers[:] = [mark for mark in item.own_markers if mark.name != "smoke_clause"]
    items[:] = [item for item in items if item.name == "test_own"]
    items[0].own_markers += claims
"""
_TAKES = """from pathlib import Path


def pytest_sessionfinish(session):
    (Path(session.config.option.xmlpath).parent / "{}").unlink()
"""
_ADDS = """from pathlib import Path


def pytest_sessionfinish(session):
    with (Path(session.config.option.xmlpath).parent / "journal.jsonl").open("a") as file:
        file.write('{"at": "2999-01-01T00:00:00Z", "event": "own"}\\n')
"""
_UNLOADS = """def pytest_collection_finish(session):
    session.config.pluginmanager.unregister(name="smokedeploy")
"""
_LEAVES = """import sys


def pytest_runtest_logfinish(nodeid):
    if "running_is_true" in nodeid:
        sys.exit(0)
"""


def spoilt(
    conftest: str, clause: str = "EXT-2", verdict: str = FAIL, status: int | None = None, **how
) -> Case:
    """A check of somebody's own fails, and a conftest would have it otherwise."""
    return Case(clause, verdict, World(), status=status, files=own(FAILS, conftest), **how)


def bent(conftest: str, clause: str, verdict: str = INCOMPLETE, status: int | None = None, **how) -> Case:
    """A conftest that bends a run in which all would be well."""
    return Case(clause, verdict, World(), status=status, files=own("", conftest), **how)


CASES: dict[str, Case] = {
    # -- fixtures and items
    "a conftest that replaces a fixture": bent(_REPLACED, "AGT-1"),
    "a conftest that replaces every fixture": bent(_ALL_REPLACED, "TGT-1", deploys=False),
    "a conftest that removes a check": bent(REMOVES, "VER-2", REFUSED, 4, deploys=False),
    "a conftest that removes a check late": bent(_REMOVES_LATE, "VER-2"),
    # pytest-order puts it right, and the gate has seen to its marks.
    "a conftest that turns the order round": sound(files=own("", _REVERSES)),
    "a conftest that turns the order round late": bent(_REVERSES_LATE, "VER-6", REFUSED, 4, deploys=False),
    "a conftest that turns the order round at the last": bent(_REVERSES_LATER, "AGT-1", deploys=False),
    "a conftest that skips a check": bent(
        _MARKS.format('pytest.mark.skip(reason="not today")'), "EXT-2", REFUSED, 4, deploys=False
    ),
    "a conftest that expects a failure": bent(
        _MARKS.format("pytest.mark.xfail"), "EXT-2", REFUSED, 4, deploys=False
    ),
    # -- hooks
    "a conftest that calls every check passed": spoilt(_CALLED_PASSED),
    "a conftest that makes the reports": spoilt(MAKES_REPORTS),
    "a conftest that runs no check": bent(
        _SWALLOWS.format("pytest_runtestloop(session)"), "TGT-1", deploys=False
    ),
    "a conftest that runs checks its own way": bent(
        _SWALLOWS.format("pytest_runtest_protocol(item)"), "TGT-1", deploys=False
    ),
    "a conftest that calls no check": bent(
        _SWALLOWS.format("pytest_pyfunc_call(pyfuncitem)"), "TGT-1", deploys=False
    ),
    "a conftest that collects nothing": bent(
        _SWALLOWS.format("pytest_collection(session)"), "", NONE, 5, deploys=False
    ),
    "a conftest in pytest's own place": bent(
        "def pytest_cmdline_main(config):\n    return 0\n", "", NONE, 0, deploys=False
    ),
    "a conftest that unloads the gate": bent(_UNLOADS, "TGT-1", deploys=False),
    "a hook that breaks after the last check": bent(
        'def pytest_runtest_logfinish(nodeid):\n    assert "undocumented" not in nodeid\n', "", FAIL
    ),
    "a summary that breaks": spoilt("def pytest_terminal_summary():\n    raise RuntimeError\n"),
    "a summary that ends with 0": spoilt(
        'import pytest\n\n\ndef pytest_terminal_summary():\n    pytest.exit("bye", returncode=0)\n'
    ),
    "a conftest that puts another function in a check's place": bent(
        _OTHER_FUNCTION.format("running_is_true"), "VER-2"
    ),
    "a conftest that puts another function in an own check's place": spoilt(
        _OTHER_FUNCTION.format("test_own"), verdict=INCOMPLETE
    ),
    "a conftest that catches what a check raises": spoilt(_CATCHES),
    "a conftest that gives every claim to one check": Case(
        "TGT-1", INCOMPLETE, World(), deploys=False, files=own(PASSES, _MOVES_CLAIMS)
    ),
    # -- the evidence itself
    "a conftest that takes the log away": bent(_TAKES.format("startup.log"), "", FAIL, words="startup.log"),
    "a conftest that takes the journal away": bent(_TAKES.format("journal.jsonl"), "", FAIL, words="journal"),
    "a conftest that adds to the journal": bent(_ADDS, "", FAIL),
    # -- exits
    "a conftest that ends with 0": spoilt(f'import pytest\n\n{_ENDS}pytest.exit("bye", returncode=0)\n'),
    "a conftest that leaves with 0": spoilt(f"import sys\n\n{_ENDS}sys.exit(0)\n"),
    "a conftest that sets the status to 0": spoilt(_SETS_STATUS),
    "a conftest that leaves with 0 in the last hook": spoilt(
        "import sys\n\n\ndef pytest_unconfigure():\n    sys.exit(0)\n"
    ),
    "a conftest that leaves with 0 at import": bent(
        "import sys\n\nsys.exit(0)\n", "", NONE, 0, deploys=False
    ),
    "a conftest that ends pytest at import": bent(
        'import pytest\n\npytest.exit("bye", returncode=0)\n', "", NONE, 4, deploys=False
    ),
    "a conftest that leaves with 0 in a check": bent(
        _LEAVES,
        "VER-3",
    ),
}
