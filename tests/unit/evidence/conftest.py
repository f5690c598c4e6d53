"""A folder of evidence as a run leaves it, written by the real journal and facts."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest

from pytest_smokedeploy import __version__
from pytest_smokedeploy.evidence import Journal, prepare, write_folder
from pytest_smokedeploy.judging import Check, Record, decide, earned
from pytest_smokedeploy.lifecycle import FactRecorder
from pytest_smokedeploy.model import CHECKED, Finding
from pytest_smokedeploy.support.redaction import Sanitiser

DIGEST = "sha256:" + "a1" * 32


class Written:
    """Writes one run, each step of which a test may leave out or change."""

    def __init__(self, folder, *, rehearsal=False):
        self.folder = folder
        self.rehearsal = rehearsal
        prepare(folder)
        self.journal = Journal(folder / "journal.jsonl", Sanitiser())
        self.facts = FactRecorder(Record(rehearsal=rehearsal), self.journal)

    def start(self, **changes):
        facts = {
            "rehearsal": self.rehearsal,
            "environment": "dev",
            "execution_plane": "paper",
            "image": {"requested": "ghcr.io/example/runtime:1.2.3", "repository": "ghcr.io/example/runtime"},
            "endpoint_host": "agent.example",
            "versions": {"smokedeploy": __version__},
        }
        self.facts.note("run.started", **(facts | changes))
        checks = [asdict(Check(f"t::{c.id}", c.text, c.stage, (c.id,))) for c in CHECKED]
        self.facts.note("checks.collected", checks=checks)
        return self

    def checks(self, skip=(), violated=()):
        for clause in CHECKED:
            if clause.id == "AGT-1":
                self.facts.note("deploy.promised", named=True, hold=False, deploy_id="d")
                answer = {"image": "ghcr.io/example/runtime:1.2.3", "image_digest": DIGEST}
                self.facts.note("deploy.answered", status=200, answer=answer)
            if clause.id == "STP-1":
                self.facts.note("stop.confirmed", words="running False")
            if clause.id in skip:
                continue
            holds = clause.id not in violated
            self.facts.finding(Finding(clause.id, holds, clause.text, "what was seen"))
            self.facts.note(
                "check.finished",
                id=f"t::{clause.id}",
                outcome="passed" if holds else "failed",
                words="",
                clause=None,
                started_at="",
                finished_at="",
            )
        return self

    def end(self):
        passed = earned(self.facts.record)
        known = {"outcome_known": None} if passed else {}
        self.facts.note("run.finished", verdict=passed or decide(self.facts.record).verdict, **known)
        return self.write()

    def write(self):
        for name in ("startup.log", "junit.xml"):
            (self.folder / name).write_text("what another part of the run wrote\n")
        write_folder(self.folder, self.journal.events)
        self.journal.close()
        return self.folder


@pytest.fixture
def written(tmp_path):
    return lambda **how: Written(tmp_path / "evidence", **how)


@pytest.fixture
def passed(written):
    """The folder of a live PASS."""
    return written().start().checks().end()


@pytest.fixture
def edit():
    """Changes evidence.json in place."""

    def change(folder, act):
        file = folder / "evidence.json"
        document = json.loads(file.read_text())
        act(document)
        file.write_text(json.dumps(document, indent=2) + "\n")

    return change
