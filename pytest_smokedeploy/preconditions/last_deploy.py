"""How the agent's last smoke deploy ended: released, or by GitHub's answer on its gate job (FLR-3)."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

from pydantic import ValidationError

from pytest_smokedeploy.client.answer import problems, shown
from pytest_smokedeploy.contract import LastDeploy
from pytest_smokedeploy.judging.workflow_policy import job_name
from pytest_smokedeploy.model import Finding
from pytest_smokedeploy.preconditions import ledger
from pytest_smokedeploy.preconditions.github import ASK_AGAIN, ask
from pytest_smokedeploy.preconditions.workflow_file import WorkflowFile
from pytest_smokedeploy.settings import RunConfig
from pytest_smokedeploy.settings.github import RUN_ID

_EXPECTED: Final = "the last smoke deploy's job ended in success, or a person released or signed it off"
_holds: Final = partial(Finding, "FLR-3", True, _EXPECTED)
_unknown: Final = partial(Finding, "FLR-3", None, _EXPECTED, basis=None)
_not_over: Final = partial(Finding, "FLR-3", False, _EXPECTED, meaning="The last smoke deploy is not over.")
#: GitHub lists so many jobs in one answer at most.
_JOBS: Final = 100


def finding(run: RunConfig, workflow: WorkflowFile, told: object) -> Finding:
    """FLR-3 from `told`, the status's field `last_deploy`."""
    if told is None:
        return _holds("the agent knows of no smoke deploy before this one")
    try:
        last = LastDeploy.model_validate(told)
    except ValidationError as error:
        seen = f"the status breaks the contract at {problems(error, 'last_deploy')[0]}"
        remedy = "Mend the agent; how its last smoke deploy ended can't be known until it tells it."
        return _unknown(seen, remedy=remedy)
    whose = f"the last smoke deploy, of {_whose(last)},"
    if last.released is not None:
        who, why = shown(last.released.who, 100), shown(last.released.why, 400)
        return _holds(f"{whose} was released by {who} on {last.released.when}: {why}")
    if last.run_id and last.run_id == run.github.run_id:
        remedy = "Let a run deploy once, in one step of one job."
        return _not_over(f"{whose} is this run's own", remedy=remedy)
    failed = ledger.FailedDeploy(run, last.run_id or last.deploy_id, _whose(last), _EXPECTED)
    if not RUN_ID.fullmatch(last.run_id or ""):
        return failed.unless_signed(f"{whose} names no run of GitHub's that could be asked how it ended")
    name, why = "", workflow.fault
    if workflow.document is not None:
        name, why = job_name(workflow.document, run.github.job)
    if not name:
        return failed.unless_signed(f"how {whose} ended can't be asked: {why}", basis=None)
    return _by_its_job(failed, whose, name)


def _by_its_job(deploy: ledger.FailedDeploy, whose: str, name: str) -> Finding:
    reply = ask(deploy.run, f"/actions/runs/{deploy.key}/jobs?filter=all&per_page={_JOBS}", "actions: read")
    if reply.absent:
        return deploy.unless_signed(f"{whose} is unknown to GitHub: {reply.fault}")
    if reply.fault:
        return reply.unmet("FLR-3", _EXPECTED, about=f"how {whose} ended")
    rows = _rows(reply.data)
    if rows is None:
        return _unknown(f"{whose} has jobs that can't be read from GitHub's list", remedy=ASK_AGAIN)
    gates = [row for row in rows if row["name"] == name]
    named = f"named {shown(name, 100)!r}"
    if not gates:
        return deploy.unless_signed(f"{whose} has no job {named}, as the workflow now names the gate's")
    job = f"{whose} has {'a job' if len(gates) == 1 else f'{len(gates)} jobs'} {named}"
    if open_ := [str(row["status"]) for row in gates if row["status"] != "completed"]:
        remedy = f"Wait for {deploy.whose}, then look at how it ended."
        return _not_over(f"{job} that is still {shown(open_[0], 40)}", remedy=remedy)
    ended = max((day for row in gates if (day := ledger.day(row.get("completed_at")))), default=None)
    attempts = sorted({row["run_attempt"] for row in gates})
    hows = sorted({str(row.get("conclusion") or "no conclusion") for row in gates})
    how = " and ".join(shown(word, 40) for word in hows)
    if (attempts, hows) == ([1], ["success"]):
        return _holds(f"{job} that ended in success")
    again = "" if attempts == [1] else f"ran in attempt {' and '.join(map(str, attempts))}, and "
    return deploy.unless_signed(f"{job} that {again}ended in {how}", ended)


def _whose(last: LastDeploy) -> str:
    return f"run {shown(last.run_id, 64)}" if last.run_id else f"the deploy {shown(last.deploy_id, 64)}"


def _rows(data: Mapping[str, Any]) -> Sequence[Mapping[str, Any]] | None:
    """The list of jobs; None where a job lacks what is judged, or stands on a next page."""
    rows = data.get("jobs")
    if not isinstance(rows, list) or data.get("total_count") != len(rows):
        return None
    judged = {"name": str, "status": str, "run_attempt": int}.items()
    objects = all(isinstance(row, dict) for row in rows)
    return rows if objects and all(type(row.get(k)) is t for row in rows for k, t in judged) else None
