"""What the engine told of the container, as a table of the report."""

from pytest_smokedeploy.reports import html


def test_each_event_is_a_row_whatever_it_holds():
    events = [{"time": "t1", "action": "<start>"}, {"time": "t2", "action": "die", "exit_code": 0}, "junk"]
    shown = html._events({"events": events})
    rows = shown.split("<tr>")[2:]
    assert "<td>t1</td><td>&lt;start&gt;</td><td></td>" in rows[0]
    assert "<td>t2</td><td>die</td><td>0</td>" in rows[1]
    assert len(rows) == 2


def test_where_nothing_was_told_there_is_no_table():
    assert html._events({"events": []}) == ""
