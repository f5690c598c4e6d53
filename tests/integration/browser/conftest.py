"""A real browser, and the reports of runs that ended in every way."""

from __future__ import annotations

import json
import re
import subprocess
from html import unescape
from importlib.resources import files

import pytest

from pytest_smokedeploy.model import Finding
from pytest_smokedeploy.reports.html import page, with_part
from tests.rehearsal.gallery.gate import gate
from tests.unit.reports.conftest import Run
from tests.unit.reports.test_html import PYTEST_HTML

FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync")
FLAGS += ("--disable-component-update", "--no-first-run", "--allow-file-access-from-files")
WIDTHS = (320, 400, 1280)
NASTY = "<img src=x onerror=\"document.title='obeyed'\">\x1b[2J\u202e" + "x" * 400
LOG = [f"2026-01-31T10:00:27Z stdout [documented] line {n} {'word ' * 30}\n" for n in range(40)]
LOG[20] = f"2026-01-31T10:00:27Z stderr [undocumented] {NASTY}\n"
#: One deviation a stage.
BROKEN = {"TGT-1": "preconditions", "AGT-4": "deploy", "VER-4": "verify", "OBS-7": "observe", "EXT-4": "exit"}

# A page says by how much it is wider than its frame, and what axe finds; the outer page collects it.
_ASK = """<script>%s</script><script>addEventListener("load", async () => {
 document.querySelectorAll("details").forEach(one => one.open = true)
 const wider = document.documentElement.scrollWidth - innerWidth
 const found = window.axe ? await axe.run() : {violations: [], incomplete: []}
 const bad = found.violations.filter(one => ["serious", "critical"].includes(one.impact))
 // Text in its background's own colour is nothing that axe is sure of.
 const same = node => node.any.some(one => one.data && one.data.messageKey == "equalRatio")
 bad.push(...found.incomplete.filter(one => one.nodes.some(same)))
 const told = bad.map(one => one.id + " " + one.nodes.slice(0, 2).map(node => node.html).join(" "))
 parent.postMessage({name: %s, wider: wider, bad: told.slice(0, 9)}, "*")})</script>"""
_COLLECT = """<body><pre id="told"></pre><script>const told = []
addEventListener("message", event => { told.push(event.data)
 if (told.length == %d) document.getElementById("told").textContent = JSON.stringify(told) })
</script>%s</body>"""


def chromium(folder, file, *more):
    """Chromium's output on a page once its scripts ran."""
    profile = f"--user-data-dir={folder / 'profile'}"
    command = ["chromium", *FLAGS, "--virtual-time-budget=5000", profile, *more, f"file://{file}"]
    return subprocess.run(command, capture_output=True, text=True, timeout=240, check=True).stdout


def looked_at(folder, pages, examined, *more):
    """What each page says of itself, by its name and width; axe examines those of `examined`."""
    axe = (files("axe_core_python") / "axe.min.js").read_text().replace("</script", "<\\/script")
    frames = []
    for name, text in pages.items():
        for width in WIDTHS:
            file = folder / f"{len(frames)}.html"
            asking = _ASK % (axe, json.dumps(f"{name} {width}"))
            file.write_text(text.replace("</body>", f"{asking}</body>"), errors="surrogateescape")
            frames.append(
                f'<iframe src="{file.name}" style="width:{width}px;height:900px;border:0"></iframe>'
            )
    outer = folder / "outer.html"
    outer.write_text(_COLLECT % (len(frames), "".join(frames)))
    told = re.search(r'<pre id="told">(.*?)</pre>', chromium(folder, outer, "--dump-dom", *more), re.DOTALL)
    return {one["name"]: one for one in json.loads(unescape(told[1]))}


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
        "PASS": with_part(PYTEST_HTML, Run().deploy().stop().checks().passed(), LOG[:20]),
        "REHEARSED": shown(Run(rehearsal=True).deploy().stop().checks().passed()),
        "INCOMPLETE": shown(Run().deploy().stop().checks(unrun={"VER-4"}).held()),
        "REFUSED": shown(Run().checks(Finding("PRE-1", False, "STEP 1-4", NASTY)).document),
        "failed start": shown(Run().deploy(**start).stop().checks(Finding("AGT-5", False, "x", "y")).held()),
        "not stopped": shown(Run().deploy().checks().held()),
        "killed": page(Run().deploy().document, LOG),
        **{f"FAIL in {stage}": shown(failed(clause)) for clause, stage in BROKEN.items()},
    }
