"""What stands around the gate's step in its workflow: named with file, line, clause and remedy."""

import json
from pathlib import Path

import pytest
import yaml

from pytest_smokedeploy.preconditions import around

GATE = {"run": "exec .venv/bin/pytest -p smokedeploy smoke_tests"}
STOP = {"run": ".venv/bin/smokedeploy stop", "if": "always()"}
BY_ACTION = {"uses": "someone/retry@v1", "with": {"command": "pytest -p smokedeploy smoke_tests"}}


@pytest.fixture
def misuses(tmp_path):
    """misuses(*steps, jobs, **job) -> (clause, message) of each misuse."""

    def read(*steps, more=None, how=None, **job):
        file = tmp_path / "deploy.yml"
        jobs = {"gate": {"environment": "dev", **job, "steps": list(steps)}, **(more or {})}
        whole = json.loads(json.dumps({"on": "workflow_dispatch", "jobs": jobs}))  # no object twice: no alias
        file.write_text(yaml.safe_dump(whole, sort_keys=False))
        return [(error.clause, error.message, error.remedy) for error in around.misuses(file, **(how or {}))]

    return read


def test_a_gate_that_is_stopped_after_it_whatever_happens_is_right(misuses):
    assert misuses(GATE, STOP) == []


def test_a_misuse_is_whole(misuses):
    assert misuses(GATE, **{"continue-on-error": True}) == [
        (
            "FLR-1",
            "deploy.yml:7: `continue-on-error` on the gate's job 'gate' hides that it failed.",
            "Let the gate's own exit status be the step's, and the step's the job's.",
        )
    ]


@pytest.mark.parametrize(
    "value", [True, "true", "True", "TRUE", "${{ true }}", "${{ inputs.lax }}", "yes", 1]
)
def test_a_failure_that_may_be_hidden_is_hidden(misuses, value):
    step = misuses({**GATE, "continue-on-error": value}, STOP)
    assert [row[:2] for row in step] == [
        ("FLR-1", "deploy.yml:6: `continue-on-error` on the gate's step hides that it failed.")
    ]


@pytest.mark.parametrize("value", [False, "False", "FALSE", "${{ false }}", None])
def test_a_failure_that_is_said_not_to_be_hidden_is_not(misuses, value):
    assert misuses({**GATE, "continue-on-error": value}, STOP, **{"continue-on-error": value}) == []


def test_a_gate_that_a_cancelled_jobs_signals_do_not_reach(misuses):
    ((clause, message, remedy),) = misuses({"run": GATE["run"].removeprefix("exec ")}, STOP)
    assert clause == "FLR-2"
    assert message.startswith(
        "deploy.yml:6: the gate is started without `exec`: a cancelled job's SIGINT reach"
    )
    assert remedy.startswith("Write `exec .venv/bin/pytest -p smokedeploy smoke_tests`, with no pipe")


@pytest.mark.parametrize("step", [{"run": "make gate"}, {"run": "ci/gate"}, {**GATE, "shell": "pwsh"}])
def test_a_gate_that_is_not_seen_is_left_alone(misuses, step):
    assert misuses(step, STOP) == []


def test_an_action_that_runs_it_again_is_named(misuses):
    assert misuses(BY_ACTION, STOP) == [
        (
            "FLR-4",
            "deploy.yml:6: the action 'someone/retry@v1' runs the gate again when it fails.",
            "Run the gate once; after a failure a person looks, and starts it anew.",
        )
    ]
    assert misuses({**BY_ACTION, "uses": "someone/runner@v1"}, STOP) == []


@pytest.mark.parametrize("steps", [[GATE, GATE], [{"run": f"{GATE['run']}\n{GATE['run']}\n"}]])
def test_a_gate_that_runs_twice_is_named_where_it_runs_last(misuses, steps):
    clause, message, remedy = misuses(*steps)[0]
    assert (clause, message) == (
        "FLR-4",
        f"deploy.yml:{5 + len(steps)}: one dispatch runs the gate more than once.",
    )
    assert remedy == "Run the gate once; after a failure a person looks, and starts it anew."


def test_two_jobs_with_a_gate_each_run_it_twice(misuses):
    found = misuses(GATE, more={"again": {"environment": "dev", "steps": [GATE]}})
    assert [clause for clause, *_ in found] == ["FLR-4"]


def test_the_shell_of_a_step_its_job_and_its_workflow_counts_in_this_order(misuses):
    piped = {"run": f"{GATE['run']} | tee log"}
    lax, strict = {"run": {"shell": "sh"}}, {"run": {"shell": "bash"}}

    def hides(step, **job):
        # In a pipe `exec` replaces no step's shell, whatever that is.
        return [clause for clause, *_ in misuses(step, STOP, **job)] == ["FLR-1", "FLR-2"]

    assert hides(piped)
    assert not hides(piped, defaults=strict)
    assert hides({**piped, "shell": "sh"}, defaults=strict)
    assert not hides({**piped, "shell": "bash"}, defaults=lax)


def test_a_gate_that_a_cancelled_run_does_not_reach_in_order(misuses):
    ((clause, message, remedy),) = misuses({**GATE, "if": "always()"}, STOP)
    assert clause == "FLR-2"
    assert remedy.startswith("Put `if: always()` on the step that runs `smokedeploy stop`, and never on the")
    assert message.startswith("deploy.yml:6: `if: always()` on the gate's own step: a cancelled run does not")
    assert misuses({**GATE, "if": "success()"}, STOP) == []


@pytest.mark.parametrize("when", ["always()", "${{ always() }}", "failure() || cancelled()"])
def test_a_stop_that_runs_whatever_happens(misuses, when):
    assert misuses(GATE, {**STOP, "if": when}) == []


@pytest.mark.parametrize(
    "when", [None, "", "success()", "failure()", "cancelled()", "!cancelled()", "failure() || !cancelled()"]
)
def test_a_stop_that_does_not_run_when_it_must(misuses, when):
    found = misuses(GATE, {"run": "echo between"}, {**STOP, "if": when})
    assert [row[:2] for row in found] == [
        ("FLR-2", "deploy.yml:8: `smokedeploy stop` does not run where the gate failed or was cancelled.")
    ]


def test_a_stop_elsewhere_or_before_the_gate_is_somebody_elses(misuses):
    early = {"run": "smokedeploy stop"}
    assert misuses(early, GATE, STOP) == []
    assert misuses(GATE, STOP, more={"other": {"steps": [{"run": "true"}, early]}}) == []


WORKSPACE = Path("/a/workspace")


@pytest.mark.parametrize(
    "stop",
    [
        {"run": "smokedeploy stop --evidence out"},
        {"run": "smokedeploy stop --evidence=/a/workspace/out"},
        {"run": "smokedeploy stop", "env": {"SMOKEDEPLOY_EVIDENCE": "./sub/../out"}},
        {"run": "smokedeploy stop --evidence ../out", "working-directory": "sub"},
        {"run": "smokedeploy stop --evidence $WHERE"},
        {"run": "cd sub; smokedeploy stop"},
    ],
)
def test_a_stop_that_looks_where_this_run_really_writes_is_right(misuses, stop):
    how = {"evidence": WORKSPACE / "out", "workspace": WORKSPACE}
    assert misuses(GATE, {**STOP, **stop}, how=how) == []


@pytest.mark.parametrize("folder", ["smoke-evidence", "/somewhere/out", "out/more"])
def test_a_folder_that_nothing_in_the_workflow_names_is_held_against_the_stop(misuses, folder):
    stop = {**STOP, "run": f"smokedeploy stop --evidence {folder}"}
    (found,) = misuses(GATE, stop, how={"evidence": WORKSPACE / "out", "workspace": WORKSPACE})
    where = folder if folder.startswith("/") else f"/a/workspace/{folder}"
    assert found[:2] == (
        "FLR-2",
        f"deploy.yml:7: `smokedeploy stop` looks in {where}, and the gate's journal is in /a/workspace/out.",
    )


def test_a_link_to_the_workspace_is_the_workspace(misuses, tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    how = {"evidence": tmp_path / "real" / "smoke-evidence", "workspace": tmp_path / "link"}
    assert misuses(GATE, STOP, how=how) == []


def test_where_the_steps_begin_is_not_known_the_workflow_alone_is_read(misuses):
    assert misuses(GATE, STOP, how={"evidence": WORKSPACE / "out"}) == []


def test_a_whole_path_and_one_in_the_checkout_may_be_one_folder(misuses):
    gate = {**GATE, "env": {"SMOKEDEPLOY_EVIDENCE": "/a/workspace/smoke-evidence"}}
    assert misuses(gate, STOP) == []
    (found,) = misuses(gate, {**STOP, "run": "smokedeploy stop --evidence /another"})
    assert "looks in /another, and the gate's journal is in /a/workspace/smoke-evidence" in found[1]


@pytest.mark.parametrize(
    "job",
    [
        {"env": {"SMOKEDEPLOY_EVIDENCE": "out"}},
        {"defaults": {"run": {"working-directory": "sub"}}},
    ],
)
def test_what_a_job_sets_holds_for_both_steps_until_one_says_otherwise(misuses, job):
    assert misuses(GATE, STOP, **job) == []
    other = {**STOP, "env": {"SMOKEDEPLOY_EVIDENCE": "x"}, "working-directory": "."}
    (found,) = misuses(GATE, {"run": "echo between"}, other, **job)
    where = "out" if "env" in job else "sub/smoke-evidence"
    assert f"`smokedeploy stop` looks in x, and the gate's journal is in {where}" in found[1]


def test_a_step_that_may_set_the_folder_leaves_it_open(misuses):
    other = {**STOP, "run": "smokedeploy stop --evidence out"}
    sets = {"run": 'echo "SMOKEDEPLOY_EVIDENCE=out" >> "$GITHUB_ENV"'}
    assert misuses(sets, GATE, other) == []
    assert len(misuses({"run": "echo nothing"}, GATE, other)) == 1


def test_one_step_that_looks_in_the_right_place_is_enough(misuses):
    other = {**STOP, "run": "smokedeploy stop --evidence out"}
    assert misuses(GATE, other, STOP) == []
    assert len(misuses(GATE, other)) == 1


def test_what_is_worst_is_named_first(misuses):
    found = misuses(
        {**GATE, "continue-on-error": True}, {**STOP, "if": None}, BY_ACTION, environment="production"
    )
    assert [clause for clause, *_ in found] == ["TGT-3", "TGT-3", "FLR-4", "FLR-4", "FLR-1", "FLR-2"]
