"""The previous run of the deploy workflow passed, or a person has looked (FLR-3).

Asked where the agent does not tell its last smoke deploy.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

from pytest_smokedeploy.model import Finding
from pytest_smokedeploy.preconditions.github import ASK_AGAIN, ask, quoted
from pytest_smokedeploy.preconditions.ledger import FailedDeploy, day
from pytest_smokedeploy.settings import RunConfig
from pytest_smokedeploy.settings.model import DEPLOY_WORKFLOW

_EXPECTED: Final = "the previous run of the deploy workflow passed, or a person signed it off"
_holds: Final = partial(Finding, "FLR-3", True, _EXPECTED)


def finding(run: RunConfig) -> Finding:
    """FLR-3 from GitHub's list of runs and the file of sign-offs."""
    file = DEPLOY_WORKFLOW.rpartition("/")[2]
    reply = ask(run, f"/actions/workflows/{quoted(file)}/runs?per_page=20", "actions: read")
    rows: Any = reply.data.get("workflow_runs")
    if reply.fault:
        return reply.unmet("FLR-3", _EXPECTED, about="previous runs")
    whole = isinstance(rows, list) and all(isinstance(row, dict) for row in rows)
    if not whole or (not rows and reply.data.get("total_count") != 0):
        seen = "GitHub's list of runs can't be read"
        return Finding("FLR-3", None, _EXPECTED, seen, None, remedy=ASK_AGAIN)
    before = _before(rows, run.github.run_id)
    if before is None:
        return _holds("there is no previous run")
    number, status = str(before.get("id")), before.get("status") or "without a status"
    how = before.get("conclusion") or "no conclusion"
    if status != "completed":
        remedy, meaning = f"Wait for run {number}, then look at how it ended.", "That run is not over."
        seen = f"run {number} is still {status}"
        return Finding("FLR-3", False, _EXPECTED, seen, meaning=meaning, remedy=remedy)
    if how == "success":
        return _holds(f"run {number} ended in success")
    failed = FailedDeploy(run, number, f"run {number}", _EXPECTED)
    return failed.unless_signed(f"run {number} ended in {how}", day(before.get("updated_at")))


def _before(rows: Sequence[Mapping[str, Any]], run_id: str) -> Mapping[str, Any] | None:
    """The newest run that began before this one; one that was dispatched since is none."""
    own = next((_order(row) for row in rows if str(row.get("id")) == run_id), None)
    others = [row for row in rows if str(row.get("id")) != run_id and (own is None or _order(row) < own)]
    return max(others, key=_order, default=None)


def _order(row: Mapping[str, Any]) -> int:
    return next((row[name] for name in ("run_number", "id") if type(row.get(name)) is int), 0)
