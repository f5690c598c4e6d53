"""How the agent's last smoke deploy ended: released, or by GitHub's answer on its gate job (FLR-3)."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any, Final

from pydantic import ValidationError

from pytest_smokedeploy.client import shown
from pytest_smokedeploy.contract import LastDeploy
from pytest_smokedeploy.judging.workflow_policy import job_name
from pytest_smokedeploy.model import Basis, Finding
from pytest_smokedeploy.preconditions import ledger
from pytest_smokedeploy.preconditions.github import ASK_AGAIN, GitHubApi
from pytest_smokedeploy.preconditions.workflow_file import WorkflowFile
from pytest_smokedeploy.settings import RunConfig

_EXPECTED: Final = "the last smoke deploy's job ended in success, or a person released or signed it off"
_holds: Final = partial(Finding, "FLR-3", True, _EXPECTED)
_unknown: Final = partial(Finding, "FLR-3", None, _EXPECTED, basis=None)
_not_over: Final = partial(Finding, "FLR-3", False, _EXPECTED, meaning="The last smoke deploy is not over.")
#: GitHub lists so many jobs in one answer at most.
_JOBS: Final = 100
_RUN_ID: Final = re.compile(r"[1-9][0-9]{0,18}")


def finding(run: RunConfig, github: GitHubApi, workflow: WorkflowFile, told: object) -> Finding:
    """FLR-3 from `told`, the status's field `last_deploy`."""
    if told is None:
        return _holds("the agent knows of no smoke deploy before this one")
    try:
        last = LastDeploy.model_validate(told)
    except ValidationError as error:
        wrong = error.errors()[0]
        place = ".".join(map(str, ("last_deploy", *wrong["loc"])))
        seen = f"the status breaks the contract at {shown(place, 80)}: {shown(wrong['msg'], 160)}"
        remedy = "Mend the agent; how its last smoke deploy ended can't be known until it tells it."
        return _unknown(seen, remedy=remedy)
    whose = f"the last smoke deploy, of {_whose(last)},"
    if last.released is not None:
        who, why = shown(last.released.who, 100), shown(last.released.why, 400)
        return _holds(f"{whose} was released by {who} on {last.released.when}: {why}")
    if last.run_id and last.run_id == run.github.run_id:
        remedy = "Start the workflow anew by hand: a run deploys once."
        return _not_over(f"{whose} is this run's own", remedy=remedy)
    if not _RUN_ID.fullmatch(last.run_id or ""):
        seen = f"{whose} names no run of GitHub's that could be asked how it ended"
        return _unless_signed(run, last, False, seen)
    name, why = "", workflow.fault
    if workflow.document is not None:
        name, why = job_name(workflow.document, run.github.job)
    if not name:
        return _unless_signed(run, last, None, f"how {whose} ended can't be asked: {why}")
    return _by_its_job(run, github, last, whose, name)


def _by_its_job(run: RunConfig, github: GitHubApi, last: LastDeploy, whose: str, name: str) -> Finding:
    path = f"/actions/runs/{last.run_id}/jobs?filter=all&per_page={_JOBS}"
    reply = github.get(path, "actions: read")
    if reply.absent:
        return _unless_signed(run, last, False, f"{whose} is unknown to GitHub: {reply.fault}")
    if reply.fault:
        return reply.unmet("FLR-3", _EXPECTED, about=f"how {whose} ended")
    rows = _rows(reply.data)
    if rows is None:
        return _unknown(f"{whose} has jobs that can't be read from GitHub's list", remedy=ASK_AGAIN)
    gates = [row for row in rows if row["name"] == name]
    named = f"named {shown(name, 100)!r}"
    if not gates:
        seen = f"{whose} has no job {named}, as the workflow now names the gate's"
        return _unless_signed(run, last, False, seen)
    job = f"{whose} has {'a job' if len(gates) == 1 else f'{len(gates)} jobs'} {named}"
    if open_ := [str(row["status"]) for row in gates if row["status"] != "completed"]:
        remedy = f"Wait for {_whose(last)}, then look at how it ended."
        return _not_over(f"{job} that is still {shown(open_[0], 40)}", remedy=remedy)
    ended = max((day for row in gates if (day := ledger.day(row.get("completed_at")))), default=None)
    attempts = sorted({row["run_attempt"] for row in gates})
    hows = sorted({str(row.get("conclusion") or "no conclusion") for row in gates})
    how = " and ".join(shown(word, 40) for word in hows)
    if attempts != [1]:
        seen = f"{job} that ran in attempt {' and '.join(map(str, attempts))}, and ended in {how}"
        return _unless_signed(run, last, False, seen, ended)
    if hows == ["success"]:
        return _holds(f"{job} that ended in success")
    return _unless_signed(run, last, False, f"{job} that ended in {how}", ended)


def _unless_signed(
    run: RunConfig,
    last: LastDeploy,
    holds: bool | None,  # noqa: FBT001 - a fact
    seen: str,
    ended: date | None = None,
) -> Finding:
    """A finding that holds only if a person signed off the run, or the deploy where it names no run."""
    key, file = last.run_id or last.deploy_id, run.inspections_file
    who, why = ledger.signed_off(file, key, ended)
    if who:
        return _holds(f"{seen}; signed off by {who}")
    remedy = f"Look into {_whose(last)}, then {ledger.how_to_sign(file, key)}"
    basis = None if holds is None else Basis.SEEN
    return Finding("FLR-3", holds, _EXPECTED, f"{seen}; {why}", basis, remedy=remedy)


def _whose(last: LastDeploy) -> str:
    return f"run {shown(last.run_id, 64)}" if last.run_id else f"the deploy {shown(last.deploy_id, 64)}"


def _rows(data: Mapping[str, Any]) -> Sequence[Mapping[str, Any]] | None:
    """The list of jobs; None where a job lacks what is judged, or stands on a next page."""
    rows = data.get("jobs")
    if not isinstance(rows, list) or data.get("total_count") != len(rows):
        return None
    judged = {"name": str, "status": str, "run_attempt": int}
    whole = all(
        isinstance(row, dict) and all(type(row.get(k)) is t for k, t in judged.items()) for row in rows
    )
    return rows if whole else None
