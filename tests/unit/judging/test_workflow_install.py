"""Which install line of the gate's job lacks the extra `database`, and what stands there then."""

import pytest

from pytest_smokedeploy.judging.workflow_install import with_database, without_database
from pytest_smokedeploy.settings import yamlfile
from tests.unit.judging.workflow_table import BEFORE, DEPLOY, GATE, INSTALL, edit, job, step

LINE = DEPLOY[: DEPLOY.index(INSTALL)].count("\n") + 1


def judged(text):
    return without_database(yamlfile.parse(text, "deploy.yml", aliases=True))


def installed(command):
    return judged(edit((INSTALL, f"run: {command}")))


@pytest.mark.parametrize(
    ("command", "requirement", "right"),
    [
        (
            "python3 -m venv .venv && .venv/bin/pip install --quiet pytest-smokedeploy==0.1.0",
            "pytest-smokedeploy==0.1.0",
            "pytest-smokedeploy[database]==0.1.0",
        ),
        (
            "pip3 install 'pytest_smokedeploy~=1.2'",
            "pytest_smokedeploy~=1.2",
            "pytest_smokedeploy[database]~=1.2",
        ),
        (
            "uv pip install 'pytest-smokedeploy @ git+https://example.com/pytest-smokedeploy@abc'",
            "pytest-smokedeploy",
            "pytest-smokedeploy[database]",
        ),
        (
            "pip install pytest-smokedeploy[agent]",
            "pytest-smokedeploy[agent]",
            "pytest-smokedeploy[agent,database]",
        ),
        (
            "|\n          pip install ruff\n          pip install \\\n          pytest-smokedeploy; pip list",
            "pytest-smokedeploy",
            "pytest-smokedeploy[database]",
        ),
    ],
)
def test_a_requirement_without_the_extra_is_named(command, requirement, right):
    assert installed(command) == (f"deploy.yml:{LINE}", requirement)
    assert with_database(requirement) == right


@pytest.mark.parametrize(
    "command",
    [
        "pip install --quiet .",
        "pip install '.[database]'",
        "pip install 'pytest-smokedeploy[database]==0.1.0'",
        "pip install pytest-smokedeploy[agent,database]",
        "pip install pytest-smokedeploy[rehearsal]",
        "pip install pytest-smokedeploy 'SQLAlchemy>=2' psycopg",
        "pip install -r more.txt pytest-smokedeploy",
        "pip install pytest-smokedeploy && pip install --requirement=more.txt",
        "pip install ./pytest_smokedeploy-0.1.0-py3-none-any.whl",
        "pip install git+https://example.com/pytest-smokedeploy",
        "pip install pytest-smokedeploy-more",
        "echo pytest-smokedeploy",
    ],
)
def test_what_has_it_or_can_not_be_told_is_not_named(command):
    assert installed(command) is None


def test_the_steps_before_the_gate_in_its_job_count_alone():
    assert judged(DEPLOY) is None
    assert judged(edit((GATE, "run: make"))) is None
    other = "other:\n  runs-on: x\n  steps: [{run: pip install pytest-smokedeploy}]"
    assert judged(job(other)) is None
    assert judged(step("{run: pip install pytest-smokedeploy}", "      - name: Keep the evidence\n")) is None
    assert judged(step("{run: pip install pytest-smokedeploy}", BEFORE)) is not None
