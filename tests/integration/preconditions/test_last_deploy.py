"""FLR-3 where the agent tells its last deploy: released, succeeded or signed off."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from pytest_smokedeploy.judging.workflow_policy import job_name
from pytest_smokedeploy.model import Basis
from pytest_smokedeploy.preconditions import last_deploy, workflow_file
from pytest_smokedeploy.settings import yamlfile
from tests.unit.preconditions.conftest import FLOW

TODAY = datetime.now(UTC).date()
ID = "00000000-0000-4000-8000-000000000000"
LAST = {"deploy_id": ID, "run_id": "99"}
NAME = "Smoke deploy in dev"
RELEASED = {"who": "p@example.com", "when": "2026-01-01T00:00:00Z", "why": "looked: a full disk"}


def job(conclusion, name=NAME, status="completed", **more):
    return {
        "id": 5, "run_attempt": 1, "name": name, "status": status, "conclusion": conclusion,
        "completed_at": f"{TODAY}T01:00:00Z", **more,
    }  # fmt: skip


def signed(run="99", on=TODAY):
    return f"inspections:\n  - {{run: '{run}', by: p, on: {on}, finding: looked}}\n"


@pytest.fixture
def judged(hub):
    """judged(told, jobs, sign=, key=, status=, body=) -> the finding; `asked` lists GitHub's paths."""
    asked = []

    def judge(told, jobs=(), *, sign="inspections: []\n", key="", **answer):
        whole = {"total_count": len(jobs), "jobs": list(jobs)}

        def change(path, *_):
            asked.append(path)
            return answer.get("status", 200), answer.get("body", whole)

        run = hub(change)
        run.inspections_file.write_text(sign)
        run = replace(run, github=replace(run.github, job=key))
        return last_deploy.finding(run, workflow_file.read(run.workflow_file), told)

    judge.asked = asked
    return judge


def test_no_deploy_before_this_one(judged):
    found = judged(None)
    assert (found.holds, found.seen) == (True, "the agent knows of no smoke deploy before this one")
    assert judged.asked == []


def test_a_release_is_told_with_who_when_and_why_and_github_is_not_asked(judged):
    found = judged(LAST | {"released": RELEASED})
    assert found.holds is True
    assert found.seen == (
        "the last smoke deploy, of run 99, was released by p@example.com on 2026-01-01T00:00:00Z: "
        "looked: a full disk"
    )
    assert judged.asked == []


def test_the_job_of_its_run_succeeded(judged):
    found = judged(LAST, [job("failure", "notify"), job("success")])
    assert (found.holds, found.seen) == (
        True,
        "the last smoke deploy, of run 99, has a job named 'Smoke deploy in dev' that ended in success",
    )
    assert judged.asked == ["/repos/someone/something/actions/runs/99/jobs"]


@pytest.mark.parametrize(
    "how", ["failure", "cancelled", "timed_out", "skipped", "neutral", "action_required", "SUCCESS", None]
)
def test_any_other_end_needs_a_person(judged, how):
    found = judged(LAST, [job(how)])
    assert (found.holds, found.basis) == (False, Basis.SEEN)
    assert found.seen.endswith(f"that ended in {how or 'no conclusion'}; nobody signed it off")
    assert found.remedy == (
        "Look into run 99, then record it under `inspections` in inspections.yml, under review: "
        f"`- {{run: '99', by: NAME, on: {TODAY}, finding: WHAT WAS FOUND}}`."
    )
    assert judged(LAST, [job(how)], sign=signed()).holds is True
    assert judged(LAST, [job(how)], sign=signed("98")).holds is False
    assert "before the run ended" in judged(LAST, [job(how)], sign=signed(on="2026-01-01")).seen


@pytest.mark.parametrize("status", ["queued", "in_progress", "waiting"])
def test_a_job_that_is_not_over_can_be_signed_off_by_nobody(judged, status):
    found = judged(LAST, [job(None, status=status)], sign=signed())
    assert (found.holds, f"still {status}" in found.seen) == (False, True)
    assert found.means == "The last smoke deploy is not over."
    assert "Wait for run 99" in found.remedy


@pytest.mark.parametrize(
    ("jobs", "words"),
    [
        ([], "has no job named"),
        ([job("success", "deploy")], "has no job named 'Smoke deploy in dev'"),
        ([job("success"), job("failure")], "2 jobs named 'Smoke deploy in dev' that ended in failure and"),
        ([job("failure"), job("success", run_attempt=2)], "attempt 1 and 2, and ended in failure and"),
        ([job("success"), job("success", run_attempt=2)], "attempt 1 and 2, and ended in success"),
        ([job("success", run_attempt=2)], "ran in attempt 2"),
    ],
)
def test_a_run_whose_job_is_not_one_needs_a_person(judged, jobs, words):
    found = judged(LAST, jobs)
    assert (found.holds, words in found.seen) == (False, True), found.seen
    assert judged(LAST, jobs, sign=signed()).holds is True


def test_two_jobs_of_one_end_are_as_good_as_one(judged):
    assert judged(LAST, [job("success"), job("success")]).holds is True


@pytest.mark.parametrize("status", [404, 410])
def test_a_run_that_github_does_not_know_needs_a_person(judged, status):
    found = judged(LAST, status=status, body={"message": "Not Found"})
    assert (found.holds, f"unknown to GitHub: GitHub answered {status}" in found.seen) == (False, True)
    assert judged(LAST, status=status, body={"message": "Not Found"}, sign=signed()).holds is True


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (403, {"message": "Resource not accessible by integration"}, "needs `actions: read`"),
        (429, {}, "rate limit"),
        (500, b"oops", "answered 500"),
        (200, b"<html>", "no JSON object"),
        (200, [], "no JSON object"),
        (200, {}, "can't be read"),
        (200, {"total_count": 0, "jobs": None}, "can't be read"),
        (200, {"total_count": 101, "jobs": [job("success")]}, "can't be read"),
        (200, {"total_count": 1, "jobs": ["success"]}, "can't be read"),
        (200, {"total_count": 1, "jobs": [job("success", run_attempt="1")]}, "can't be read"),
        (200, {"total_count": 1, "jobs": [job("success", run_attempt=True)]}, "can't be read"),
        (200, {"total_count": 1, "jobs": [job("success", status=None)]}, "can't be read"),
        (200, {"total_count": 1, "jobs": [job("success", name=None)]}, "can't be read"),
    ],
)
def test_what_github_does_not_tell_is_not_known_whoever_signed(judged, status, body, words):
    found = judged(LAST, status=status, body=body, sign=signed())
    assert (found.holds, found.basis) == (None, None)
    assert words in found.seen


@pytest.mark.parametrize("run_id", [None, "", "abc", "99/../7", "٩٩", "0", " 99"])
def test_a_deploy_of_no_run_is_signed_off_by_what_it_names(judged, run_id):
    told = LAST | {"run_id": run_id}
    found = judged(told)
    assert (found.holds, "names no run of GitHub's" in found.seen) == (False, True)
    key = run_id or ID
    assert f"run: '{key}'" in found.remedy
    assert judged(told, sign=signed(key)).holds is True
    assert judged.asked == []


def test_a_deploy_of_this_very_run_is_a_second_one_and_nobody_signs_it_off(judged):
    found = judged(LAST | {"run_id": "7"}, sign=signed("7"))
    assert (found.holds, "this run's own" in found.seen) == (False, True)
    assert "deploy once" in found.remedy


@pytest.mark.parametrize(
    ("told", "place"),
    [
        ("99", "last_deploy:"),
        ([], "last_deploy:"),
        ({}, "last_deploy.deploy_id:"),
        (LAST | {"deploy_id": ""}, "last_deploy.deploy_id:"),
        (LAST | {"run_id": 99}, "last_deploy.run_id:"),
        (LAST | {"released": True}, "last_deploy.released:"),
        (LAST | {"released": RELEASED | {"who": None}}, "last_deploy.released.who:"),
        (LAST | {"released": RELEASED | {"why": " "}}, "last_deploy.released.why:"),
        (LAST | {"released": RELEASED | {"when": "yesterday"}}, "last_deploy.released.when:"),
    ],
)
def test_a_last_deploy_that_breaks_the_contract_is_not_known(judged, told, place):
    found = judged(told, [job("success")], sign=signed())
    assert (found.holds, found.basis, place in found.seen) == (None, None, True), found.seen
    assert judged.asked == []


GATE = "steps: [{run: exec pytest -p smokedeploy smoke_tests}]"


@pytest.mark.parametrize(
    ("jobs", "key", "name"),
    [
        (f"gate: {{name: The gate, {GATE}}}", "", "The gate"),
        (f"gate: {{{GATE}}}", "gate", "gate"),
        (f"gate: {{name: ~, {GATE}}}", "", "gate"),
        (f"gate: {{{GATE}}}\n  other: {{steps: [{{run: 'true'}}]}}", "gate", "gate"),
    ],
)
def test_the_jobs_name_is_its_name_or_its_key(jobs, key, name):
    document = yamlfile.parse(f"on: workflow_dispatch\njobs:\n  {jobs}\n", "deploy.yml")
    assert job_name(document, key) == (name, "")


@pytest.mark.parametrize(
    ("jobs", "key", "words"),
    [
        (f"gate: {{name: 'Gate ${{{{ inputs.image_tag }}}}', {GATE}}}", "", "give it a plain name"),
        (f"gate: {{name: 5, {GATE}}}", "gate", "give it a plain name"),
        (f"gate: {{name: ' ', {GATE}}}", "gate", "give it a plain name"),
        (f"gate: {{{GATE}}}", "other", "which job of deploy.yml runs the gate is not known"),
        (f"gate: {{{GATE}}}\n  other: {{{GATE}}}", "", "which job of deploy.yml runs the gate is not known"),
        ("gate: {uses: ./.github/workflows/other.yml}", "gate", "is not known"),
        ("by-script: {steps: [{run: ./gate}]}", "by-script", "is not known"),
    ],
)
def test_a_jobs_name_that_only_the_run_knows_is_none(jobs, key, words):
    document = yamlfile.parse(f"on: workflow_dispatch\njobs:\n  {jobs}\n", "deploy.yml")
    name, why = job_name(document, key)
    assert (name, words in why) == ("", True), why


def test_a_job_whose_name_is_not_known_needs_a_person(judged, tmp_path):
    found = judged(LAST, [job("success")], key="another")
    assert (found.holds, "which job of deploy.yml" in found.seen) == (None, True)
    assert judged(LAST, [job("success")], key="another", sign=signed()).holds is True
    assert judged.asked == []
    assert (tmp_path / FLOW).exists()
