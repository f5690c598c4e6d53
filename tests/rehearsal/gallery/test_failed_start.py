"""A runtime that dies while it starts: its lines, the steps that were done, and the report."""

import pytest

from tests.rehearsal.gallery.runtime import CAUSE

pytestmark = pytest.mark.parametrize("world", ["dies noisily while it starts"])


def test_every_line_stands_in_the_start_up_log(ended, world):
    run = ended(world)
    lines = (run.folder / "evidence" / "startup.log").read_text().splitlines()
    assert len(lines) == 90
    assert sum(CAUSE in line for line in lines) == 1
    assert run.document["log"]["exit_code"] == 7


def test_the_steps_that_were_done_are_proven_and_one_check_fails(ended, world):
    document = ended(world).document
    states = {row["clause"]: row["state"] for row in document["clauses"]}
    assert [states[f"AGT-{n}"] for n in range(1, 6)] == ["proven"] * 4 + ["violated"]
    (deploy,) = (stage for stage in document["stages"] if stage["stage"] == "deploy")
    assert [check["outcome"] for check in deploy["checks"]] == ["passed"] * 4 + ["failed"]
    assert document["image"]["digest"].startswith("sha256:")
    assert CAUSE in document["receipt"]["last_lines"]


def test_the_report_shows_the_last_lines_before_anything_else(ended, world):
    report = (ended(world).folder / "evidence" / "report.html").read_text()
    told = report.index("The start that failed")
    assert told < report.index(CAUSE, told) < report.index("Image and run")
