"""The JUnit file of a run that ended before pytest wrote its own."""

from xml.etree import ElementTree as ET

from pytest_smokedeploy.model import CHECKED, Finding
from pytest_smokedeploy.reports.junit import junit


def cases(document):
    return {case.get("name"): case for case in ET.fromstring(junit(document)).iter("testcase")}  # noqa: S314 - ours


def properties(case):
    return [(one.get("name"), one.get("value")) for one in case.iter("property")]


def test_each_check_is_a_case_with_its_stage_its_clauses_and_what_they_rest_on(passed):
    found = cases(passed)
    assert len(found) == len(CHECKED)
    assert properties(found["VER-2"]) == [
        ("stage", "verify"),
        ("clause", "VER-2"),
        ("basis of VER-2", "seen"),
    ]


def test_a_failed_check_is_a_failure_and_one_that_was_not_run_is_skipped(run):
    made = run().deploy().stop().checks(Finding("VER-2", False, "x", "y"), unrun={"OBS-1"})
    found = cases(made.held())
    assert found["VER-2"].find("failure").get("message") == "failed its words"
    assert found["OBS-1"].find("skipped").get("message") == "blocked its words"
    assert properties(found["OBS-1"]) == [("stage", "observe"), ("clause", "OBS-1")]


def test_it_is_xml_whatever_a_check_is_called(passed):
    passed["stages"][0]["checks"][0] |= {
        "id": "a\x00b::c\x1b<]]>\ud800",
        "outcome": "failed",
        "words": "\x0c",
    }
    assert "c?<]]>?" in cases(passed)
