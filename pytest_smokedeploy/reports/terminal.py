"""The verdict in a few lines of text."""

from collections.abc import Mapping
from typing import Any


def lines(document: Mapping[str, Any]) -> list[str]:
    """Verdict and reason, what was deployed where, clauses, the stop, where the evidence lies."""
    clause = f"{document['clause']}: " if document["clause"] else ""
    checked = [row for row in document["clauses"] if row["how"] == "checked"]
    proven = sum(row["state"] == "proven" for row in checked)
    image = document["image"]
    rows = []
    if image.get("requested"):
        where = f"{document['environment'] or '-'}, plane {document['execution_plane'] or '-'}"
        digest = f" ({image['digest']})" if image["digest"] else ""
        rows.append(("image", f"{image['requested']}{digest}"))
        rows.append(("target", f"{where}, agent {document['endpoint_host'] or 'not set'}"))
    excepted = document["settings"].get("log.excepted", [])
    rows += [("excepted", f"{one['clause']} {one['line']!r}: {one['because']}") for one in excepted]
    rows.append(("clauses", f"{proven} of {len(checked)} checked clauses proven"))
    rows.append(("container", stopped(document)))
    rows += [("next", after)] if (after := following(document)) else []
    head = f"{document['verdict']}  {clause}{document['reason']}"
    return [head, "", *(f"{name:11}{words}" for name, words in rows)]


_NEXT: Mapping[str, str] = {
    "FAIL": "a person looks before the next run; the report says where",
    "INCOMPLETE": "the gate could not prove everything; the phase does not proceed",
    "REFUSED": "mend what is named above, then start anew by hand",
    "REHEARSED": "a rehearsal is never evidence; the real run is the workflow's",
}


def following(document: Mapping[str, Any]) -> str:
    """What the operator does next, "" after a PASS."""
    verdict = document["verdict"]
    if document["rehearsal"] and verdict in {"FAIL", "INCOMPLETE"}:
        return "correct it, and rehearse again: nothing is on hold"
    return _NEXT.get(verdict, "")


def stopped(document: Mapping[str, Any]) -> str:
    """Whether the container is stopped, and in time: a failed or late stop violates STP-2."""
    stop = document["stop"]
    if not stop["owed"]:
        return "nothing was deployed"
    if not stop["confirmed"]:
        return f"MAY STILL BE RUNNING: {stop['words'] or 'no stop was confirmed'}"
    late = any(row["clause"] == "STP-2" and row["state"] == "violated" for row in document["clauses"])
    return f"stopped, confirmed by a status read{', not in time (STP-2)' if late else ''}"
