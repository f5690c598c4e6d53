"""The report in a real browser: it shows what it must, and obeys nothing that the world wrote into it."""

import re

import pytest

from pytest_smokedeploy.model import CHECKED
from tests.integration.browser.conftest import WIDTHS, chromium, looked_at
from tests.rehearsal.gallery.gate import gate
from tests.support.needs import needs_browser

pytestmark = needs_browser
#: The pages that axe examines, by colour scheme: each part of a report and each colour is on one of them.
DARK = {"hostile", "PASS", "not stopped", "FAIL in observe"}
EXAMINED = {"light": DARK | {"REFUSED", "failed start", "killed", "INCOMPLETE"}, "dark": DARK}


@pytest.fixture(scope="module")
def shown(hostile):
    """The hostile report's document after its scripts ran."""
    return chromium(hostile, hostile / "evidence" / "report.html", "--dump-dom")


def results(page):
    return re.findall(r'<td class="col-result[^"]*">([^<]*)</td>', page)


def test_nothing_that_the_world_wrote_becomes_markup(shown):
    assert "obeyed" not in re.search(r"<title[^>]*>(.*?)</title>", shown, re.DOTALL)[1]
    assert not re.search(r"<(img|svg|script)[^>]*(onerror|onload)=", shown)
    assert "&lt;img src=x onerror=" in shown


def test_verdict_and_pytests_own_table_are_there(shown):
    assert re.search(r'class="sd-banner sd-fail">\s*<h1>FAIL</h1>', shown)
    assert {"Passed", "Failed"} <= set(results(shown))
    assert len(results(shown)) == len(CHECKED)


def test_a_refused_run_shows_its_blocked_checks_and_why_in_a_sentence(tmp_path):
    gate(tmp_path, world="no tunnel")
    page = chromium(tmp_path, tmp_path / "evidence" / "report.html", "--dump-dom")
    assert results(page).count("Blocked") > 25
    assert not re.search(r"\('[^']*', \d+, ", page)


def test_the_report_asks_nothing_of_the_network(hostile):
    page = (hostile / "evidence" / "report.html").read_text()
    assert not re.search(r'<(?:script|link|img|iframe)[^>]+(?:src|href)="?https?:', page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_any_width_and_axe_finds_nothing_that_keeps_people_out(pages, tmp_path, scheme):
    dark = ["--blink-settings=preferredColorScheme=0"] if scheme == "dark" else []
    told = looked_at(tmp_path, pages, EXAMINED[scheme], *dark)
    assert told.keys() == {f"{name} {width}" for name in pages for width in WIDTHS}
    assert {name: one["bad"] for name, one in told.items() if one["bad"]} == {}
    assert {name: one["wider"] for name, one in told.items() if one["wider"] > 0} == {}


def test_in_print_it_is_short(pages, tmp_path):
    file, printed = tmp_path / "page.html", tmp_path / "page.pdf"
    file.write_text(pages["PASS"])
    chromium(tmp_path, file, f"--print-to-pdf={printed}", "--no-pdf-header-footer")
    assert 1 <= len(re.findall(rb"/Type\s*/Page\b", printed.read_bytes())) <= 3
