"""What changed between two runs: verdict, rules, image, clauses, seconds, and lines of the log."""

from pytest_smokedeploy.model import Finding
from pytest_smokedeploy.reports.comparison import compare

ORDER = Finding("OBS-7", False, "none", "an order")
OLD = ["t1 stdout [OBS-1] runtime 1.0.0 starting\n", "t2 stdout [documented] 17 rows in 3 ms\n"]
NEW = ["t9 stdout [OBS-1] runtime 1.0.1 starting\n", "t9 stdout [undocumented] retrying | now\n"]


def rows(found):
    return {what: (old, new) for what, old, new in found.rows}


def test_verdict_clauses_and_rules_that_differ(passed, run):
    new = run(settings={"quiet_window_seconds": 5}).deploy().stop().checks(ORDER).held()
    found = rows(compare(passed, new, OLD, NEW))
    assert found["verdict"] == ("PASS", "FAIL")
    assert found["OBS-7"] == ("proven", "violated")
    assert found["setting quiet_window_seconds"] == ("default", "5")
    assert found["seconds of observe"] == ("0.5", "0.5")
    assert "VER-1" not in found


def test_lines_that_are_new_and_lines_that_are_gone_whatever_their_numbers(passed):
    found = compare(passed, passed, OLD, NEW)
    assert found.new == ("retrying | now",)
    assert found.gone == ("17 rows in 3 ms",)


def test_as_text_what_differs_is_marked(passed, failed):
    lines = list(compare(passed, failed(ORDER), OLD, NEW).text())
    assert lines[0] == "* verdict: PASS -> FAIL"
    assert "  image: ghcr.io/example/runtime:1.2.3" in lines
    gone = lines.index("1 lines in the older log alone")
    assert lines[gone - 2 :] == [
        "1 lines in the newer log alone",
        "    retrying | now",
        "1 lines in the older log alone",
        "    17 rows in 3 ms",
    ]


def test_as_markdown_nothing_is_obeyed(passed, failed):
    text = "\n".join(compare(passed, failed(ORDER), OLD, NEW).markdown())
    assert "| verdict | PASS | FAIL |" in text
    assert "| retrying &#124; now |" in text


def test_a_long_difference_is_counted_whole_and_listed_in_part(passed):
    new = [f"t stdout [documented] {'x' * n}\n" for n in range(1, 80)]
    lines = list(compare(passed, passed, [], new).text())
    assert "79 lines in the newer log alone" in lines
    assert sum(line.startswith("    x") for line in lines) == 50
