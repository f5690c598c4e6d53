"""GitHub's files and log of a real run: no command comes out of a runtime's log."""

import re

from tests.rehearsal.gallery.gate import gate


def test_in_actions_the_log_is_shown_where_no_command_counts(tmp_path):
    """A runtime that writes workflow commands: they stand between stop-commands and its token."""
    steps, outputs = tmp_path / "summary.md", tmp_path / "outputs"
    run = gate(
        tmp_path,
        world="a workflow command",
        environ={
            "GITHUB_ACTIONS": "true",
            "GITHUB_STEP_SUMMARY": str(steps),
            "GITHUB_OUTPUT": str(outputs),
        },
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
    assert "verdict=FAIL\nclause=EXT-4\n" in outputs.read_text()


def test_elsewhere_no_command_is_written(tmp_path):
    run = gate(tmp_path, "-k", "test_4")
    assert "::stop-commands::" not in run.output
    assert "::error" not in run.output
