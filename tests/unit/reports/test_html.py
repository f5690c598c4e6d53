"""The report as text: what stands in it, what is folded, and that nothing from outside becomes markup."""

import re

import pytest

from pytest_smokedeploy.model import CHECKED, Finding
from pytest_smokedeploy.reports.html import page, part, with_part

ORDER = Finding("OBS-7", False, "nothing bought", "<b>an order</b>\x1b[2J", remedy="Take it out.")
LOG = ["t1 stdout [OBS-1] starting\n", "t2 stdout [undocumented] <img src=x onerror=alert(1)>\u202e\n"]
PYTEST_HTML = """<!DOCTYPE html>
<html>
  <head>
    <meta charset="utf-8"/>
    <title id="head-title">Smoke deploy</title>
  </head>
  <body>
    <h1 id="title">Smoke deploy</h1>
    <input checked="true" class="filter" type="checkbox" data-test-result="failed" disabled>
    <table id="results-table"></table>
  <footer>
    <script>1</script>
  </footer>
  </body>
</html>
"""


def text(markup):
    return re.sub(r"<[^>]*>", "", markup)


def section(markup, title):
    return markup.partition(f"<h2>{title}</h2>")[2].partition("<h2>")[0]


def test_each_part_of_the_reason_stands_on_the_first_screen_once(failed):
    screen = part(failed(ORDER), LOG).partition("<h2>")[0]
    for words in ("FAIL", "The phase does not proceed.", "nothing bought", ORDER.means, "Take it out."):
        assert screen.count(words) == 1, words


def test_nothing_from_outside_is_markup_or_moves_anything(failed):
    markup = part(failed(ORDER, run={"url": "javascript:alert(1)", "run_id": "<i>", "attempt": 1}), LOG)
    assert "<b>an" not in markup
    assert "<img" not in markup
    assert "<i>" not in markup
    assert "javascript:" not in markup
    assert all(sign.isprintable() or sign == "\n" for sign in markup)
    assert r"\x1b[2J" in markup
    assert r"\u202e" in markup


def test_the_lines_around_the_fault_stand_above_image_and_run(failed):
    markup = part(failed(ORDER), LOG)
    assert markup.index('class="sd-fault"') < markup.index("Image and run</h2>")
    assert '<li value="1" class="sd-milestone">' in markup


def test_checks_that_were_not_run_are_counted_and_their_clauses_left_out(run):
    after = {clause.id for clause in CHECKED[CHECKED.index(next(c for c in CHECKED if c.id == "VER-2")) :]}
    made = run().deploy().stop().checks(unrun=after - {"STP-1", "STP-3"}).held()
    clauses = section(part(made, LOG), "Clauses")
    assert "<td>OBS-2</td>" not in clauses
    assert "15 checks were not run." in text(clauses)
    assert "1 check was not run." not in text(section(part(made, LOG), "Timeline"))


def test_a_milestone_that_the_log_met_is_told_as_met(run):
    made = run().deploy().note("log.milestone", clause="OBS-1", time="noon", line="starting").stop()
    clauses = text(section(part(made.checks(unrun={"OBS-1"}).held(), LOG), "Clauses"))
    assert "met in the log by &#39;starting&#39; at noon; not proven, since its check was not run" in clauses


def test_a_violated_clause_is_open_and_stands_first(failed):
    clauses = section(part(failed(ORDER), LOG), "Clauses")
    stage = clauses.partition("observe: failed")[0].rpartition("<details")[2]
    assert stage.startswith(" open>")
    rows = re.findall(r'<tr class="sd-([a-z-]+)"><td>([A-Z0-9-]+)', clauses.partition("observe: failed")[2])
    assert rows[0] == ("violated", "OBS-7")


def test_a_failed_start_shows_its_last_lines_and_its_exit_code(run):
    answer = {"last_lines": ["one", "<two>"], "exit_code": 7, "step": "running"}
    made = run().deploy(**answer, image_digest="").stop().note("log.end", exit_code=7).checks().held()
    start = section(part(made, LOG), "The start that failed")
    assert "exit code 7" in start
    assert "one\n&lt;two&gt;\n" in start
    assert "kept, stopped" in start
    assert "not known: the deploy failed at step running" in part(made, LOG)


def test_a_failed_start_that_may_still_run_is_not_told_as_stopped(run):
    made = run().deploy(last_lines=["one"], step="running").checks().held()
    start = text(section(part(made, []), "The start that failed"))
    assert "kept, stopped" not in start


def test_a_failed_start_that_wrote_nothing_has_no_log_to_look_at(run):
    made = run().deploy(last_lines=[], exit_code=1, step="running").stop().note("log.end", exit_code=1)
    start = section(part(made.checks().held(), []), "The start that failed")
    assert "It wrote nothing." in start
    assert "startup.log" not in start


@pytest.mark.parametrize(
    ("extensions", "words"),
    [(None, "not asked"), ([], "the base contract alone"), (["hold"], "hold")],
)
def test_what_the_agent_offers_is_what_its_status_said(failed, extensions, words):
    document = failed(ORDER)
    document["agent"]["extensions"] = extensions
    assert f"<dt>Agent offers</dt><dd>{words}</dd>" in part(document, LOG)


def test_a_log_that_is_not_there_is_no_link(failed, run):
    assert '<a href="startup.log">' in part(failed(ORDER), LOG)
    assert '<a href="startup.log">' not in part(run().checks().document, [])


def test_the_commands_of_a_hold_stand_on_lines_of_their_own(failed):
    document = failed(ORDER)
    document["hold"]["remedy"] = "Release it on the server: `one`, or through Access: `two`."
    shown = "Release it on the server: <code>one</code>or through Access: <code>two</code></p>"
    assert shown in part(document, LOG)


def test_rules_that_differ_stand_in_the_report_and_excepted_lines_first(run):
    excepted = {"line": "event loop <ready>", "clause": "RUN-3", "because": "a library's"}
    settings = {"quiet_window_seconds": 5, "log.excepted": [excepted], "log.exit_codes": [0, 143]}
    made = run(settings=settings).deploy().stop().checks().passed()
    rules = text(section(part(made, LOG), "Rules of this run that differ from the model&#39;s"))
    rules = text(section(part(made, LOG), "Rules of this run that differ from the model's"))
    assert rules.index("excepted, RUN-3") < rules.index("quiet_window_seconds")
    assert "event loop &lt;ready&gt;" in rules
    assert "[0, 143]" in rules


def test_what_the_engine_reported_is_a_table(run):
    told = [{"time": "t1", "action": "<start>"}, {"time": "t2", "action": "die", "exit_code": 0}, "junk"]
    made = run().deploy().note("events.read", answer={"events": told}).stop().checks().passed()
    rows = section(part(made, LOG), "What the engine reported of the container").split("<tr>")[2:]
    assert "<td>t1</td><td>&lt;start&gt;</td><td></td>" in rows[0]
    assert "<td>t2</td><td>die</td><td>0</td>" in rows[1]
    assert len(rows) == 2


def test_the_part_is_made_of_the_evidence_alone(failed):
    document = failed(ORDER)
    assert part(document, LOG) == part(document, iter(LOG))


def test_pytests_own_table_is_folded_below_and_put_right(failed):
    made = with_part(PYTEST_HTML, failed(ORDER), LOG)
    assert '<html lang="en">' in made
    assert 'name="viewport"' in made
    assert 'data-test-result="failed" aria-label="show failed"' in made
    assert (
        made.index("<h1>FAIL</h1>")
        < made.index('<details class="sd-pytest">')
        < made.index('id="results-table"')
    )
    assert made.count("<footer>") == made.count("</html>") == 1


def test_a_second_writing_replaces_the_part_and_nothing_else(failed, passed):
    first = with_part(PYTEST_HTML, failed(ORDER), LOG)
    second = with_part(first, passed, LOG)
    assert second == with_part(PYTEST_HTML, passed, LOG)
    assert with_part(second, failed(ORDER), LOG) == first


def test_a_report_that_is_not_as_pytest_html_writes_it_keeps_all_it_holds(failed):
    made = with_part("<p>other</p>", failed(ORDER), LOG)
    assert made.endswith("<p>other</p>")
    assert "<h1>FAIL</h1>" in made


def test_without_pytests_report_a_page_says_that_there_is_none(failed):
    made = page(failed(ORDER), LOG)
    assert "pytest's own table of the checks does not exist." in made
    assert made.endswith("</html>\n")


@pytest.mark.parametrize("junk", [5, "text", {"a": 1}, [None, "x", {"step": {}, "started_at": 7}]])
def test_an_agent_that_answers_anything_does_not_cost_the_report(run, junk):
    answer = {"steps": junk, "last_lines": junk, "exit_code": junk, "step": junk, "image_digest": junk}
    made = run().deploy(**answer).note("events.read", answer={"events": junk}).stop()
    assert "<h1>PASS</h1>" in part(made.checks().passed(), LOG)
