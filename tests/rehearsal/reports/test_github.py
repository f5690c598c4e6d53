"""What GitHub shows of a run: one annotation, a step summary, and no command out of a runtime's log."""

import re

import pytest

from pytest_smokedeploy.reports.github import annotation, summary
from tests.rehearsal.gallery.gate import gate

NASTY = "::error::| <img src=x onerror=alert(1)> `x`\n::set-output name=a::b%"


def document(**changes):
    row = {"clause": "OBS-7", "text": "no order", "state": "violated", "how": "checked", "words": NASTY}
    base = {
        "verdict": "FAIL",
        "rehearsal": False,
        "clause": "OBS-7",
        "reason": NASTY,
        "clauses": [row, {**row, "clause": "EXT-2", "state": "not proven"}],
        "image": {"requested": "r:1", "digest": ""},
        "environment": "dev",
        "execution_plane": "paper",
        "endpoint_host": "agent",
        "settings": {},
        "stop": {"owed": True, "confirmed": True, "words": ""},
    }
    return base | changes


@pytest.mark.parametrize(
    ("verdict", "kind"),
    [("PASS", "notice"), ("REHEARSED", "notice"), ("FAIL", "error"), ("REFUSED", "error")],
)
def test_the_annotation_is_one_line_whatever_the_reason_says(verdict, kind):
    line = annotation(document(verdict=verdict))
    assert line.startswith(f"::{kind} title=Smoke deploy {verdict}::OBS-7: ")
    assert "\n" not in line
    assert line.endswith("b%25")


def test_an_annotation_stays_within_githubs_length():
    assert len(annotation(document(reason="é%" * 4000))) < 4200


def test_the_summary_escapes_what_a_log_line_brings():
    text = summary(document())
    assert "<img" not in text
    rows = [line for line in text.splitlines() if line.startswith("| OBS-7")]
    assert len(rows) == 1
    assert rows[0].count("|") == 4
    assert "1 not proven" in text


def test_in_actions_the_log_is_shown_where_no_command_counts(tmp_path):
    """A runtime that writes workflow commands: they stand between stop-commands and its token."""
    steps = tmp_path / "summary.md"
    run = gate(
        tmp_path,
        world="a workflow command",
        environ={"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(steps)},
    )
    assert run.document["clause"] == "EXT-4", run.output
    token = re.search(r"^::stop-commands::([0-9a-f]{32})$", run.output, re.MULTILINE)
    assert token, run.output
    end = run.output.index(f"\n::{token[1]}::\n")
    shown = [match.start() for match in re.finditer(r"::set-env|##\[", run.output)]
    assert shown
    assert all(token.end() < place < end for place in shown if run.output[place] == "#")
    after = run.output[end:].strip().splitlines()
    assert len(after) == 2
    assert after[1].startswith("::error title=Smoke deploy FAIL::EXT-4: ")
    assert steps.read_text().count("## Smoke deploy") == 1


def test_elsewhere_no_command_is_written(tmp_path):
    run = gate(tmp_path, "-k", "test_4")
    assert "::stop-commands::" not in run.output
    assert "::error" not in run.output


@pytest.mark.parametrize(
    ("rehearsal", "words"), [(True, "nothing is on hold"), (False, "a person looks before the next run")]
)
def test_what_comes_next_after_a_failure_is_the_modes_own(rehearsal, words):
    assert words in summary(document(rehearsal=rehearsal))
