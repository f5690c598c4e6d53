"""The evidence of a run of which a test names what differs from a live PASS."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from pytest_smokedeploy.evidence import build
from pytest_smokedeploy.judging import Check, Record
from pytest_smokedeploy.lifecycle import FactRecorder
from pytest_smokedeploy.model import CHECKED, STAGES, Finding

DIGEST = "sha256:" + "a1" * 32
BEGAN = {stage: f"2026-01-31T10:00:{10 * number:02}.000Z" for number, stage in enumerate(STAGES)}
STEP = {
    "step": "pull",
    "outcome": "done",
    "started_at": "2026-01-31T12:00:00Z",
    "finished_at": "2026-01-31T12:00:02Z",
}
STARTED = {
    "environment": "dev",
    "execution_plane": "paper",
    "endpoint_host": "agent.example",
    "image": {"requested": "ghcr.io/example/runtime:1.2.3", "repository": "ghcr.io/example/runtime"},
    "agent": {"container_name": "runtime-dev"},
    "settings": {},
    "run": {"repository": "o/r", "run_id": "7", "attempt": 1, "actor": "ann", "url": "https://x/7"},
}
STOPPED = ("sent", "confirmed", "stayed")


class Events:
    """A journal in memory that gives each event a second of its own, unless it brings a time."""

    def __init__(self):
        self.events = []

    def write(self, event, **data):
        at = f"2026-01-31T10:{len(self.events) // 60:02}:{len(self.events) % 60:02}.000Z"
        self.events.append({"at": at, "event": event, **data})


class Run:
    """Writes a live run step by step; `document` is its evidence."""

    def __init__(self, **started):
        self.journal = Events()
        self.facts = FactRecorder(Record(rehearsal=bool(started.get("rehearsal"))), self.journal)
        self.facts.hold = lambda _status: (
            "the agent is on hold since noon: x",
            "Release it by `cmd`.",
        )
        self.facts.note("run.started", **({"rehearsal": False} | STARTED | started))
        checks = [asdict(Check(f"t::{c.id}", c.text, c.stage, (c.id,))) for c in CHECKED]
        self.facts.note("checks.collected", checks=checks)
        self.facts.status("before", {"extensions": ["hold", "logs"], "hold": None})

    def deploy(self, *, holds=True, **answer):
        self.facts.note("deploy.promised", named=True, hold=holds, deploy_id="d")
        self.facts.note(
            "deploy.answered", status=200, answer={"image_digest": DIGEST, "steps": [STEP]} | answer
        )
        return self

    def stop(self):
        for second, name in enumerate(STOPPED, 40):
            self.facts.note(f"stop.{name}", words="running False", at=f"2026-01-31T10:00:{second}.000Z")
        return self

    def note(self, event, **data):
        self.facts.note(event, **data)
        return self

    def checks(self, *broken, unrun=()):
        """Every check with its finding; those of `broken` fail, those of `unrun` are blocked."""
        found = {finding.clause: finding for finding in broken}
        for clause in CHECKED:
            finding = found.get(clause.id, Finding(clause.id, True, clause.text, "what was seen"))
            end = "blocked" if clause.id in unrun else "passed" if finding.holds else "failed"
            if end != "blocked":
                self.facts.finding(finding)
            began = BEGAN[clause.stage]
            times = {"started_at": began, "finished_at": began.replace(".000Z", ".500Z")}
            words = "" if end == "passed" else "its words"
            self.facts.note(
                "check.finished", id=f"t::{clause.id}", outcome=end, words=words, clause=None, **times
            )
        return self

    def passed(self):
        return self.note("run.finished", verdict="PASS", outcome_known=True).document

    def held(self):
        """The hold that a run leaves which did not pass."""
        self.facts.status("after", {"extensions": ["hold"], "hold": {"reason": "it failed"}})
        return self.document

    @property
    def document(self):
        return build(self.journal.events, {})


@pytest.fixture
def run():
    return Run


@pytest.fixture
def passed():
    """The evidence of a live PASS."""
    return Run().deploy().stop().checks().passed()


@pytest.fixture
def failed():
    """failed(finding, ...): the evidence of a live run that fails by them, with its agent on hold."""
    return lambda *broken, **how: Run(**how).deploy().stop().checks(*broken).held()
