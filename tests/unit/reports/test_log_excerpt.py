"""The lines around the fault of a log, and its beginning, in bounded memory."""

from pytest_smokedeploy.reports.log_excerpt import MOST_CHARACTERS, excerpt


def document(*forbidden):
    return {"log": {"forbidden": [{"time": time, "line": line} for time, line in forbidden]}}


def log(count, **lines):
    text = {int(name[1:]): line for name, line in lines.items()}
    return [text.get(n, f"t{n} stdout [documented] line {n}") + "\n" for n in range(1, count + 1)]


def test_ten_lines_on_either_side_of_the_first_undocumented_one():
    lines = log(40, n20="t20 stderr [undocumented] what is this", n25="t25 stdout [undocumented] x")
    found = excerpt(lines, document())
    assert [row.number for row in found.around] == list(range(10, 31))
    assert [row.number for row in found.around if row.kind == "fault"] == [20, 25]
    assert (found.fault, found.lines, len(found.first)) == (True, 40, 40)


def test_a_forbidden_line_is_the_one_that_the_evidence_names_and_a_milestone_of_its_clause_is_none():
    lines = log(4, n2="t2 stdout [RUN-1] execution plane: paper", n3="t3 stdout [RUN-1] plane live")
    found = excerpt(lines, document(("t3", "plane live")))
    assert [row.kind for row in found.around] == ["", "milestone", "fault", ""]


def test_without_a_fault_the_last_lines_stand_there():
    found = excerpt(log(40), document())
    assert found.fault is False
    assert [row.number for row in found.around] == list(range(30, 41))


def test_of_a_long_log_the_beginning_is_held_and_no_more():
    found = excerpt(log(MOST_CHARACTERS // 10), document())
    assert found.lines == MOST_CHARACTERS // 10
    assert (
        MOST_CHARACTERS * 0.9 < sum(len(row.text) + len(row.time) for row in found.first) <= MOST_CHARACTERS
    )


def test_the_tags_that_are_shown_are_explained():
    lines = log(4, n2="t2 stdout [OBS-1] starting", n3="t3 stderr [undocumented] what is this")
    assert excerpt(lines, document()).key == (
        "In brackets stands the clause that the line meets or violates, or `documented` where a template "
        "allows the line, or `undocumented` where no template allows it."
    )
    assert excerpt(["whatever\n"], document()).key == ""


def test_a_long_line_is_cut_and_says_so():
    (row,) = excerpt([f"t1 stdout [documented] {'x' * 9000}\n"], document()).around
    assert row.text.endswith("... (9000 characters)")
    assert len(row.text) < 2100


def test_what_is_not_to_be_seen_is_shown_as_escapes():
    (row,) = excerpt(["t1 stdout [documented] a\x1b[31m\u202eb\r\n"], document()).around
    assert row.text == r"a\x1b[31m\u202eb\r"


def test_a_line_that_is_none_of_ours_is_shown_whole():
    (row,) = excerpt(["whatever\n"], document()).around
    assert (row.time, row.tag, row.text) == ("", "", r"whatever\n")
