"""The deploy workflow's file: triggers in every spelling, its inputs, and the job that runs the gate."""

import pytest

from pytest_smokedeploy.preconditions import around, workflow
from tests.rehearsal.gallery.gate import ROOT

DEPLOY = (ROOT / ".github" / "workflows" / "deploy.yml").read_text()
HEAD, _, TAIL = DEPLOY.partition("\non:\n")
TAIL = TAIL[TAIL.index("permissions: {}") :]
AUTOMATIC = (
    "push",
    "schedule",
    "workflow_run",
    "repository_dispatch",
    "workflow_call",
    "pull_request_target",
)
KEYS = ("on", '"on"', "'on'", "true", "True", "ON", "yes", "y", "!!str on", '"\\u006fn"')
SPELLINGS = (
    "{key}: {name}",
    "{key}: [workflow_dispatch, {name}]",
    "{key}:\n  - {name}\n  - workflow_dispatch",
    "{key}:\n  workflow_dispatch:\n  {name}:",
    "{key}: {{workflow_dispatch: , {name}: {{types: [x]}}}}",
    '{key}: "{name}"',
    "? {key}\n: {name}",
)


@pytest.fixture
def file(tmp_path):
    """file(text) -> the workflow's file."""

    def write(text):
        made = tmp_path / "deploy.yml"
        made.write_text(text)
        return made

    return write


def triggered(file, on):
    return workflow.no_automatic_trigger(file(f"{HEAD}\n{on}\n{TAIL}"), "deploy.yml")


@pytest.mark.parametrize("name", AUTOMATIC)
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_an_automatic_trigger_is_seen_in_every_spelling(file, spelling, name):
    found = triggered(file, spelling.format(key="on", name=name))
    assert (found.holds, name in found.seen) == (False, True)


@pytest.mark.parametrize("key", KEYS)
def test_whatever_some_reader_takes_for_on_counts(file, key):
    assert triggered(file, f"{key}: [workflow_dispatch, push]").holds is False


def test_a_trigger_hidden_behind_a_second_on(file):
    assert triggered(file, '"on": workflow_dispatch\non: push').holds is not True
    assert triggered(file, "ON: workflow_dispatch\non: push").holds is False


@pytest.mark.parametrize(
    "on", ["on: workflow_dispatch", "on: [workflow_dispatch]", "on: {workflow_dispatch: }"]
)
def test_by_hand_alone(file, on):
    assert triggered(file, on).holds is True


@pytest.mark.parametrize("on", ["on: ~", "on: []", "on: {}", "on: 3", "x: y"])
def test_no_trigger_is_not_by_hand(file, on):
    assert triggered(file, on).holds is False


@pytest.mark.parametrize(
    "on", ["on: &a [push]", "on: *a", "on: {push: , push: }", "on: [", "on: " + "[" * 5000]
)
def test_what_cannot_be_read_is_not_fine(file, on):
    assert triggered(file, on).holds is None


def changed(file, old, new):
    assert old in DEPLOY
    return file(DEPLOY.replace(old, new, 1))


def test_the_repositorys_own_has_no_fault(file):
    own = file(DEPLOY)
    assert around.misuses(own) == []
    assert (workflow.inputs_fault(own), workflow.secrets_fault(own, "dev"), workflow.unseen(own)) == (
        "",
        "",
        "",
    )
    assert workflow.exists(own, "deploy.yml").holds is True


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("      environment:\n", "      where:\n", "no input `environment`"),
        ("      image_tag:\n", "      tag:\n", "no input `image_tag`"),
        ("default: dev", "default: Production", "defaults to 'Production'"),
        ("options: [dev]", "options: [dev, eu-prod]", "offers 'eu-prod'"),
        ("type: string\n", "type: string\n        default: latest\n", "'latest', which can move"),
    ],
)
def test_inputs_that_are_wrong(file, old, new, words):
    assert words in workflow.inputs_fault(changed(file, old, new))


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ("", "names no `environment:`"),
        ("    environment: ''\n", "names no `environment:`"),
        ("    environment: {url: https://x.example}\n", "names no `environment:`"),
        ("    environment: staging\n", "'staging'"),
        ("    environment: {name: staging}\n", "'staging'"),
        ("    environment: dev\n", ""),
        ("    environment: {name: Dev}\n", ""),
        ("    environment: ${{ inputs.environment }}\n", ""),
    ],
)
def test_whose_secrets_the_gate_is_given(file, where, words):
    fault = workflow.secrets_fault(changed(file, "    environment: dev\n", where), "dev")
    assert words in fault
    assert bool(fault) is bool(words)


def test_another_jobs_environment_is_no_matter(file):
    other = "jobs:\n  other:\n    runs-on: x\n    environment: prod\n    steps: [{run: make}]\n"
    own = changed(file, "jobs:\n", other)
    assert around.misuses(own) == []
    assert workflow.secrets_fault(own, "dev") == ""


@pytest.mark.parametrize(
    ("matrix", "clauses"),
    [
        ("{n: [1]}", []),
        ("{n: [1], exclude: [{n: 2}, {n: 3}]}", []),
        ("{n: [1, 2]}", ["FLR-4"]),
        ("{include: [{n: 1}, {n: 2}]}", ["FLR-4"]),
        ("'${{ fromJSON(inputs.x) }}'", ["FLR-4"]),
        ("{n: '${{ fromJSON(inputs.x) }}'}", ["FLR-4"]),
    ],
)
def test_a_matrix_runs_the_gate_once_or_is_refused(file, matrix, clauses):
    own = changed(file, "    steps:\n", f"    strategy:\n      matrix: {matrix}\n    steps:\n")
    assert [error.clause for error in around.misuses(own)] == clauses


@pytest.mark.parametrize("matrix", ["{w: [dev, prod]}", "{include: [{w: dev}, {w: prod}]}"])
def test_a_matrix_that_names_prod(file, matrix):
    where = f"    strategy: {{matrix: {matrix}}}\n    environment: ${{{{ matrix.w }}}}\n"
    found = around.misuses(changed(file, "    environment: dev\n", where))
    assert [error.clause for error in found] == ["TGT-3", "FLR-4"]


@pytest.mark.parametrize(
    "jobs", ["jobs: {}", "jobs:\n  a: {uses: ./.github/workflows/b.yml}", "jobs: {a: ~}"]
)
def test_a_gate_that_no_step_is_seen_to_run_is_said_aloud(file, jobs):
    own = file(f"on: workflow_dispatch\n{jobs}\n")
    assert "no step of deploy.yml is seen to run the gate" in workflow.unseen(own)
    assert workflow.unseen(own) in workflow.exists(own, "deploy.yml").seen


@pytest.mark.parametrize("text", ["", "- a\n", "on: push\n", "jobs: []\n", "jobs: [\n"])
def test_what_is_no_workflow(file, text):
    own = file(text)
    assert workflow.exists(own, "deploy.yml").holds is False
    assert (around.misuses(own), workflow.unseen(own)) == ([], "")


GATE = "{run: pytest -p smokedeploy smoke_tests}"
STOP = "{run: smokedeploy stop}"
NO_STOP = "a workflow; no step of it runs `smokedeploy stop` after a gate that was killed"


@pytest.mark.parametrize(
    ("jobs", "seen"),
    [
        (f"{{a: {{steps: [{GATE}, {STOP}]}}}}", "a workflow"),
        (f"{{a: {{steps: [{GATE}]}}}}", NO_STOP),
        (f"{{a: {{steps: [{GATE}]}}, b: {{steps: [{STOP}]}}}}", NO_STOP),
        ("{a: {steps: [{run: ./own}]}}", "a workflow; no step of deploy.yml is seen to run the gate"),
    ],
)
def test_a_workflow_is_there_and_what_it_lacks_is_said(file, jobs, seen):
    found = workflow.exists(file(f"on: workflow_dispatch\njobs: {jobs}\n"), "the/deploy.yml")
    assert (found.holds, found.seen.startswith(f"the/deploy.yml, {seen}")) == (True, True)
    assert (seen == "a workflow") is (found.seen == "the/deploy.yml, a workflow")


def test_a_workflow_that_is_not_there(tmp_path):
    found = workflow.exists(tmp_path / "none.yml", "the/none.yml")
    assert (found.holds, found.expected) == (False, "the workflow file the/none.yml")
    assert "cannot be read: No such file" in found.seen
    assert found.remedy == "Add the/none.yml; `smokedeploy init` lays one in."
