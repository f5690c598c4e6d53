"""Checks of somebody's own that prove less than they say."""

from __future__ import annotations

from pytest_smokedeploy.rehearsal import World
from tests.rehearsal.gallery.case import FAIL, INCOMPLETE, REFUSED, Case, after_idle, says, sound
from tests.rehearsal.gallery.command_line import FAILS, PASSES, own, refused
from tests.rehearsal.gallery.conftests import MAKES_REPORTS, REMOVES
from tests.rehearsal.gallery.lies import status

_CLAIM = '@pytest.mark.smoke_clause("{}")\n'
_LATE = """@pytest.fixture
def late():
    yield
    assert False


def test_own(late):
    pass
"""
_EARLY = _LATE.replace("    yield\n", "")
# Calling it runs nothing of its body: pytest is given a generator, and calls the check passed.
_GENERATOR = """import functools


def thin(function):
    @functools.wraps(function)
    def called():
        return function()
    return called


@thin
def test_own():
    assert False
    yield
"""
_ASYNC = "@pytest.mark.anyio\nasync def test_own(smoke_status):\n    assert {}\n"
_PARTS = """def test_own(subtests):
    with subtests.test("one"):
        assert True
    with subtests.test("another"):
        assert {}
"""
_CASE = """import unittest


class TestOwn(unittest.TestCase):
    def test_own(self):
        for number in (1, 2):
            with self.subTest(number=number):
                self.assertLess(number, {})
"""

#: Checks that take their time: what the runtime does meanwhile comes before the stop, and after the window.
_UNTIL_IT_ENDS = """import threading


def test_own(smoke_agent, smoke_log):
    for _ in range(100):
        if smoke_agent.status().raw["running"] is False:
            break
        threading.Event().wait(0.2)
    else:
        assert False, "it never ended"
"""
_UNTIL_IT_SPEAKS = """import threading


def test_own(smoke_log):
    threading.Event().wait(6)
"""


def check(
    text: str, clause: str, verdict: str = INCOMPLETE, conftest: str = "", stage: str = "verify", **how
) -> Case:
    """A check of somebody's own."""
    return Case(clause, verdict, World(), files=own(text, conftest, stage), **how)


CASES: dict[str, Case] = {
    "a check that ends pytest with 0": check(
        'def test_own(smoke_status):\n    pytest.exit("bye", returncode=0)\n', "OBS-1"
    ),
    "a check that leaves with 0": check(
        "def test_own(smoke_status):\n    import sys; sys.exit(0)\n", "EXT-2", FAIL, words="SystemExit: 0"
    ),
    "an own check skipped": check('def test_own():\n    pytest.skip("not today")\n', "EXT-2"),
    "an own check xfailed": refused(
        "EXT-2", files=own("@pytest.mark.xfail\n" + FAILS), words="expected to fail"
    ),
    "an own check skipped by a mark": refused(
        "EXT-2", files=own("@pytest.mark.skip\n" + PASSES), words="skipped"
    ),
    "an own check that may be skipped": refused(
        "EXT-2", files=own('@pytest.mark.skipif(False, reason="x")\n' + PASSES), words="may be skipped"
    ),
    "an own check without parameters": refused(
        "EXT-2",
        files=own('@pytest.mark.parametrize("one", [])\ndef test_own(one):\n    pass\n'),
        words="its `parametrize` is empty",
    ),
    "a test case skipped by unittest": refused(
        "EXT-2",
        files=own("import unittest\n\n\n@unittest.skip('x')\n" + _CASE.partition("\n\n\n")[2].format(3)),
        words="skipped",
    ),
    "an own check of a fixture that does not exist": refused(
        "EXT-2", files=own("def test_own(smoke_stat):\n    pass\n"), words="Did you mean `smoke_status`?"
    ),
    "an own check that stops too early": refused(
        "EXT-2", files=own("def test_own(smoke_shutdown):\n    pass\n"), words="of the stage shutdown"
    ),
    "an own check that stops too early, by another fixture": refused(
        "EXT-2",
        files=own(
            "@pytest.fixture\ndef ours(smoke_shutdown):\n    pass\n\n\ndef test_own(ours):\n    pass\n"
        ),
        words="of the stage shutdown",
    ),
    "an own check that nobody awaits": refused(
        "EXT-2",
        files=own(
            "async def test_own():\n    assert False\n",
            "import pytest\n\n\n@pytest.hookimpl(tryfirst=True)\ndef pytest_pyfunc_call(pyfuncitem):\n"
            '    return True if pyfuncitem.name == "test_own" else None\n',
        ),
        words="`async def`",
    ),
    "an item that is no function": sound(
        files=own(
            "",
            "import pytest\n\n\nclass Other(pytest.Item):\n    def runtest(self):\n        pass\n\n\n"
            "class Others(pytest.File):\n    def collect(self):\n"
            '        item = Other.from_parent(self, name="other")\n'
            '        item.add_marker(pytest.mark.smoke_stage("verify"))\n        yield item\n\n\n'
            "def pytest_collect_file(file_path, parent):\n"
            '    if file_path.name == "test_7_own.py":\n'
            "        return Others.from_parent(parent, path=file_path)\n",
        )
    ),
    "an own check with parameters": sound(
        files=own(
            '@pytest.mark.parametrize("one", [1, 2])\ndef test_own(smoke_status, one):\n    assert one\n'
        )
    ),
    "an own check with parameters, one of which fails": check(
        '@pytest.mark.parametrize("word", ["here", "nowhere"])\n'
        "def test_own(smoke_status, word):\n    assert word == 'here'\n",
        "EXT-2",
        FAIL,
        words="own [nowhere]",
    ),
    "an own check that meets a key error": check(
        'def test_own(smoke_status):\n    smoke_status.raw["env"]\n', "EXT-2", FAIL, words="KeyError: 'env'"
    ),
    "an own check that is awaited": sound(files=own(_ASYNC.format("True")), options=("-p", "anyio")),
    "an own check that is awaited, and fails": check(
        _ASYNC.format("False"), "EXT-2", FAIL, options=("-p", "anyio")
    ),
    # pytest warns, and calls both passed.
    "an own check that returns what it found": check(
        "def test_own(smoke_status):\n    return smoke_status.raw['running'] is False\n", "EXT-2"
    ),
    "an own check whose body is never run": check(_GENERATOR, "EXT-2"),
    "a claim that returns what it found": check(
        _CLAIM.format("VER-2") + "def test_own(smoke_status):\n    return smoke_status.is_running()\n",
        "VER-2",
        conftest=REMOVES,
    ),
    "an own check of which one part fails": check(_PARTS.format("False"), "EXT-2", FAIL),
    "an own check of which one part is skipped": check(_PARTS.format("pytest.skip('not today')"), "EXT-2"),
    "a test case of which one part fails": check(_CASE.format(2), "EXT-2", FAIL),
    "an own check in several parts": sound(files=own(_PARTS.format("True"))),
    "a test case in several parts": sound(files=own(_CASE.format(3))),
    "an own check in its teardown": check(_LATE, "EXT-2", FAIL),
    "an own check in its teardown, told otherwise": check(_LATE, "EXT-2", FAIL, MAKES_REPORTS),
    "an own check in its set-up, told otherwise": check(_EARLY, "EXT-2", FAIL, MAKES_REPORTS),
    "a claim without a look": check(
        _CLAIM.format("VER-2") + "def test_own(smoke_status):\n    pass\n", "VER-2", conftest=REMOVES
    ),
    "a claim that looks at something else": check(
        _CLAIM.format("VER-2") + "def test_own(smoke_status):\n    assert smoke_status.answers()\n",
        "VER-2",
        conftest=REMOVES,
    ),
    "a claim by a value of its own": check(_CLAIM.format("VER-2") + PASSES, "VER-2", conftest=REMOVES),
    "a claim that is asserted the wrong way": check(
        _CLAIM.format("VER-2") + "def test_own(smoke_status):\n    assert not smoke_status.is_running()\n",
        "VER-2",
        FAIL,
        conftest=REMOVES,
    ),
    "a claim whose look is thrown away": Case(
        "VER-2",
        FAIL,
        says("/v1/status", running="true"),
        files=own(
            _CLAIM.format("VER-2") + "def test_own(smoke_status):\n    smoke_status.is_running()\n", REMOVES
        ),
    ),
    "a precondition that deploys": refused(
        "EXT-2",
        files=own(
            _CLAIM.format("PRE-2")
            + "def test_own(smoke_deployment):\n    assert smoke_deployment.is_running()\n",
            stage="preconditions",
        ),
        words="of the stage deploy",
    ),
    "it leaves while an own check looks on": Case(
        "OBS-6", FAIL, after_idle("sleep 6; exit 0"), files=own(_UNTIL_IT_ENDS, stage="observe")
    ),
    "it speaks while an own check looks on": Case(
        "RUN-3",
        FAIL,
        after_idle('(sleep 6; echo "stopped") &'),
        files=own(_UNTIL_IT_SPEAKS, stage="observe"),
    ),
    "a check that takes the journal away": check(
        "def test_own(request):\n    import os\n"
        '    os.unlink(request.config.option.smokedeploy_evidence + "/journal.jsonl")\n',
        "",
        FAIL,
        words="the journal on the disk",
    ),
    "a check that makes the log larger than it may be": check(
        "def test_own(request):\n    import os\n"
        '    os.truncate(request.config.option.smokedeploy_evidence + "/startup.log", 2 * 1024**3)\n',
        "",
        FAIL,
        stage="observe",
        words="startup.log has 2147483648 bytes, and may have 268435456",
    ),
    # No line tells of it: one more look is due before the stop.
    "it loops in silence while an own check looks on": Case(
        "RUN-3",
        FAIL,
        after_idle("(sleep 3; while :; do :; done) &"),
        files=own(_UNTIL_IT_SPEAKS, stage="observe"),
        settings={"activity": {"cpu_share": 0.02}},
    ),
    "it restarts in silence while an own check looks on": Case(
        "DET-1",
        FAIL,
        status(lambda body, told: body.update(restart_count=1) if told > 3 else None),
        files=own(_UNTIL_IT_SPEAKS, stage="observe"),
    ),
    "an unknown clause": Case(
        "", REFUSED, World(), status=4, deploys=False, files=own(_CLAIM.format("VER-99") + PASSES)
    ),
    "an own check without a stage": Case(
        "", REFUSED, World(), status=4, deploys=False, files={"test_7_own.py": "def test_own():\n    pass\n"}
    ),
}
