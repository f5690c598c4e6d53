"""The report in a real browser: it shows what it must, and obeys nothing that the world wrote into it."""

import re

import pytest

from pytest_smokedeploy.model import CHECKED
from tests.rehearsal.gallery.gate import gate
from tests.support.needs import needs_browser

pytestmark = needs_browser


@pytest.fixture(scope="module")
def shown(browser, pages):
    """The hostile report's document after its scripts ran."""
    browser.show(pages["hostile"])
    return browser.document()


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


def test_a_refused_run_shows_its_blocked_checks_and_why_in_a_sentence(browser, tmp_path):
    gate(tmp_path, world="no tunnel")
    browser.show((tmp_path / "evidence" / "report.html").read_text())
    page = browser.document()
    assert results(page).count("Blocked") > 25
    assert not re.search(r"\('[^']*', \d+, ", page)


def test_the_report_asks_nothing_of_the_network(pages):
    assert not re.search(r'<(?:script|link|img|iframe)[^>]+(?:src|href)="?https?:', pages["hostile"])


def test_it_fits_any_width_and_axe_finds_nothing_that_keeps_people_out(browser, pages):
    found = {name: browser.faults(page) for name, page in pages.items()}
    assert {name: faults for name, faults in found.items() if faults} == {}
