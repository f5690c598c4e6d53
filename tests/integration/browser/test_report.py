"""The report in a real browser: it shows what it must, and obeys nothing that the world wrote into it."""

import re
import subprocess

import pytest

from pytest_smokedeploy.model import CHECKED
from tests.rehearsal.gallery.gate import gate
from tests.support.needs import needs_browser

pytestmark = needs_browser

FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync")
FLAGS += ("--disable-component-update", "--no-first-run", "--virtual-time-budget=5000")


def dom(tmp_path, file, *more):
    """The page's document after its scripts ran."""
    done = subprocess.run(
        [
            "chromium",
            *FLAGS,
            f"--user-data-dir={tmp_path / 'profile'}",
            *more,
            "--dump-dom",
            f"file://{file}",
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return done.stdout


@pytest.fixture(scope="module")
def nasty(tmp_path_factory):
    """A run whose runtime, ref and actor write markup, and whose verdict is a failure."""
    folder = tmp_path_factory.mktemp("report")
    run = gate(folder, world="markup everywhere")
    assert run.document["verdict"] == "FAIL", run.output
    assert "onerror=" in (folder / "evidence" / "startup.log").read_text()
    return folder


def test_nothing_that_the_world_wrote_becomes_markup(nasty):
    page = dom(nasty, nasty / "evidence" / "report.html")
    assert "obeyed" not in re.search(r"<title[^>]*>(.*?)</title>", page, re.DOTALL)[1]
    assert not re.search(r"<(img|svg|script)[^>]*(onerror|onload)=", page)
    assert "&lt;img src=x onerror=" in page


def test_verdict_reason_and_blocked_checks_are_shown(nasty):
    page = dom(nasty, nasty / "evidence" / "report.html")
    assert re.search(r'class="sd-banner sd-fail"><h2>FAIL</h2>', page)
    rows = re.findall(r'<td class="col-result[^"]*">([^<]*)</td>', page)
    assert {"Passed", "Failed"} <= set(rows), rows
    assert len(rows) == len(CHECKED), rows


def test_a_refused_run_shows_its_blocked_checks(tmp_path):
    gate(tmp_path, world="no tunnel")
    rows = re.findall(
        r'<td class="col-result[^"]*">([^<]*)</td>', dom(tmp_path, tmp_path / "evidence" / "report.html")
    )
    assert rows.count("Blocked") > 25, rows


def test_the_report_asks_nothing_of_the_network(nasty):
    page = (nasty / "evidence" / "report.html").read_text()
    assert not re.search(r'<(?:script|link|img|iframe)[^>]+(?:src|href)="?https?:', page)
