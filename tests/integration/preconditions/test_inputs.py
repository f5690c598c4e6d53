"""TRG-2: a tag that can't move, of a commit that is there, and known to be good where that is asked."""

from dataclasses import replace

import pytest

from pytest_smokedeploy.preconditions import inputs, workflow_file

SHA = "a" * 40
CI = ".github/workflows/ci.yml"
KNOWN = {"image": {"repository": "ghcr.io/example/runtime", "known_good_workflow": CI}}


def judged(run):
    return inputs.finding(run, workflow_file.read(run.workflow_file))


def rows(*found):
    return lambda path, status, body: (
        (200, {"total_count": len(found), "workflow_runs": list(found)})
        if path.endswith("/runs")
        else (status, body)
    )


def good(**more):
    return {"id": 5, "head_sha": SHA, "conclusion": "success", **more}


@pytest.mark.parametrize(
    "tag", ["", "latest", "main", "a" * 39, "A" * 40, "1.2", "$(reboot)", "a b", "x" * 129, "-a"]
)
def test_what_can_move_or_is_no_tag_is_refused_unasked(hub, tag):
    run = hub(lambda *_: pytest.fail("GitHub was asked"), tag=tag)
    assert judged(run).holds is False


def test_a_commit_that_is_there(hub):
    found = judged(hub())
    assert (found.holds, SHA in found.seen) == (True, True)


def test_a_commit_that_is_not_there(hub):
    found = judged(hub(tag="b" * 40))
    assert (found.holds, "404" in found.seen) == (False, True)


def test_a_commit_that_github_takes_for_another(hub):
    found = judged(hub(lambda path, *_: (200, {"sha": "c" * 40})))
    assert (found.holds, "another commit" in found.seen) == (False, True)


def test_a_commit_that_may_not_be_read(hub):
    found = judged(hub(lambda *_: (403, {"message": "no"})))
    assert (found.holds, "`contents: read`" in found.seen) == (None, True)


@pytest.mark.parametrize("tag", ["1.2.3", "v1.2.3", "1.2.3-rc.1"])
def test_a_version_needs_no_commit(hub, tag):
    assert judged(hub(tag=tag)).holds is True


def test_a_known_good_commit(hub):
    found = judged(hub(known_good=CI, **KNOWN))
    assert (found.holds, "run 5" in found.seen) == (True, True)


@pytest.mark.parametrize(
    "row",
    [
        good(conclusion="failure"),
        good(conclusion=None),
        good(head_sha="b" * 40),
        good(head_repository={"full_name": "fork/something"}),
        "no row",
        {},
    ],
)
def test_a_run_that_says_nothing_good_of_the_commit(hub, row):
    found = judged(hub(rows(row), **KNOWN))
    assert (found.holds, "there is none" in found.seen) == (False, True)


def test_no_run_at_all(hub):
    assert judged(hub(rows(), **KNOWN)).holds is False


@pytest.mark.parametrize("body", [{}, {"workflow_runs": None}, {"workflow_runs": {"a": 1}}])
def test_a_list_that_cannot_be_read_is_not_fine(hub, body):
    def change(path, status, whole):
        return (200, body) if path.endswith("/runs") else (status, whole)

    assert judged(hub(change, **KNOWN)).holds is None


def test_runs_that_may_not_be_read(hub):
    def change(path, status, whole):
        return (403, {"message": "no"}) if path.endswith("/runs") else (status, whole)

    found = judged(hub(change, **KNOWN))
    assert (found.holds, "`actions: read`" in found.seen) == (None, True)


def test_a_version_is_held_against_the_commit_of_its_tag(hub):
    """The repository's tag is looked for as it stands, then with a v before it."""
    asked = []

    def change(path, status, body):
        if "/commits/" in path:
            asked.append(path.rpartition("/commits/")[2])
            return (200, {"sha": SHA}) if path.endswith("v1.2.3") else (404, {})
        return status, body

    found = judged(hub(change, known_good=CI, tag="1.2.3", **KNOWN))
    assert (found.holds, "version 1.2.3" in found.seen) == (True, True)
    assert asked == ["tags/1.2.3", "tags/v1.2.3"]


def test_a_version_that_nobody_tagged(hub):
    found = judged(hub(known_good=CI, tag="1.2.3", **KNOWN))
    assert (found.holds, "404" in found.seen) == (False, True)


def test_a_workflow_that_asks_for_no_tag_is_refused_unasked(hub):
    run = hub(lambda *_: pytest.fail("GitHub was asked"))
    run.workflow_file.write_text("on: workflow_dispatch\njobs: {}\n")
    found = judged(run)
    assert (found.holds, found.seen) == (False, "deploy.yml:1: there is no input `environment`.")
    assert found.remedy == "Write the inputs as `smokedeploy init` lays them."


@pytest.mark.parametrize(
    ("tag", "seen"),
    [("", "image_tag is empty"), ("a b", "image_tag 'a b' is no tag"), ("main", "image_tag 'main' can move")],
)
def test_what_is_wrong_with_a_tag_is_said(hub, tag, seen):
    found = judged(hub(tag=tag))
    assert (found.seen, found.remedy) == (seen, "Dispatch with the commit's full SHA as image_tag.")


def test_a_tag_that_was_not_dispatched_is_refused(hub):
    run = hub()
    dispatched = replace(run, github=replace(run.github, inputs={"environment": "dev", "image_tag": "1.2.3"}))
    found = judged(dispatched)
    seen = f"it was dispatched with '1.2.3', and would run {SHA!r}"
    assert (found.holds, found.seen) == (False, seen)
    assert judged(replace(run, github=replace(run.github, inputs={"image_tag": SHA}))).holds is True


def test_what_was_dispatched_is_not_known(hub):
    run = hub()
    assert judged(replace(run, github=replace(run.github, inputs=None))).holds is None
