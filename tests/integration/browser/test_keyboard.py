"""What a keyboard reaches in the report, and what a screen reader is told of it, beyond what axe examines."""

from itertools import pairwise

import pytest

from pytest_smokedeploy.model import STAGES
from tests.support.needs import needs_browser

pytestmark = needs_browser
CONTROLS = "const all = [...document.querySelectorAll('a[href], summary, button, input:not(:disabled)')]\n"
#: The number of the control that has the focus, whether it shows it, and whether it unfolds something.
FOCUS = f"""{CONTROLS}
const one = document.activeElement, style = getComputedStyle(one)
const outlined = style.outlineStyle != "none" && parseFloat(style.outlineWidth) > 0
return [all.indexOf(one), one.matches(":focus-visible") && outlined,
 one.id == "show_all_details" || one.tagName == "SUMMARY" && !one.parentElement.open]"""
TAB, ENTER = ("Tab", 9), ("Enter", 13, "\r")


@pytest.fixture
def report(browser, pages):
    browser.media("light")
    browser.width(1280)
    browser.show(pages["hostile"])
    return browser


def spoken(browser):
    """(role, level, words) of what a screen reader comes to, in its order."""
    nodes = {node["nodeId"]: node for node in browser.devtools("Accessibility.getFullAXTree")["nodes"]}

    def read(node):
        role = node.get("role", {}).get("value")
        if not node["ignored"] and role in {"heading", "StaticText", "image"}:
            level = [kind["value"]["value"] for kind in node["properties"] if kind["name"] == "level"]
            yield role, level[0] if level else 0, node["name"]["value"]
        for child in node.get("childIds", ()):
            yield from read(nodes[child])

    (root,) = (node for node in nodes.values() if "parentId" not in node)
    return list(read(root))


def test_the_tab_key_comes_to_every_control_in_order_and_enter_unfolds_every_part(report):
    controls = report.script(f"{CONTROLS}return all.length")
    reached, unfolded = [], 0
    for _ in range(controls):
        report.press(*TAB)
        number, visible, folded = report.script(FOCUS)
        assert visible, number
        reached.append(number)
        if folded:
            report.press(*ENTER)
            unfolded += 1
    assert reached == list(range(controls))
    assert unfolded > len(STAGES)
    assert report.script("return document.querySelectorAll('.extras-row').length") > 0
    assert report.script("return document.querySelectorAll('details:not([open])').length") == 0
    assert report.script("return document.querySelectorAll('.extras-row.hidden').length") == 0


def test_a_screen_reader_is_told_the_verdict_first_and_no_heading_skips_a_level(report):
    report.script("document.querySelectorAll('details').forEach(one => one.open = true)")
    said = spoken(report)
    words = [words for role, _, words in said if role == "StaticText"]
    assert words[:2] == ["FAIL", "A rehearsal: nothing was decided."]
    assert words[words.index("The timeline in words") + 1].startswith("stage preconditions, passed:")
    levels = [level for role, level, _ in said if role == "heading"]
    assert levels[0] == 1
    assert [pair for pair in pairwise(levels) if pair[1] > pair[0] + 1] == []
