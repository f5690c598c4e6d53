"""The deploy workflow's allow-list: what passes, and what is refused with clause, line and remedy."""

import pytest

from pytest_smokedeploy.judging import workflow_policy
from pytest_smokedeploy.judging.workflow_policy import Rules
from pytest_smokedeploy.settings import yamlfile
from tests.unit.judging.workflow_table import PASSES, REFUSED

SECRETS = {"DEPLOY_ENDPOINT", "CF_ACCESS_CLIENT_ID", "CF_ACCESS_CLIENT_SECRET", "DATABASE_URL"}
RULES = Rules(frozenset(SECRETS), frozenset({"SSL_CERT_FILE", "PYTEST_PLUGINS"}), 11 * 60)


def document(text):
    return yamlfile.parse(text, "deploy.yml", aliases=True)


def judged(text):
    return workflow_policy.breaches(document(text), RULES)


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
