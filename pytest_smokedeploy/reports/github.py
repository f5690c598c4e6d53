"""GitHub's annotations and step summary, made from the evidence alone (FACTS: GitHub Actions)."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from pytest_smokedeploy.contract import LAST_LINES
from pytest_smokedeploy.reports.first_screen import first_screen
from pytest_smokedeploy.reports.log_excerpt import excerpt
from pytest_smokedeploy.reports.markdown import block, cell, table
from pytest_smokedeploy.support.redaction import printable

#: Characters of a summary; GitHub takes 1 MiB of a step, and drops the whole of a longer one.
_MOST: Final = 200_000
#: Annotations of a step that GitHub shows.
_ANNOTATIONS: Final = 10
#: Characters of an annotation (chosen; GitHub shows 4 KiB).
_DATA: Final = 4000
#: A file and its line, as messages name them.
_PLACE: Final = re.compile(r"(?<![\w./:-])([\w.-][\w./-]*\.(?:ya?ml|py|sql)):(\d+)")
#: Where a quote begins; an apostrophe within a word begins none.
_QUOTED: Final = re.compile(r"(?<!\w)['\"]")


def annotations(document: Mapping[str, Any]) -> list[str]:
    """Workflow commands: an error a violated clause, the deciding one first, or a notice for a pass."""
    verdict = str(document["verdict"])
    deciding = f"{document['clause']}: {document['reason']}" if document["clause"] else document["reason"]
    kind = "notice" if verdict in {"PASS", "REHEARSED"} else "error"
    others = [
        f"{row['clause']}: {row['words']}"
        for row in document["clauses"]
        if row["state"] == "violated" and row["clause"] != document["clause"]
    ]
    title = _property(f"Smoke deploy {verdict}")
    told = (deciding, *others)[:_ANNOTATIONS]
    return [f"::{kind} {_place(words)}title={title}::{_data(words)[:_DATA]}" for words in told]


def outputs(document: Mapping[str, Any], evidence: object) -> str:
    """Outputs of the workflow's step, a ``name=value`` a line; `evidence` is the folder."""
    values = {
        "verdict": document["verdict"],
        "clause": document["clause"],
        "image-digest": document["image"]["digest"],
        "evidence": evidence,
        "hold": document["hold"]["state"],
    }
    return "".join(f"{name}={printable(str(value))}\n" for name, value in values.items())


def summary(document: Mapping[str, Any], log: Iterable[str] = ()) -> str:
    """Markdown for the step summary; all of it escaped.

    The first screen, what of the log shows the fault, and what else was violated.

    Args:
        document: the evidence.
        log: the lines of ``startup.log``.

    """
    screen, image = first_screen(document), document["image"]
    facts = [
        ("Clause", ", which asks: ".join(filter(None, (screen.clause, screen.asks)))),
        ("Expected" if screen.expected else "", screen.expected),
        ("Seen" if screen.expected else "Reason", screen.seen),
        ("It means", screen.consequence),
        ("What next", screen.next),
        ("Hold", " ".join(filter(None, (screen.hold, screen.release, screen.because)))),
        ("Image", f"{image.get('requested', '')} {image['digest']}".strip()),
        ("Target", f"{document['environment'] or '-'} on {document['execution_plane'] or '-'}"),
    ]
    parts = [
        f"## Smoke deploy: {cell(screen.verdict)}",
        f"**{cell(screen.meaning)}** **{cell(screen.container)}**",
        table(("", ""), [(name, text) for name, text in facts if name and text]),
    ]
    if screen.verdict not in {"PASS", "REHEARSED"}:
        parts += _log(document, log)
    violated = [r for r in document["clauses"] if r["state"] == "violated" and r["clause"] != screen.clause]
    if violated:
        rows = [(row["clause"], row["text"], row["words"]) for row in violated]
        parts.append(table(("violated too", "what it asks", "what was seen"), rows))
    unproven = sum(row["state"] == "not proven" for row in document["clauses"])
    if unproven:
        parts.append(f"{unproven} clauses are not proven; `report.html` lists them.")
    return "\n\n".join(parts)[:_MOST] + "\n\n"


def _log(document: Mapping[str, Any], log: Iterable[str]) -> list[str]:
    """The last lines of a start that failed, or the log's lines around the fault."""
    last = document["receipt"].get("last_lines")
    if isinstance(last, list) and last:
        return [
            f"The last {len(last[-LAST_LINES:])} lines of the start that failed:",
            block(last[-LAST_LINES:]),
        ]
    found = excerpt(log, document)
    if not found.around:
        return []
    words = (
        "The lines around the first one that no template allows:" if found.fault else "The log's last lines:"
    )
    return [words, block(f"{row.time} [{row.tag}] {row.text}" for row in found.around)]


def silence(token: str) -> str:
    """The line after which the runner takes no command from a log until `resume(token)`.

    A runtime's log line may look like a workflow command, and a log is not ours to obey.
    """
    return f"::stop-commands::{token}"


def resume(token: str) -> str:
    """The line that ends `silence`."""
    return f"::{token}::"


def _place(words: str) -> str:
    """The annotation's file and line, where the words name them.

    What stands in quotes, as a runtime's own line does, is the word of somebody else.
    """
    place = _PLACE.search(_QUOTED.split(words, maxsplit=1)[0])
    return f"file={_property(place[1])},line={place[2]}," if place else ""


def _data(text: str) -> str:
    # The runner's older commands count anywhere in a line.
    return text.replace("##[", "## [").replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
