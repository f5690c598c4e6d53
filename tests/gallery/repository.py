"""Repository, trigger, secrets, database: one precondition unmet, and nothing is deployed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pytest_smokedeploy.rehearsal import World
from tests.gallery.case import REFUSED, Case, answer, github, says

PHASE_OPEN = (
    "steps:\n  1: {done_on: 2026-01-01, by: p, evidence: e}\n  2: {done_on: 2026-01-01, by: p, evidence: e}\n"
)
PREVIOUS_FAILED = {
    "total_count": 1,
    "workflow_runs": [{"id": 99, "run_number": 1, "status": "completed", "conclusion": "failure"}],
}


def _knows_no_hold(body: dict[str, Any], _asked: int) -> None:
    body["extensions"].remove("hold")


def _on_hold(body: dict[str, Any], _asked: int) -> None:
    body["hold"] = {"since": "2026-01-01T00:00:00Z", "by": "robot", "reason": "a run was lost"}


KNOWS_NO_HOLD = replace(
    github("/runs", 200, PREVIOUS_FAILED), tamper=answer("/v1/status", _knows_no_hold).tamper
)

CASES: dict[str, Case] = {
    "missing secret": Case(
        "PRE-4", REFUSED, 1, World(environ={"CF_ACCESS_CLIENT_SECRET": None}), deploys=False
    ),
    "blank secret": Case("PRE-4", REFUSED, 1, World(environ={"CF_ACCESS_CLIENT_ID": "  "}), deploys=False),
    "missing endpoint": Case("PRE-4", REFUSED, 1, World(environ={"DEPLOY_ENDPOINT": None}), deploys=False),
    "prod": Case("TGT-3", REFUSED, 4, World(), deploys=False, options=("--smokedeploy-environment", "prod")),
    "another environment": Case(
        "TGT-1", REFUSED, 4, World(), deploys=False, options=("--smokedeploy-environment", "staging")
    ),
    "agent says prod": Case("TGT-1", REFUSED, 1, says("/health", environment="prod"), deploys=False),
    "agent says live": Case(
        "TGT-2", REFUSED, 1, says("/v1/preflight", execution_plane="live"), deploys=False
    ),
    "a push": Case("TRG-1", REFUSED, 1, World(environ={"GITHUB_EVENT_NAME": "push"}), deploys=False),
    "attempt 2": Case("TRG-1", REFUSED, 1, World(environ={"GITHUB_RUN_ATTEMPT": "2"}), deploys=False),
    "no CI": Case("TRG-1", REFUSED, 1, World(environ={"GITHUB_ACTIONS": None}), deploys=False),
    "latest": Case(
        "TRG-2", REFUSED, 1, World(), deploys=False, options=("--smokedeploy-image-tag", "latest")
    ),
    "unknown commit": Case(
        "TRG-2", REFUSED, 1, World(), deploys=False, options=("--smokedeploy-image-tag", "0" * 40)
    ),
    "step 3 open": Case("PRE-1", REFUSED, 1, World(phase=PHASE_OPEN), deploys=False, words="step 3"),
    "environment missing": Case(
        "PRE-3", REFUSED, 1, github("/environments/", 404, {"message": "Not Found"}), deploys=False
    ),
    "environment unreadable": Case(
        "PRE-3",
        REFUSED,
        1,
        github("/environments/", 403, {"message": "no"}),
        deploys=False,
        words="actions: read",
    ),
    "one migration behind": Case("PRE-5", REFUSED, 1, World(applied=("0001",)), deploys=False, words="0002"),
    "one migration ahead": Case(
        "PRE-5", REFUSED, 1, World(applied=("0001", "0002", "0003")), deploys=False, words="0003"
    ),
    # An agent that knows a hold answers for its own runs; GitHub is asked where it knows none.
    "previous run failed": Case("FLR-3", REFUSED, 1, KNOWS_NO_HOLD, deploys=False),
    "the agent is on hold": Case("FLR-3", REFUSED, 1, answer("/v1/status", _on_hold), deploys=False),
}
