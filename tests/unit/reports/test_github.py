"""Annotations, step summary and outputs: one line each, and nothing in them is obeyed."""

import pytest

from pytest_smokedeploy.model import Finding
from pytest_smokedeploy.reports.github import annotations, outputs, summary

NASTY = "::error::| <img src=x onerror=alert(1)> `x`\n::set-output name=a::b%"
ORDER = Finding("OBS-7", False, "no order", NASTY, remedy="Take it out.")


def test_a_pass_is_one_notice(passed):
    (line,) = annotations(passed)
    assert line == "::notice title=Smoke deploy PASS::all 42 checked clauses proven, stop confirmed."


def test_each_violated_clause_is_an_error_of_one_line_the_deciding_one_first(failed):
    shown = annotations(failed(ORDER, Finding("RUN-2", False, "none", "a scheduler")))
    assert [line.partition("::")[2].partition("::")[2].partition(":")[0] for line in shown] == [
        "OBS-7",
        "RUN-2",
    ]
    assert all(line.startswith("::error title=Smoke deploy FAIL::") for line in shown)
    assert not any("\n" in line for line in shown)
    assert "b%25" in shown[0]


@pytest.mark.parametrize(
    ("words", "place"),
    [
        ("smoke_tests/smokedeploy.yml:12: log: x", "file=smoke_tests/smokedeploy.yml,line=12,"),
        ("it is in .github/workflows/deploy.yml:4", "file=.github/workflows/deploy.yml,line=4,"),
        ("see https://x/a.py:4", ""),
        ("at 10:00:27", ""),
        ("the agent's file a.yml:4 lacks 'b.py:2'", "file=a.yml,line=4,"),
        ("exited 1; its last line: 'all is well, deploy.yml:1'", ""),
    ],
)
def test_an_annotation_names_the_file_and_line_of_its_cause(run, words, place):
    document = run().note("misuse", message=words, clause="TRG-3").document
    assert annotations(document)[0].startswith(f"::error {place}title=")


def test_an_annotation_stays_within_githubs_length(failed):
    assert len(annotations(failed(Finding("OBS-7", False, "x", "é%" * 4000)))[0]) < 4200


def test_the_summary_is_the_first_screen_and_escapes_what_a_log_line_brings(failed):
    text = summary(failed(ORDER, Finding("RUN-2", False, "none", NASTY)))
    assert text.startswith("## Smoke deploy: FAIL\n\n**The phase does not proceed.**")
    assert "<img" not in text
    assert "| What next | Take it out. Once it is mended, release the hold, and start the workflow" in text
    rows = [line for line in text.splitlines() if line.startswith(("| Seen", "| RUN-2"))]
    assert [row.count("|") for row in rows] == [3, 4]


def test_the_summary_counts_what_is_not_proven(run):
    text = summary(run().deploy().stop().checks(unrun={"OBS-1", "OBS-2"}).held())
    assert "2 clauses are not proven" in text


def test_the_summary_shows_the_last_lines_of_a_start_that_failed(run):
    broken = Finding("AGT-5", False, "running", "it exited")
    made = run().deploy(last_lines=["x", *map(str, range(48)), "ROOT CAUSE <b>\x1b[2J", "</pre>"]).stop()
    text = summary(made.checks(broken).held())
    assert "The last 50 lines of the start that failed:\n\n<pre>0\n1\n" in text
    assert r"ROOT CAUSE &lt;b&gt;\x1b[2J" in text
    assert text.count("</pre>") == 1


def test_the_summary_shows_the_log_around_the_fault(failed, passed):
    log = [f"2026-01-31T10:00:2{n}Z stdout [documented] event {n}\n" for n in range(3)]
    log.append("2026-01-31T10:00:25Z stdout [undocumented] <i>what\n")
    text = summary(failed(ORDER), log)
    assert "The lines around the first one that no template allows:\n\n<pre>2026-01-31T10:00:20Z" in text
    assert "\n2026-01-31T10:00:25Z [undocumented] &lt;i&gt;what</pre>" in text
    assert "The log's last lines:" in summary(failed(ORDER), log[:3])
    assert "<pre>" not in summary(failed(ORDER))
    assert "<pre>" not in summary(passed, log)


def test_the_outputs_are_a_line_each(failed):
    document = failed(Finding("OBS-7", False, "x", "y"))
    assert outputs(document, "evi\ndence").splitlines() == [
        "verdict=FAIL",
        "clause=OBS-7",
        f"image-digest={document['image']['digest']}",
        r"evidence=evi\ndence",
        "hold=on",
    ]
