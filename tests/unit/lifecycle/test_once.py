"""One deploy a run, whatever became of its call (FLR-4)."""

import pytest

from pytest_smokedeploy.evidence import Journal
from pytest_smokedeploy.judging import Record
from pytest_smokedeploy.lifecycle import FactRecorder
from pytest_smokedeploy.lifecycle.deploying import Deployer
from pytest_smokedeploy.settings import Options, resolve
from pytest_smokedeploy.support.errors import SmokedeployError
from pytest_smokedeploy.support.redaction import Sanitiser
from tests.rehearsal.gallery.gate import settings_file


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
    deployer = Deployer(
        run, Deaf(), facts, "11111111-1111-4111-8111-111111111111", lambda: 0.0, asked=lambda: None
    )
    with pytest.raises(SmokedeployError, match="sent already") as error:
        deployer.deploy()
    assert error.value.clause == "FLR-4"
    journal.close()
