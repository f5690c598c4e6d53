"""PRE-2: the deploy workflow's file is the one of the run's own commit, as GitHub has it."""

from dataclasses import replace

import pytest

from pytest_smokedeploy.preconditions import workflow_file
from tests.rehearsal.gallery.gate import ROOT
from tests.unit.preconditions.conftest import FLOW, SHA

DEPLOY = (ROOT / FLOW).read_text()


@pytest.fixture
def of_commit(hub):
    """of_commit(change, sha) -> PRE-2 of a run whose workflow GitHub is asked for."""

    def check(change=None, sha=SHA):
        run = hub(change)
        run = replace(run, github=replace(run.github, workflow_sha=sha))
        return workflow_file.finding(workflow_file.read(run.workflow_file), run)

    return check


def contents(status, body):
    return lambda path, s, b: (status, body) if f"/contents/{FLOW}" in path else (s, b)


def test_the_file_of_the_runs_commit_is_the_checkouts(of_commit):
    found = of_commit()
    assert found.holds is True
    assert found.seen == f"{FLOW}, the checkout's, which the rehearsal serves in GitHub's place"


def test_another_file_in_the_checkout_is_refused_and_both_are_named(of_commit):
    found = of_commit(contents(200, DEPLOY.replace("[dev]", "[dev, prod]").encode()))
    assert found.holds is False
    assert f"{FLOW} of the checkout (sha256 " in found.seen
    assert f"is not that of the commit {SHA} (sha256 " in found.seen
    assert found.seen.endswith("they differ first in line 10")
    assert found.means == "What the workflow of this run may do could not be judged."


def test_other_line_ends_are_another_file(of_commit):
    found = of_commit(contents(200, DEPLOY.replace("\n", "\r\n").encode()))
    assert (found.holds, found.seen.endswith("no line, but in how lines end")) == (False, True)


@pytest.mark.parametrize(
    ("status", "body", "holds", "words"),
    [
        (404, {"message": "Not Found"}, False, "`contents: read`"),
        (403, {"message": "Resource not accessible by integration"}, None, "`contents: read`"),
        (500, b"oops", None, "500"),
        (200, b"x" * (1024 * 1024 + 1), None, "too large"),
    ],
)
def test_a_file_that_github_does_not_give_proves_nothing(of_commit, status, body, holds, words):
    found = of_commit(contents(status, body))
    assert (found.holds, words in found.seen) == (holds, True), found.seen


@pytest.mark.parametrize("sha", ["", "main", "b" * 40])
def test_a_commit_that_is_not_told_or_not_there(of_commit, sha):
    assert of_commit(sha=sha).holds is (False if sha == "b" * 40 else None)
