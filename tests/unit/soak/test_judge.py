"""What the soak calls a fault, on facts made by hand: a sound run has none, and each fault is seen."""

import copy

import pytest

from benchmarks.soak.judge import faults, stopped
from benchmarks.soak.plan import CALLS, WAYS, planned

CALLER, AGENT = "token.access", "agent"


def row(what, at, why="", who=CALLER):
    return {"at": at, "mine": True, "who": who, "what": what, "why": why}


PASSED = {
    "number": 1,
    "way": "healthy",
    "runtime": "quick",
    "status": 0,
    "broken": "",
    "hurt": None,
    "ended": 9.0,
    "rescued_at": None,
    "bound": 48.0,
    "deploys": 1,
    "stop_at": 6.0,
    "outcome_at": 8.0,
    "events": ["create", "start", "kill", "die", "stop"],
    "containers": [{"started": 3.0, "finished": 6.1, "exit_code": 0}],
    "audit": [
        row("deploy.begun", 2.0),
        row("container.stopped", 6.2, "a stop was asked for"),
        row("hold.lifted", 8.0),
    ],
    "calls": ["1.00 GET /health"],
    "begun": True,
    "held": False,
    "unreleased": "",
    "running_at_end": False,
    "running_at_last": False,
    "refusals": [],
    "verified": 0,
    "folder": {
        "verdict": "PASS",
        "reason": "all proven",
        "exit_status": 0,
        "confirmed": True,
        "finished_at": 7.9,
    },
    "output": "PASS       all proven\n",
    "commands": "",
    "agent_log": "",
    "secret": "",
}
KILLED = PASSED | {
    "way": "SIGKILL",
    "status": -9,
    "hurt": 4.0,
    "ended": 4.0,
    "stop_at": None,
    "outcome_at": None,
    "containers": [{"started": 3.0, "finished": 34.0, "exit_code": 0}],
    "audit": [row("deploy.begun", 2.0), row("lease.ran_out", 34.1, "the container was stopped", AGENT)],
    "held": True,
    "refusals": ["the verdict is INCOMPLETE"],
    "verified": 1,
    "folder": {
        "verdict": "INCOMPLETE",
        "reason": "not told",
        "exit_status": 1,
        "confirmed": False,
        "finished_at": 1.0,
    },
    "output": "",
}
RESCUED = KILLED | {
    "rescued_at": 6.5,
    "containers": [{"started": 3.0, "finished": 6.1, "exit_code": 0}],
    "audit": [row("deploy.begun", 2.0), row("container.stopped", 6.2, "a stop was asked for")],
    "stop": {"status": 0, "words": "the agent is on hold since then", "running": False},
}
#: (the run, what of it is otherwise, the fault's kind)
WRONG = {
    "it still runs": (KILLED, {"running_at_last": True}, "outlived"),
    "it ran past its bound": (
        KILLED,
        {"containers": [{"started": 3.0, "finished": 48.5, "exit_code": 0}]},
        "outlived",
    ),
    "it runs after its rescue": (RESCUED, {"stop": RESCUED["stop"] | {"running": True}}, "outlived"),
    "it starts after its rescue": (
        RESCUED,
        {"containers": [{"started": 7.0, "finished": 8.0, "exit_code": 0}]},
        "outlived",
    ),
    "it runs, and its stop was confirmed": (PASSED, {"running_at_end": True}, "outlived"),
    "two calls": (KILLED, {"deploys": 2}, "second deploy"),
    "two deploys": (KILLED, {"audit": [*KILLED["audit"], row("deploy.begun", 5.0)]}, "second deploy"),
    "two containers": (KILLED, {"events": ["create", "start", "destroy", "create"]}, "second deploy"),
    "a green exit": (KILLED, {"status": 0}, "untrue"),
    "a pass that nobody was told": (PASSED, {"audit": PASSED["audit"][:2], "held": True}, "untrue"),
    "a pass, and exit 1": (PASSED, {"status": 1}, "untrue"),
    "a pass, and the signal came before": (PASSED, {"way": "SIGINT", "hurt": 5.0}, "untrue"),
    "a pass, and the container ended before the stop": (
        PASSED,
        {"containers": [{"started": 3.0, "finished": 5.0, "exit_code": 0}]},
        "untrue",
    ),
    "a pass, and a pause": (PASSED, {"events": ["create", "start", "pause", "unpause", "die"]}, "untrue"),
    "said that nothing was deployed": (KILLED, {"output": "This run deployed nothing."}, "untrue"),
    "refused, and created": (KILLED, {"folder": KILLED["folder"] | {"verdict": "REFUSED"}}, "untrue"),
    "output and folder": (KILLED, {"output": "FAIL       AGT-1: no"}, "untrue"),
    "no hold": (KILLED, {"held": False}, "untrue"),
    "said that it is on hold": (
        RESCUED,
        {"held": False, "audit": [*RESCUED["audit"], row("hold.lifted", 6.3)]},
        "untrue",
    ),
    "said that it is not": (
        RESCUED,
        {"stop": RESCUED["stop"] | {"words": "the agent's status shows no hold"}},
        "untrue",
    ),
    "the next run is let through": (KILLED, {"next": ("PASS", "")}, "untrue"),
    "verify takes no pass": (KILLED, {"refusals": []}, "taken by verify"),
    "verify takes what was rescued": (RESCUED, {"verified": 0}, "taken by verify"),
    "a healthy run fails": (PASSED, {"status": 1, "folder": None, "refusals": ["no"]}, "healthy"),
    "a healthy run is on hold": (PASSED, {"held": True}, "healthy"),
    "a hang": (KILLED, {"status": None}, "other"),
    "a traceback": (KILLED, {"agent_log": "Traceback (most recent call last):"}, "other"),
    "a secret": (KILLED, {"secret": "report.html"}, "other"),
    "a hold for ever": (KILLED, {"unreleased": "under way"}, "other"),
    "the soak's own": (KILLED, {"broken": "OSError()"}, "other"),
}


@pytest.mark.parametrize("run", [PASSED, KILLED, RESCUED], ids=["passed", "killed", "rescued"])
def test_a_sound_run_has_none(run):
    assert faults(run) == []


@pytest.mark.parametrize("name", list(WRONG))
def test_each_is_seen(name):
    run, change, kind = WRONG[name]
    assert kind in {kind for kind, _ in faults(copy.deepcopy(run) | change)}


def test_the_layer_that_stopped_it_is_told():
    assert stopped(PASSED) is None
    assert stopped(KILLED) == ("lease", 30.0)
    assert stopped(RESCUED) == ("smokedeploy stop", pytest.approx(2.1))
    assert stopped(RESCUED | {"ended": 6.3}) == ("gate", pytest.approx(2.1))


def test_the_list_of_runs_is_the_seeds_own_and_holds_each_way():
    runs = [planned(1, number) for number in range(1, 2 * len(WAYS) + 1)]
    assert runs == [planned(1, run.number) for run in runs]
    assert runs != [planned(2, run.number) for run in runs]
    assert sorted(run.way for run in runs) == sorted([*WAYS, *WAYS])
    assert sum(run.rescued for run in runs) == len(WAYS)
    assert {0 <= run.call <= CALLS for run in runs} == {True}
