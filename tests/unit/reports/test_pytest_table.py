"""A report of any run stays under 2 MB, and says what of pytest's own table is left out."""

import json
import re
from html import unescape

import pytest
from markupsafe import escape

from pytest_smokedeploy.reports.pytest_table import bounded


@pytest.fixture
def table():
    """table(tests) -> a body as pytest-html writes it; tests is name to (result, log)."""

    def make(tests):
        rows = {
            name: [{"result": result, "log": log, "extras": [{"content": "x"}]}]
            for name, (result, log) in tests.items()
        }
        blob = escape(json.dumps({"tests": rows, "title": "Smoke deploy"}))
        return f'<h1>t</h1><div id="data-container" data-jsonblob="{blob}"></div><p>end</p>'

    return make


def rows(body):
    blob = re.search(r'data-jsonblob="([^"]*)"', body)[1]
    return json.loads(unescape(blob))["tests"]


def test_an_ordinary_one_is_left_as_it_is(table):
    body = table({"a": ("Passed", "x" * 9_000)})
    assert bounded(body) == body
    assert bounded("<p>no table</p>") == "<p>no table</p>"


def test_what_a_check_printed_is_cut_in_the_middle(table):
    body = bounded(table({"a": ("Failed", f"{'<' * 3_000_000}the cause"), "b": ("Passed", "none")}))
    ((cut,), _) = rows(body).values()
    assert cut["log"].endswith("<the cause\n[its extras are left out]")
    assert "\n[2992009 characters are left out]\n" in cut["log"]
    assert body.startswith("<h1>t</h1>")
    assert body.endswith("</div><p>end</p>")
    assert len(body) < 100_000


def test_rows_are_left_out_passed_ones_first(table):
    tests = {f"test_{n}": ("Passed", "a line " * 100) for n in range(3_000)} | {"last": ("Failed", "why")}
    body = bounded(table(tests))
    kept = list(rows(body))
    assert kept[-1] == "last"
    assert kept[:2] == ["test_0", "test_1"]
    assert len(body) < 1_500_000
    assert body.startswith(f"<p>{len(tests) - len(kept)} of 3001 checks are left out here")
