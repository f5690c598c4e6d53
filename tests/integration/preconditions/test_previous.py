"""FLR-3 where the agent tells no last deploy: the previous run passed, or a person looked and signed."""

from datetime import UTC, datetime, timedelta

import pytest

from pytest_smokedeploy.model import Finding
from pytest_smokedeploy.preconditions import previous

TODAY = datetime.now(UTC).date()
SIGN = (
    "Look into run 6, then record it under `inspections` in inspections.yml, under review: "
    f"`- {{run: '6', by: NAME, on: {TODAY}, finding: WHAT WAS FOUND}}`."
)
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
        run = hub(lambda *_: (200, body))
        if signed is not None:
            run.inspections_file.write_text(signed)
        return previous.finding(run)

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
    assert (found.holds, f"still {status or 'without a status'}" in found.seen) == (False, True)


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
    found = previous.finding(hub(lambda *_: (status, {"message": "no"})))
    assert found.holds is holds
    if status == 403:
        assert "`actions: read`" in found.seen


def test_each_finding_is_whole(judged):
    expected = "the previous run of the deploy workflow passed, or a person signed it off"
    rows = {
        "success": (judged([OWN, ended("success")]), True, "run 6 ended in success", ""),
        "signed": (
            judged([OWN, ended("failure")], sign()),
            True,
            f"run 6 ended in failure; signed off by p on {TODAY}: looked",
            "",
        ),
        "unsigned": (
            judged([OWN, ended("failure")]),
            False,
            "run 6 ended in failure; nobody signed it off",
            SIGN,
        ),
        "running": (
            judged([OWN, ended(None, status="queued")]),
            False,
            "run 6 is still queued",
            "Wait for run 6, then look at how it ended.",
        ),
    }
    for name, (found, holds, seen, remedy) in rows.items():
        meaning = "That run is not over." if name == "running" else ""
        assert found == Finding("FLR-3", holds, expected, seen, meaning=meaning, remedy=remedy)


def test_runs_are_ordered_by_their_number_and_without_one_by_their_id(judged):
    """An id is the newer the larger; a re-created workflow counts its runs anew."""
    by_number = [OWN | {"id": 1}, ended("failure", id=9), ended("success", number=5, id=99)]
    assert "run 9 " in judged([OWN | {"id": 7}, *by_number[1:]]).seen
    bare = [{**ended(how, number=n), "run_number": None} for how, n in (("success", 5), ("failure", 6))]
    assert "run 6 " in judged(bare).seen
    odd = [{**ended(how, number=n), "run_number": True} for how, n in (("success", 5), ("failure", 6))]
    assert "run 6 " in judged(odd).seen


def test_a_sign_off_is_named_by_its_line_and_one_that_is_wrong_hides_no_right_one(judged):
    wrong = "  - {run: '6', by: '', on: 2026-01-31, finding: x}\n"
    found = judged([OWN, ended("failure")], f"inspections:\n{wrong}")
    assert "its sign-off in inspections.yml:2 has no `by`" in found.seen
    both = f"inspections:\n  - 7\n  - {{run: '5'}}\n{wrong}{sign().partition(chr(10))[2]}"
    assert judged([OWN, ended("failure")], both).holds is True


def test_sign_offs_that_are_no_list_are_named(judged):
    found = judged([OWN, ended("failure")], "inspections: none\n")
    assert found.seen == "run 6 ended in failure; inspections.yml:1: holds no list `inspections`"
