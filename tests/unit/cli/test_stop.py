"""What ``smokedeploy stop`` says of a run's hold, and of a rehearsal that was cut off."""

import json
from argparse import Namespace
from contextlib import closing

import pytest

from pytest_smokedeploy.cli import stop
from pytest_smokedeploy.evidence import Journal, prepare
from pytest_smokedeploy.support.redaction import Sanitiser

PROMISED = {"event": "deploy.promised", "deploy_id": "one", "hold": True}


@pytest.mark.parametrize(
    "events", [[], [PROMISED | {"hold": False}], [PROMISED, {"event": "deploy.refused", "words": "409"}]]
)
def test_a_run_that_set_no_hold_asks_no_agent_for_it(events):
    assert stop._hold(events, options=None) == ""


@pytest.fixture
def rehearsed(tmp_path, capsys):
    """rehearsed(*events) -> what was said, and the evidence, once a journal of these was stopped."""

    def run(*events):
        folder = tmp_path / "evidence"
        prepare(folder)
        with closing(Journal(folder / "journal.jsonl", Sanitiser())) as journal:
            journal.write("run.started", rehearsal=True, environment="dev", image={"tag": "1"})
            for name in events:
                journal.write(name, deploy_id="d", named=True)
        assert stop.run(Namespace(evidence=folder, config=None))
        return capsys.readouterr().out, json.loads((folder / "evidence.json").read_text())

    return run


def test_one_that_was_cut_off_says_so_once(rehearsed, tmp_path):
    said, document = rehearsed("deploy.promised", "deploy.sent")
    assert "its world ended with it; the evidence that the run left out is written." in said
    assert (document["verdict"], document["reason"]) == (
        "FAIL",
        (
            "the run was cut off: the gate's process ended before it saw the container stopped. "
            "Find out in the job's log what ended it."
        ),
    )
    before = (tmp_path / "evidence" / "journal.jsonl").read_bytes()
    stop.run(Namespace(evidence=tmp_path / "evidence", config=None))
    assert (tmp_path / "evidence" / "journal.jsonl").read_bytes() == before


@pytest.mark.parametrize("events", [("deploy.promised", "stop.confirmed", "stop.stayed"), ()])
def test_one_that_owes_no_stop_was_not(rehearsed, events):
    assert "cut off" not in rehearsed(*events)[1]["reason"]
