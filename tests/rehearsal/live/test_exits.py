"""A run that leaves with 0 behind the gate's back: the workflow's next steps stop it, and let nothing pass.

`os._exit` and a hook in pytest's own place can't be seen from inside. What holds then is what the workflow
runs after the gate: `smokedeploy stop`, and `smokedeploy verify`.
"""

import pytest

VERIFY = ("--max-age", "1")
OUTERMOST = "import os\n\nimport pytest\n\n\n@pytest.hookimpl(wrapper=True, tryfirst=True)\n"
AFTER_A_CHECK = """import os


def pytest_runtest_logfinish(nodeid):
    if "{}" in nodeid:
        os._exit(0)
"""
NOTHING, DEPLOYED = [], ["/v1/deploy", "/v1/stop"]
#: name -> (conftest, whether something runs when it has left, what the agent has heard in the end)
LEAVES = {
    "at import": ("import os\n\nos._exit(0)\n", False, NOTHING),
    "before the deploy": (AFTER_A_CHECK.format("github_environment"), False, NOTHING),
    "after the deploy": (AFTER_A_CHECK.format("step_1"), True, DEPLOYED),
    "while it is watched": (AFTER_A_CHECK.format("startup_banner"), True, DEPLOYED),
    "after the stop": (AFTER_A_CHECK.format("nothing_keeps_running"), False, DEPLOYED),
    "before it is decided": (
        OUTERMOST + "def pytest_sessionfinish(session):\n    os._exit(0)\n    yield\n",
        False,
        DEPLOYED,
    ),
    "before the outcome is told": (
        "import os\n\n\ndef pytest_unconfigure():\n    os._exit(0)\n",
        False,
        DEPLOYED,
    ),
}
ENDS = {
    "in pytest's own place": f"{OUTERMOST}def pytest_cmdline_main(config):\n    yield\n    return 0\n",
    "under the gate on pytest's private stack": "def leave(*_):\n    raise SystemExit(0)\n\n\n"
    "def pytest_configure(config):\n    config._cleanup_stack._exit_callbacks.appendleft((True, leave))\n",
    "at the interpreter's end": "import atexit\nimport os\n\natexit.register(os._exit, 0)\n",
}
FINE = """import pytest


class Fine:
    def __getattr__(self, name):
        return lambda *_: True


def pytest_collection_finish(session):
    session.config.pluginmanager.unregister(name="smokedeploy")


"""
FIXTURES = ("run", "deployment", "status", "log", "shutdown", "evidence")
#: A gate that was never asked: every fixture is replaced, and the plug-in is gone.
NEVER_ASKED = FINE + "\n\n".join(
    f'@pytest.fixture(scope="session")\ndef smoke_{name}():\n    return Fine()\n' for name in FIXTURES
)
PATCHED = """from pytest_smokedeploy.judging import verdict
from pytest_smokedeploy.model import Verdict

decided = verdict._verdict


def passed(record, states, pending):
    return (Verdict.PASS, "", "fine.") if record.deploy == "sent" else decided(record, states, pending)


verdict._verdict = passed
"""
FAILS = """import pytest

pytestmark = pytest.mark.smoke_stage("verify")


def test_own(smoke_status):
    assert False
"""


def refused(world):
    """The workflow's last steps: nothing runs any more, and no door opens."""
    stop = world.command("stop")
    assert stop.returncode == 0, stop.stdout + stop.stderr
    assert world.stack.running() is False
    door = world.command("verify", str(world.folder / "evidence"), *VERIFY)
    assert (door.returncode, "NOT evidence" in door.stdout) == (1, True), door.stdout + door.stderr
    return door.stderr


@pytest.mark.way_out("the run leaves with 0 of itself, by an `os._exit` of some plug-in", "step")
@pytest.mark.parametrize("when", list(LEAVES))
def test_os_exit_with_0_is_stopped_and_refused(live, when):
    conftest, runs, heard = LEAVES[when]
    world = live()
    world.lay(conftest=conftest)
    run = world.run()
    assert run.status == 0, run.output
    assert world.stack.running() is runs
    refused(world)
    assert world.posts == heard


@pytest.mark.parametrize("ends", list(ENDS))
def test_a_failure_whose_status_is_taken_away_is_refused(live, ends):
    """Whoever stands outside of every hook has the last word on the status, and none on the evidence."""
    world = live()
    world.lay(conftest=ENDS[ends], test_7_own=FAILS)
    run = world.run()
    assert (run.document["verdict"], run.status) == ("FAIL", 0), run.output
    assert world.stack.running() is False
    refused(world)


def test_a_gate_that_was_never_asked_is_refused(live):
    """Every check passes on fixtures of somebody's own, and the plug-in was unloaded."""
    world = live()
    world.lay(conftest=NEVER_ASKED)
    world.run()
    refused(world)
    assert world.posts == []


def test_a_verdict_that_was_patched_is_refused(live):
    """`verify` decides anew from the facts, in a process of its own."""
    world = live()
    world.lay(conftest=PATCHED, test_7_own=FAILS)
    run = world.run()
    # pytest's own word on the failed check stands beside the gate's.
    assert (run.document["verdict"], run.status) == ("PASS", 1), run.output
    # The stop has made the evidence anew, in a process that nobody patched.
    assert "the verdict is FAIL, not PASS" in refused(world)
