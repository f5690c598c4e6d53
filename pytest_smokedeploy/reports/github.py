"""GitHub's annotation and step summary, made from the evidence alone (FACTS: GitHub Actions)."""

from collections.abc import Mapping
from html import escape
from typing import Any, Final

from pytest_smokedeploy.reports import terminal

_CELL: Final = 1000
#: What Markdown would take for markup of its own.
_MARKUP: Final = {ord(sign): f"&#{ord(sign)};" for sign in "|`*_[]\\"}


def annotation(document: Mapping[str, Any]) -> str:
    """One workflow command: an error for what stops the phase, a notice for a PASS."""
    kind = "notice" if document["verdict"] in {"PASS", "REHEARSED"} else "error"
    clause = f"{document['clause']}: " if document["clause"] else ""
    title = f"Smoke deploy {document['verdict']}"
    return f"::{kind} title={_property(title)}::{_data(clause + document['reason'])[:4000]}"


def summary(document: Mapping[str, Any]) -> str:
    """Markdown for the step summary; every value is escaped."""
    violated = [row for row in document["clauses"] if row["state"] == "violated"]
    unproven = [row for row in document["clauses"] if row["state"] == "not proven"]
    parts = ["## Smoke deploy", "<pre>" + escape("\n".join(terminal.lines(document))) + "</pre>"]
    if violated:
        rows = [f"| {row['clause']} | {_cell(row['text'])} | {_cell(row['words'])} |" for row in violated]
        parts.append("\n".join(["| violated | what it asks | what was seen |", "|---|---|---|", *rows]))
    if unproven:
        rows = [f"| {row['clause']} | {_cell(row['words'])} |" for row in unproven]
        table = "\n".join(["| clause | why |", "|---|---|", *rows])
        parts.append(f"<details><summary>{len(unproven)} not proven</summary>\n\n{table}\n\n</details>")
    return "\n\n".join(parts) + "\n\n"


def _cell(text: object) -> str:
    """`text` as one cell of a table: no markup, no column, no line of its own."""
    return escape(" ".join(str(text).split()))[:_CELL].translate(_MARKUP)


def silence(token: str) -> str:
    """The line after which the runner takes no command from a log until `resume(token)`.

    A runtime's log line may look like a workflow command, and a log is not ours to obey.
    """
    return f"::stop-commands::{token}"


def resume(token: str) -> str:
    """The line that ends `silence`."""
    return f"::{token}::"


def _data(text: str) -> str:
    # The runner's older commands count anywhere in a line.
    return text.replace("##[", "## [").replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
