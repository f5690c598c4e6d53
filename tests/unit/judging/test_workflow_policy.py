"""The deploy workflow's allow-list: what passes, and what is refused with clause, line and remedy."""

import pytest

from pytest_smokedeploy.judging import workflow_policy
from pytest_smokedeploy.settings import Settings, yamlfile
from tests.unit.judging.workflow_table import GATE, LAST, PASSES, REFUSED, STOP, UNSEEN, edit, env, job, step

#: A run takes 11 minutes by these, at the longest.
SETTINGS = Settings.model_validate(
    {
        "image": {"repository": "ghcr.io/example/runtime"},
        "agent": {"container_name": "runtime"},
        "workflow": {"env": ["SSL_CERT_FILE", "PYTEST_PLUGINS", "PATH", "GCONV_PATH"]},
        "deadlines": {"deploy_seconds": 29, "startup_seconds": 60, "stop_seconds": 60},
        "quiet_window_seconds": 1,
    }
)


def document(text):
    return yamlfile.parse(text, "deploy.yml", aliases=True)


def judged(text, settings=SETTINGS):
    return workflow_policy.breaches(document(text), settings)


def settings(**changes):
    return Settings.model_validate(SETTINGS.model_dump() | changes)


@pytest.mark.parametrize("name", PASSES)
def test_a_sound_workflow_passes(name):
    assert [str(error) for error in judged(PASSES[name])] == []


@pytest.mark.parametrize("name", REFUSED)
def test_anything_else_is_refused(name):
    text, clause, words = REFUSED[name]
    found = judged(text)
    assert any(error.clause == clause and words in error.message for error in found), [
        f"{error.clause}: {error}" for error in found
    ]
    assert all(error.message.startswith("deploy.yml:") and error.remedy for error in found)


@pytest.mark.parametrize("name", UNSEEN)
def test_what_one_file_cannot_show_is_not_refused(name):
    assert judged(UNSEEN[name]) == []


def test_a_secret_that_chooses_code_is_refused_too():
    (error,) = judged(env("PYTHONHOME: ${{ secrets.PYTHONHOME }}"), settings(secrets=["PYTHONHOME"]))
    assert (error.clause, "'PYTHONHOME'" in error.message) == ("FLR-1", True)


@pytest.mark.parametrize(
    ("changes", "name"),
    [({"secrets": ["API_KEY"]}, "API_KEY"), ({"database": {"proof": "direct"}}, "DATABASE_URL")],
)
def test_whatever_the_settings_ask_the_environment_for_is_given_to_the_gate(changes, name):
    (error,) = judged(edit(), settings(**changes))
    assert (error.clause, error.message) == ("PRE-4", f"deploy.yml:46: the gate is not given {name}.")
    assert error.remedy == f"Add to `env` of its step: `{name}: ${{{{ secrets.{name} }}}}`."
    assert judged(env(f"{name}: ${{{{ secrets.{name} }}}}"), settings(**changes)) == []


def test_the_worst_clause_is_named_first():
    text = edit(
        (GATE, f"{GATE} || true"),
        (STOP, "run: 'true'"),
        ("environment: dev\n    perm", "environment: prod\n    strategy: {matrix: {n: [1]}}\n    perm"),
        ("${{ github.token }}", "token"),
    )
    assert [error.clause for error in judged(text)] == ["TGT-3", "PRE-4", "FLR-4", "FLR-1", "FLR-2"]


def test_a_refusal_says_line_and_remedy():
    (error,) = judged(edit((GATE, GATE.replace("exec ", ""))))
    assert str(error) == (
        "deploy.yml:53: the command of the gate does not begin with `exec`: a cancelled job's SIGINT "
        "reaches the step's shell alone, and the container runs on. "
        "Write `run: exec .venv/bin/pytest -p smokedeploy smoke_tests`, and nothing around it."
    )


def test_a_check_after_the_gate_is_told_where_to_stand():
    (error,) = judged(step("{run: .venv/bin/smokedeploy check}", LAST))
    assert error.remedy == "Write `run: .venv/bin/smokedeploy check` alone in a step before the gate's."


def test_a_job_that_has_the_package_s_name_is_told_to_take_another():
    text = job("\nother:\n  needs: smokedeploy\n  steps: [{run: 'echo ${{ needs.smokedeploy.result }}'}]\n")
    (error,) = judged(text.replace("  smoke-deploy:\n", "  smokedeploy:\n"))
    assert error.remedy.endswith("Where it names the gate's job 'smokedeploy', rename that job.")


def test_what_the_stop_lacks_is_written_out():
    line = "          DEPLOY_ENDPOINT: ${{ secrets.DEPLOY_ENDPOINT }}\n"
    before, stop = edit().split("      - name: Stop what", 1)
    (error,) = judged(f"{before}      - name: Stop what{stop.replace(line, '', 1)}")
    assert error.remedy == "Add to `env` of its step: `DEPLOY_ENDPOINT: ${{ secrets.DEPLOY_ENDPOINT }}`."
