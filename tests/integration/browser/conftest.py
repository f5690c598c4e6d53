"""The reports of runs that ended in every way but a PASS (tests/rehearsal/live has that of a live one)."""

from __future__ import annotations

import pytest

from pytest_smokedeploy.model import Finding
from pytest_smokedeploy.reports.html import page, with_part
from tests.rehearsal.gallery.gate import gate
from tests.unit.reports.conftest import Run
from tests.unit.reports.test_html import PYTEST_HTML

NASTY = "<img src=x onerror=\"document.title='obeyed'\">\x1b[2J\u202e" + "x" * 400
LOG = [f"2026-01-31T10:00:27Z stdout [documented] line {n} {'word ' * 30}\n" for n in range(8)]
LOG[4] = f"2026-01-31T10:00:27Z stderr [undocumented] {NASTY}\n"
#: One deviation a stage.
BROKEN = {
    "TGT-1": "preconditions",
    "AGT-4": "deploy",
    "VER-4": "verify",
    "OBS-7": "observe",
    "STP-3": "shutdown",
    "EXT-4": "exit",
}


@pytest.fixture(scope="session")
def hostile(tmp_path_factory):
    """The folder of a rehearsal whose runtime, ref and actor write markup, and which fails."""
    folder = tmp_path_factory.mktemp("hostile")
    run = gate(folder, world="markup everywhere")
    assert run.document["verdict"] == "FAIL", run.output
    assert "onerror=" in (folder / "evidence" / "startup.log").read_text()
    return folder


@pytest.fixture(scope="session")
def pages(hostile):
    """The report of a run that ended in each way, by that way."""
    written = (hostile / "evidence" / "report.html").read_text()

    def shown(document):
        return with_part(PYTEST_HTML, document, LOG)

    def failed(clause):
        broken = Finding(clause, False, f"what is right, and {NASTY}", NASTY, remedy=f"Mend it: {NASTY}")
        return Run().deploy().stop().checks(broken).held()

    start = {"last_lines": [NASTY] * 50, "exit_code": 7, "step": "running", "image_digest": ""}
    return {
        "hostile": written,
        "REHEARSED": shown(Run(rehearsal=True).deploy().stop().checks().passed()),
        "INCOMPLETE": shown(Run().deploy().stop().checks(unrun={"VER-4"}).held()),
        "REFUSED": shown(Run().checks(Finding("PRE-1", False, "STEP 1-4", NASTY)).document),
        "failed start": shown(Run().deploy(**start).stop().checks(Finding("AGT-5", False, "x", "y")).held()),
        "not stopped": shown(Run().deploy().checks().held()),
        "killed": page(Run().deploy().document, LOG),
        **{f"FAIL in {stage}": shown(failed(clause)) for clause, stage in BROKEN.items()},
    }
