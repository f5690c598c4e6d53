"""GitHub's annotation and step summary, made from the evidence alone (FACTS: GitHub Actions)."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from pytest_smokedeploy.reports import terminal


def annotation(document: Mapping[str, Any]) -> str:
    """One workflow command: an error for what stops the phase, a notice for a PASS."""
    kind = "notice" if document["verdict"] in {"PASS", "REHEARSED"} else "error"
    clause = f"{document['clause']}: " if document["clause"] else ""
    title = f"Smoke deploy {document['verdict']}"
    return f"::{kind} title={_property(title)}::{_data(clause + document['reason'])[:4000]}"


def summary(document: Mapping[str, Any]) -> str:
    """Markdown for the step summary; every value is escaped."""
    body = "\n".join(escape(line) for line in terminal.lines(document))
    rows = [
        f"| {row['clause']} | {row['state']} | {escape(row['text'])} |"
        for row in document["clauses"]
        if row["state"] != "proven"
    ]
    table = "\n".join(["", "| clause | state | what it asks |", "|---|---|---|", *rows]) if rows else ""
    return f"## Smoke deploy\n\n<pre>{body}</pre>\n{table}\n"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
