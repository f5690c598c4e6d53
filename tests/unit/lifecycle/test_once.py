"""One deploy a run, whatever became of its call (FLR-4), and nothing secret of one that failed."""

import pytest

from pytest_smokedeploy.evidence import Journal
from pytest_smokedeploy.judging import Record
from pytest_smokedeploy.lifecycle import FactRecorder
from pytest_smokedeploy.lifecycle.deploying import Deployer
from pytest_smokedeploy.settings import Options, resolve
from pytest_smokedeploy.support.errors import AgentFailedError, SmokedeployError
from pytest_smokedeploy.support.redaction import Sanitiser
from tests.rehearsal.gallery.gate import settings_file

ID = "11111111-1111-4111-8111-111111111111"


class Deaf:
    """An agent's client of which nothing may be asked."""

    def __getattr__(self, name):
        raise AssertionError(f"{name} was asked for")


@pytest.mark.parametrize("state", ["sent", "refused"])
def test_a_deploy_whose_call_left_no_answer_is_not_sent_again(tmp_path, monkeypatch, state):
    """A time-out or an interrupt inside the call is no SmokedeployError, so nothing was kept of it."""
    run = resolve(Options(config=settings_file(tmp_path, {}), environment="dev"), {})
    journal = Journal(tmp_path / "journal.jsonl", Sanitiser())
    facts = FactRecorder(Record(rehearsal=False), journal)
    monkeypatch.setattr("pytest_smokedeploy.lifecycle.deploying.may_not_deploy", lambda _record: None)
    facts.record.deploy = state
    deployer = Deployer(run, Deaf(), facts, ID, lambda: 0.0, asked=lambda: None)
    with pytest.raises(SmokedeployError, match="sent already") as error:
        deployer.deploy()
    assert error.value.clause == "FLR-4"
    journal.close()


def test_a_last_line_is_cut_once_its_secrets_are_masked(tmp_path):
    secret = "pw-8char"
    environ = {"CF_ACCESS_CLIENT_SECRET": secret}
    run = resolve(Options(config=settings_file(tmp_path, {}), environment="dev"), environ)
    said = []
    journal = Journal(tmp_path / "journal.jsonl", Sanitiser())
    facts = FactRecorder(Record(rehearsal=False), journal, said.append)
    error = AgentFailedError("it failed", call="POST /v1/deploy", status=500, step="running")
    error.answer = {"last_lines": ["x" * 293 + secret]}
    Deployer(run, Deaf(), facts, ID, lambda: 0.0, asked=lambda: None)._failed(error)
    assert error.answer == {"last_lines": ["x" * 293 + "[redacted]"]}
    assert not [line for line in said if secret[:4] in line]
    journal.close()
