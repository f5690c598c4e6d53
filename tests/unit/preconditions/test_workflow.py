"""The deploy workflow's file: triggers in every spelling (TRG-3), and what a run is held against."""

from dataclasses import replace

import pytest

from pytest_smokedeploy.preconditions import workflow_file
from pytest_smokedeploy.settings import Settings
from tests.rehearsal.gallery.gate import ROOT
from tests.unit.preconditions.conftest import FLOW

DEPLOY = (ROOT / ".github" / "workflows" / "deploy.yml").read_text()
HEAD, _, TAIL = DEPLOY.partition("\non:\n")
TAIL = TAIL[TAIL.index("permissions: {}") :]
SETTINGS = Settings.model_validate(
    {"image": {"repository": "ghcr.io/example/runtime"}, "agent": {"container_name": "runtime"}}
)
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
    read = workflow_file.read(file(f"{HEAD}\n{on}\n{TAIL}"))
    return workflow_file.no_automatic_trigger(read, SETTINGS)


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


@pytest.mark.parametrize("on", ["on: *a", "on: {push: , push: }", "on: [", "on: " + "[" * 5000])
def test_what_cannot_be_read_is_not_fine(file, on):
    assert triggered(file, on).holds is None


def test_a_trigger_behind_an_alias_is_seen(file):
    found = triggered(file, "run-name: &a push\non: [workflow_dispatch, *a]")
    assert (found.holds, "push starts the workflow" in found.seen) == (False, True)


def test_the_line_of_a_trigger_is_told(file):
    found = triggered(file, "on:\n  workflow_dispatch:\n  push:")
    assert found.seen == "deploy.yml:6: push starts the workflow without a person."
    assert found.remedy == (
        "Move what it starts to a workflow of its own; write `on: workflow_dispatch` with its inputs."
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no `jobs`"),
        ("- a\n", "no `jobs`"),
        ("on: push\n", "no `jobs`"),
        ("jobs: []\n", "no `jobs`"),
        ("jobs: [\n", "not YAML"),
        ("jobs: {a: {<<: {b: c}}}\n", "a merge key (`<<`) is not taken here, nor by GitHub"),
        ("jobs: {a: , a: }\n", "stands here twice"),
        ("jobs: &a {b: *a}\n", "nested too deeply"),
        ("a0: &a0 [x, x, x, x, x, x, x, x]\n"
         + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 8)}]\n" for n in range(1, 9))
         + "jobs: {}\n", "holds more than 20000 values"),
    ],
)  # fmt: skip
def test_what_is_no_workflow(file, text, words):
    read = workflow_file.read(file(text))
    found = workflow_file.in_checkout(read)
    assert (found.holds, words in found.seen) == (False, True), found.seen
    assert found.means == "What the workflow of this run may do could not be judged."
    assert read.breaches(SETTINGS) == []


def test_a_workflow_that_is_not_there(tmp_path):
    found = workflow_file.in_checkout(workflow_file.read(tmp_path / "none.yml"))
    assert (found.holds, found.expected) == (False, f"the workflow file {FLOW}")
    assert "cannot be read: No such file" in found.seen
    assert found.remedy == f"Add {FLOW}; `smokedeploy init` lays one in."


#: The settings that the laid workflow names.
NAMED = "smoke_tests/smokedeploy.yml"


@pytest.fixture
def live(run_of, tmp_path):
    """live(**facts of GitHub) -> the misuses of a dispatched run that writes to `out`."""

    def check(evidence="smoke-evidence", settings=NAMED, **github):
        run = run_of()
        run = replace(
            run,
            rehearsal=False,
            settings_file=tmp_path / settings,
            evidence=tmp_path / evidence,
            github=replace(run.github, workspace=tmp_path, **github),
        )
        file = workflow_file.read(run.workflow_file)
        return [(error.clause, error.message) for error in workflow_file.misuses(file, run)]

    return check


@pytest.mark.parametrize("github", [{}, {"job": "smoke-deploy"}, {"workspace": None, "job": ""}])
def test_a_run_of_the_gates_own_job_that_writes_where_it_says(run_of, tmp_path, github):
    run = run_of()
    facts = replace(run.github, **({"workspace": tmp_path} | github))
    given = {"settings_file": tmp_path / NAMED, "evidence": tmp_path / "smoke-evidence"}
    run = replace(run, rehearsal=False, github=facts, **given)
    assert workflow_file.misuses(workflow_file.read(run.workflow_file), run) == []


def test_a_run_in_another_job_is_no_gate(live):
    ((clause, message),) = live(job="other")
    assert clause == "FLR-1"
    assert message == "This runs in the job 'other', and deploy.yml has the gate in 'smoke-deploy'."


def test_a_folder_that_nothing_in_the_workflow_names_is_refused(live, tmp_path):
    ((clause, message),) = live(evidence="out")
    assert clause == "FLR-2"
    looked = tmp_path / "smoke-evidence"
    assert message == f"deploy.yml looks for the evidence in {looked}, this run writes to {tmp_path / 'out'}."


def test_settings_that_nothing_in_the_workflow_names_are_refused(live, tmp_path):
    """An earlier step may write SMOKEDEPLOY_CONFIG into GITHUB_ENV, which no text of the workflow shows."""
    ((clause, message),) = live(settings="other.yml")
    assert clause == "FLR-2"
    wanted, read = tmp_path / NAMED, tmp_path / "other.yml"
    assert message == f"deploy.yml names the settings {wanted}, this run reads {read}."


def test_a_link_to_the_folder_is_the_folder(live, tmp_path):
    (tmp_path / "smoke-evidence").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "smoke-evidence")
    assert live(evidence="link") == []


def test_what_the_settings_list_may_be_set(file):
    text = DEPLOY.replace("    env:\n", "    env:\n      NOTE: x\n", 1)
    read = workflow_file.read(file(text))
    assert [error.clause for error in read.breaches(SETTINGS)] == ["FLR-1"]
    listed = SETTINGS.model_copy(update={"workflow": SETTINGS.workflow.model_copy(update={"env": ("NOTE",)})})
    assert read.breaches(listed) == []


def test_longer_deadlines_want_a_longer_job(file):
    read = workflow_file.read(file(DEPLOY))
    slow = SETTINGS.model_copy(
        update={"deadlines": SETTINGS.deadlines.model_copy(update={"deploy_seconds": 1800})}
    )
    assert "`timeout-minutes: 20` is less than" in str(read.breaches(slow)[0])
    assert slow.budget_seconds - SETTINGS.budget_seconds == 1800 - SETTINGS.deadlines.deploy_seconds
