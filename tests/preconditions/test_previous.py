"""FLR-3 where agents know no hold: the previous run passed, or a person looked at it and signed."""

from datetime import UTC, datetime, timedelta

import pytest

from pytest_smokedeploy.preconditions import previous

TODAY = datetime.now(UTC).date()
OWN = {"id": 7, "run_number": 7, "status": "in_progress", "conclusion": None}


def ended(how, number=6, status="completed", **more):
    return {
        "id": number, "run_number": number, "status": status, "conclusion": how,
        "updated_at": f"{TODAY}T01:00:00Z", **more,
    }  # fmt: skip


@pytest.fixture
def judged(hub):
    """judged(rows, signed="", total=None) -> the finding."""

    def judge(rows, signed="inspections: []\n", total=None):
        body = {"total_count": len(rows) if total is None else total, "workflow_runs": rows}
        run, api = hub(lambda *_: (200, body))
        if signed is not None:
            run.inspections_file.write_text(signed)
        return previous.finding(run, api)

    return judge


def sign(on=TODAY, run="'6'", by="p", finding="looked"):
    return f"inspections:\n  - {{run: {run}, by: {by}, on: {on}, finding: {finding}}}\n"


@pytest.mark.parametrize("rows", [[], [OWN]])
def test_no_run_before_this_one(judged, rows):
    assert judged(rows).holds is True


def test_a_run_that_succeeded(judged):
    assert judged([OWN, ended("success")]).holds is True


@pytest.mark.parametrize(
    "how", ["failure", "cancelled", "timed_out", "startup_failure", "neutral", "skipped", "stale", None]
)
def test_any_other_end_needs_a_person(judged, how):
    found = judged([OWN, ended(how)])
    assert (found.holds, "run 6" in found.seen, "nobody signed it off" in found.seen) == (False, True, True)
    assert "run 6" in found.remedy


@pytest.mark.parametrize("status", ["queued", "in_progress", "waiting", None])
def test_a_run_that_has_not_ended(judged, status):
    found = judged([OWN, ended(None, status=status)], sign())
    assert (found.holds, repr(status) in found.seen) == (False, True)


def test_the_newest_run_before_this_one_counts_in_whatever_order_they_come(judged):
    assert judged([ended("success", 4), ended("failure", 6), OWN, ended("success", 5)]).holds is False
    assert judged([ended("failure", 4), ended("success", 6), OWN, ended("failure", 5)]).holds is True


def test_a_run_dispatched_since_is_none_before(judged):
    assert judged([ended("failure", 8), OWN, ended("success", 6)]).holds is True


def test_signed_off(judged):
    found = judged([OWN, ended("failure")], sign())
    assert (found.holds, f"p on {TODAY}: looked" in found.seen) == (True, True)


@pytest.mark.parametrize(
    ("signed", "words"),
    [
        (sign(on=TODAY + timedelta(1)), "in the future"),
        (sign(on=TODAY - timedelta(1)), "before the run ended"),
        (sign(on="yesterday"), "no date"),
        (sign(by="''"), "has no `by`"),
        (sign(finding="' '"), "has no `finding`"),
        (sign(run="'5'"), "nobody signed it off"),
        ("inspections: {}\n", "no list"),
        ("- a list\n", "no list"),
        ("inspections: [\n", "not YAML"),
        (None, "inspections.yml"),
    ],
)
def test_a_sign_off_that_is_none(judged, signed, words):
    found = judged([OWN, ended("failure")], signed)
    assert (found.holds, words in found.seen) == (False, True), found.seen


def test_a_number_signs_as_well_as_a_text(judged):
    assert judged([OWN, ended("failure")], sign(run="6")).holds is True


@pytest.mark.parametrize(("rows", "total"), [([], 5), (None, 0), ({}, 0), (["x"], 1), ([None], 1)])
def test_a_list_that_cannot_be_read_is_not_fine(judged, rows, total):
    assert judged(rows, total=total).holds is None


@pytest.mark.parametrize(
    ("status", "holds"), [(403, None), (404, False), (410, False), (429, None), (500, None)]
)
def test_runs_that_github_does_not_tell(hub, status, holds):
    found = previous.finding(*hub(lambda *_: (status, {"message": "no"})))
    assert found.holds is holds
    if status == 403:
        assert "`actions: read`" in found.seen
