"""Repository, trigger, secrets, database: one precondition unmet, and nothing is deployed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pytest_smokedeploy.rehearsal import World
from tests.rehearsal.gallery.case import REFUSED, Case, answer, github, says, sound

DEPLOY = (Path(__file__).parents[3] / ".github" / "workflows" / "deploy.yml").read_text(encoding="utf-8")
DAY = datetime.now(UTC).date()
STEP = "{done_on: 2026-01-01, by: p, evidence: e}"
STEPS = "".join(f"  {n}: {STEP}\n" for n in range(1, 5))
#: The status is read so often before the deploy.
BEFORE = 2
LAST = {"deploy_id": "00000000-0000-4000-8000-000000000000", "run_id": "99"}
RELEASED = {"who": "person@example.com", "when": "2026-01-01T00:00:00Z", "why": "the disk was full"}
INTEGRATION = {"message": "Resource not accessible by integration", "status": "403"}


def unmet(
    clause: str, world: World | None = None, words: str = "", status: int | None = None, **how: Any
) -> Case:
    """A precondition is unmet: REFUSED, and nothing is asked of the agent."""
    return Case(clause, REFUSED, world or World(), status=status, deploys=False, words=words, **how)


def environ(clause: str, words: str = "", status: int | None = None, **variables: str | None) -> Case:
    """The gate is given other variables."""
    return unmet(clause, World(environ=variables), words, status)


def tag(value: str, words: str = "") -> Case:
    """Another image tag is dispatched."""
    return unmet(
        "TRG-2",
        World(environ={"SMOKEDEPLOY_IMAGE_TAG": value}),
        words,
        options=(f"--smokedeploy-image-tag={value}",),
    )


def flow(clause: str, old: str, new: str, words: str = "", status: int | None = None) -> Case:
    """The repository's workflow with one part changed."""
    assert old in DEPLOY, old
    return unmet(clause, words=words, status=status, workflow=DEPLOY.replace(old, new, 1))


def trigger(new: str, words: str = "") -> Case:
    """The workflow's `on`, spelled otherwise."""
    head, _, rest = DEPLOY.partition("\non:\n")
    return unmet("TRG-3", words=words, workflow=f"{head}\n{new}\n{rest[rest.index('permissions: {}') :]}")


def beside(name: str) -> Case:
    """An automatic trigger beside the dispatch with its inputs."""
    return flow("TRG-3", "on:\n", f"on:\n  {name}:\n", name)


def ran(conclusion: str | None, status: str = "completed", **how: Any) -> World:
    """An agent that knows no hold, and one previous run of the workflow."""
    run = {
        "id": 99,
        "run_number": 1,
        "status": status,
        "conclusion": conclusion,
        "updated_at": f"{DAY}T00:00:00Z",
    }
    runs = {"total_count": 1, "workflow_runs": [run]}
    return previous(200, runs, **how)


def previous(status: int, body: Any, **how: Any) -> World:
    """An agent that knows no hold, and what GitHub says of previous runs."""
    no_hold = answer("/v1/status", lambda body, _: body["extensions"].remove("hold"))
    return World(github=github("/runs", status, body).github, tamper=no_hold.tamper, **how)


def before(told: Any, jobs: Any = None, status: int = 200, **how: Any) -> World:
    """An agent that tells `told` as the last deploy until this one; GitHub answers `jobs` of the run 99."""
    rows = jobs if isinstance(jobs, list) else [jobs] if isinstance(jobs, dict) else []
    body = jobs if isinstance(jobs, bytes) else {"total_count": len(rows), "jobs": rows}
    tells = answer("/v1/status", lambda b, asked: b.update(last_deploy=told) if asked <= BEFORE else None)
    return World(github=github("/actions/runs/99/jobs", status, body).github, tamper=tells.tamper, **how)


def job(conclusion: str | None, **fields: Any) -> dict[str, Any]:
    """The gate's job of the run 99, as GitHub lists it."""
    return {
        "id": 5,
        "run_id": 99,
        "run_attempt": 1,
        "name": "Smoke deploy in dev",
        "status": "completed",
        "conclusion": conclusion,
        "completed_at": f"{DAY}T00:00:00Z",
    } | fields


def untold(world: World) -> World:
    """An agent that is not on hold, and does not know its last deploy."""
    lost = answer("/v1/status", lambda b, asked: b.pop("last_deploy", None) if asked <= BEFORE else None)
    return replace(world, tamper=lost.tamper)


def _on_hold(body: dict[str, Any], _asked: int) -> None:
    body["hold"] = {"since": "2026-01-01T00:00:00Z", "by": "robot", "reason": "a run was lost"}


def signed(on: object, run: str = "99") -> str:
    return f"inspections:\n  - {{run: '{run}', by: p, on: {on}, finding: f}}\n"


CASES: dict[str, Case] = {
    # secrets
    "missing secret": environ("PRE-4", "missing or empty", CF_ACCESS_CLIENT_SECRET=None),
    "empty secret": environ("PRE-4", "missing or empty", CF_ACCESS_CLIENT_SECRET=""),
    "blank secret": environ("PRE-4", "blank", CF_ACCESS_CLIENT_ID="  "),
    "placeholder secret": environ("PRE-4", "placeholder", CF_ACCESS_CLIENT_SECRET="changeme"),
    "missing endpoint": environ("PRE-4", "DEPLOY_ENDPOINT", DEPLOY_ENDPOINT=None),
    "a secret of the repository, not the environment": unmet(
        "PRE-4", github("/secrets", 200, {"total_count": 0, "secrets": []}), "not among the secrets"
    ),
    "a job of no environment": flow("PRE-4", "    environment: dev\n", "", "names no `environment:`", 4),
    "a job of another environment": flow(
        "PRE-4", "environment: dev\n", "environment: staging\n", "staging", 4
    ),
    # target
    "prod": unmet("TGT-3", status=4, options=("--smokedeploy-environment", "prod")),
    "Prod": unmet("TGT-3", status=4, options=("--smokedeploy-environment", "Prod")),
    "production": unmet("TGT-3", status=4, options=("--smokedeploy-environment", "production")),
    "a prod host": environ("TGT-3", "production", 4, DEPLOY_ENDPOINT="https://agent.prod.example"),
    "another environment": unmet("TGT-1", status=4, options=("--smokedeploy-environment", "staging")),
    "agent says prod": unmet("TGT-1", says("/health", environment="prod"), "'prod'"),
    "agent says nothing": unmet("TGT-1", says("/health", environment=None), "nothing"),
    "agent says prod in its preflight": unmet(
        "TGT-1", says("/v1/preflight", environment="prod"), "preflight"
    ),
    "agent says live": unmet("TGT-2", says("/v1/preflight", execution_plane="live"), "'live'"),
    "a container of somebody else under the agent's name": unmet(
        "PRE-6",
        says("/v1/preflight", container={"name": "runtime", "ours": False}),
        "taken by a container that it did not make",
    ),
    "the settings say live": unmet(
        "TGT-2", status=4, settings={"runtime": {"environment": {"EXECUTION_PLANE": "live"}}}
    ),
    "CI would inject live": unmet(
        "TGT-2",
        status=4,
        settings={"runtime": {"injected_by": "ci", "environment": {"EXECUTION_PLANE": "live"}}},
    ),
    # trigger
    "a push": environ("TRG-1", "push", GITHUB_EVENT_NAME="push"),
    "a schedule": environ("TRG-1", "schedule", GITHUB_EVENT_NAME="schedule"),
    "a bot's dispatch": environ("TRG-1", "[bot]", GITHUB_ACTOR="github-actions[bot]"),
    "another workflow": environ(
        "TRG-1",
        "other.yml",
        GITHUB_WORKFLOW_REF="rehearsal/repository/.github/workflows/other.yml@refs/heads/main",
    ),
    "another repository's workflow": environ(
        "TRG-1", "else/where", GITHUB_WORKFLOW_REF="else/where/.github/workflows/deploy.yml@refs/heads/main"
    ),
    "attempt 2": environ("TRG-1", "attempt 2", GITHUB_RUN_ATTEMPT="2"),
    "no CI": environ("TRG-1", "no GitHub Actions", GITHUB_ACTIONS=None),
    "latest": tag("latest", "can move"),
    "main": tag("main", "can move"),
    "a short SHA": tag("1a2b3c4", "can move"),
    "shell metacharacters": tag("$(reboot)", "no tag"),
    "too long a tag": tag("a" * 129, "no tag"),
    "unknown commit": tag("0" * 40, "404"),
    "never known good": unmet(
        "TRG-2",
        github("/ci.yml/runs", 200, {"total_count": 0, "workflow_runs": []}),
        "ci.yml",
        settings={
            "image": {
                "repository": "ghcr.io/example/runtime",
                "known_good_workflow": ".github/workflows/ci.yml",
            }
        },
    ),
    "known good": sound(
        settings={
            "image": {
                "repository": "ghcr.io/example/runtime",
                "known_good_workflow": ".github/workflows/ci.yml",
            }
        },
    ),
    "no input image_tag": flow("TRG-2", "      image_tag:\n", "      tag:\n", "image_tag"),
    "inputs default to prod": flow("TRG-2", "default: dev", "default: prod", "defaults to 'prod'"),
    "inputs do not offer dev": flow("TRG-2", "options: [dev]", "options: [qa]", "does not offer dev"),
    "triggers in a list": trigger("on: [workflow_dispatch, push]", "push"),
    "a trigger in a string": trigger("on: push", "push"),
    "a schedule beside": beside("schedule"),
    "a push beside": beside("push"),
    "a workflow_run beside": beside("workflow_run"),
    "a repository_dispatch beside": beside("repository_dispatch"),
    "a workflow_call beside": beside("workflow_call"),
    "a quoted on": flow("TRG-3", "on:\n", '"on":\n  push:\n', "push"),
    "YAML's true": flow("TRG-3", "on:\n", "true:\n  push:\n", "push"),
    # the ledger
    "step 3 open": unmet("PRE-1", World(phase=f"steps:\n  1: {STEP}\n  2: {STEP}\n"), "step 3"),
    "a step of tomorrow": unmet(
        "PRE-1", World(phase=f"steps:\n{STEPS}".replace("2026-01-01", str(DAY + timedelta(2)), 1)), "future"
    ),
    "no steps": unmet("PRE-1", World(phase="- a list\n"), "steps"),
    "a ledger that is no YAML": unmet("PRE-1", World(phase="steps: [\n"), "not YAML"),
    # GitHub
    "environment missing": unmet("PRE-3", github("/environments/", 404, {"message": "Not Found"}), "404"),
    "environment unreadable": unmet("PRE-3", github("/environments/", 403, INTEGRATION), "actions: read"),
    "environment gone": unmet("PRE-3", github("/environments/", 410, {}), "410"),
    "GitHub fails": unmet("PRE-3", github("/environments/", 500, b"oops"), "500"),
    "rate limit by 403": unmet(
        "PRE-3", github("/environments/", 403, {}, x_ratelimit_remaining="0"), "rate limit"
    ),
    "rate limit by 429": unmet("PRE-3", github("/environments/", 429, {}, retry_after="60"), "after 60 s"),
    "GitHub says no JSON": unmet("PRE-3", github("/environments/", 200, b"<html>"), "no JSON"),
    "GitHub down": environ("TRG-2", "GitHub did not answer", GITHUB_API_URL="http://127.0.0.1:1"),
    # the database
    "one migration behind": unmet("PRE-5", World(applied=("0001",)), "0002"),
    "one migration ahead": unmet("PRE-5", World(applied=("0001", "0002", "0003")), "0003"),
    "no database": unmet(
        "PRE-5", World(agent_environ={"DATABASE_URL": "sqlite:////nowhere/x"}), "does not exist"
    ),
    "database unreachable": unmet(
        "PRE-5", World(agent_environ={"DATABASE_URL": "postgresql://u:p@127.0.0.1:1/d"}), "can't reach it"
    ),
    "the agent knows no database": unmet("PRE-5", World(agent_environ={"DATABASE_URL": None}), "knows no"),
    "attestation expired": unmet(
        "PRE-5",
        World(
            phase=f"steps:\n{STEPS}attestations:\n"
            "  database: {what: w, by: p, on: 2026-01-01, until: 2026-01-02}\n"
        ),
        "expired",
        settings={"database": {"proof": "attested"}},
    ),
    "attested": sound(settings={"database": {"proof": "attested"}}),
    # a hold; the previous run, where agents know none
    "the agent is on hold": unmet("FLR-3", answer("/v1/status", _on_hold), "robot"),
    "a hold is not told": unmet("FLR-3", answer("/v1/status", lambda body, _: body.pop("hold", None))),
    "previous run failed": unmet("FLR-3", ran("failure"), "nobody signed it off"),
    "previous run cancelled": unmet("FLR-3", ran("cancelled"), "nobody signed it off"),
    "previous run under way": unmet("FLR-3", ran(None, "in_progress"), "in_progress"),
    "signed off tomorrow": unmet("FLR-3", ran("failure", inspections=signed(DAY + timedelta(2))), "future"),
    "signed off before": unmet("FLR-3", ran("failure", inspections=signed("2026-01-01")), "before the run"),
    "sign-off malformed": unmet("FLR-3", ran("failure", inspections="inspections: {}\n"), "no list"),
    "runs unreadable": unmet("FLR-3", previous(200, {"total_count": 5}), "can't be read"),
    "previous run signed off": sound(ran("failure", inspections=signed(DAY))),
    # no hold, and how the last deploy's own job ended
    "last deploy succeeded": sound(before(LAST, job("success"))),
    "last deploy succeeded, another job did not": sound(
        before(LAST, [job("failure", name="notify"), job("success")])
    ),
    "last deploy failed": unmet("FLR-3", before(LAST, job("failure")), "that ended in failure; nobody"),
    "last deploy cancelled": unmet(
        "FLR-3", before(LAST, job("cancelled")), "that ended in cancelled; nobody"
    ),
    "last deploy skipped": unmet("FLR-3", before(LAST, job("skipped")), "that ended in skipped; nobody"),
    "last deploy without an end": unmet("FLR-3", before(LAST, job(None)), "no conclusion"),
    "last deploy under way": unmet(
        "FLR-3", before(LAST, job(None, status="in_progress"), inspections=signed(DAY)), "still in_progress"
    ),
    "last deploy ran again": unmet(
        "FLR-3", before(LAST, [job("failure"), job("success", run_attempt=2)]), "attempt 1 and 2"
    ),
    "last deploy by two jobs": unmet(
        "FLR-3", before(LAST, [job("failure"), job("success")]), "2 jobs named 'Smoke deploy in dev'"
    ),
    "last deploy by no such job": unmet("FLR-3", before(LAST, job("success", name="deploy")), "has no job"),
    "last deploy by a job that is named as it runs": unmet(
        "FLR-3",
        before(LAST, job("success")),
        "give it a plain name",
        workflow=DEPLOY.replace("name: Smoke deploy in dev", "name: Deploy ${{ inputs.image_tag }}"),
    ),
    "last deploy by a job without a name": sound(
        before(LAST, job("success", name="smoke-deploy")),
        workflow=DEPLOY.replace("    name: Smoke deploy in dev\n", ""),
    ),
    "jobs forbidden": unmet("FLR-3", before(LAST, INTEGRATION, 403), "`actions: read`"),
    "jobs missing": unmet("FLR-3", before(LAST, None, 404), "is unknown to GitHub"),
    "jobs are no JSON": unmet("FLR-3", before(LAST, b"<html>"), "no JSON object"),
    "jobs are no jobs": unmet("FLR-3", before(LAST, [{"id": 5}]), "can't be read"),
    "jobs are no list": unmet("FLR-3", before(LAST, b'{"total_count": 1, "jobs": {}}'), "can't be read"),
    "jobs on a next page": unmet("FLR-3", before(LAST, b'{"total_count": 101, "jobs": []}'), "can't be read"),
    "last deploy signed off": sound(before(LAST, job("failure"), inspections=signed(DAY))),
    "last deploy signed off before it ended": unmet(
        "FLR-3", before(LAST, job("failure"), inspections=signed("2026-01-01")), "before the run ended"
    ),
    "last deploy of a run that is gone, signed off": sound(before(LAST, None, 404, inspections=signed(DAY))),
    "last deploy released": sound(before(LAST | {"released": RELEASED}, job("failure"))),
    "last deploy of no run": unmet("FLR-3", before(LAST | {"run_id": None}), "names no run of GitHub's"),
    "last deploy of no run, signed off": sound(
        before(LAST | {"run_id": None}, inspections=signed(DAY, LAST["deploy_id"]))
    ),
    "last deploy of this very run": unmet(
        "FLR-3", before(LAST | {"run_id": "1"}, inspections=signed(DAY, "1")), "this run's own"
    ),
    "last deploy is a word": unmet("FLR-3", before("none"), "breaks the contract at last_deploy"),
    "last deploy without an id": unmet("FLR-3", before({"run_id": "99"}), "last_deploy.deploy_id"),
    "last deploy of a number": unmet("FLR-3", before(LAST | {"run_id": 99}), "last_deploy.run_id"),
    "released by nobody": unmet(
        "FLR-3", before(LAST | {"released": RELEASED | {"who": " "}}), "last_deploy.released.who"
    ),
    "released for no reason": unmet(
        "FLR-3", before(LAST | {"released": {"who": "p", "when": "2026-01-01T00:00:00Z"}}), "released.why"
    ),
    "released some time": unmet(
        "FLR-3", before(LAST | {"released": RELEASED | {"when": "once"}}), "released.when"
    ),
    "last deploy not known, previous run failed": unmet("FLR-3", untold(ran("failure")), "nobody signed"),
    "last deploy not known, previous run succeeded": sound(untold(ran("success"))),
}
