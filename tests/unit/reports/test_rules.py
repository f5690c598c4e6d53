"""Which rules of a run are not the model's own, on top of its report."""

from pytest_smokedeploy.reports import html

EXCEPTED = {"line": "event loop <ready>", "clause": "RUN-3", "because": "a library's & nothing runs"}


def test_excepted_lines_come_first_and_every_differing_setting_stands_there():
    settings = {"quiet_window_seconds": 5, "log.excepted": [EXCEPTED], "log.exit_codes": [0, 143]}
    shown = html._rules({"settings": settings})
    assert "<h3>Settings that differ from their defaults</h3>" in shown
    rows = shown.split("<tr>")[1:]
    assert rows[0] == (
        "<th>excepted, RUN-3</th><td><code>event loop &lt;ready&gt;</code> "
        "a library&#x27;s &amp; nothing runs</td></tr>"
    )
    assert [row.split("</th>")[0] for row in rows[1:]] == [f"<th>{name}" for name in settings]
    assert "<code>[0, 143]</code>" in rows[3]


def test_the_models_own_rules_are_not_told():
    assert html._rules({"settings": {}}) == ""
