"""The first screen in a few lines of text."""

from collections.abc import Mapping
from typing import Any

from pytest_smokedeploy.reports.first_screen import first_screen
from pytest_smokedeploy.support.redaction import one_line


def lines(document: Mapping[str, Any]) -> list[str]:
    """What was deployed where, whether anything runs, the hold, and last the verdict and what to do."""
    screen, image = first_screen(document), document["image"]
    rows = []
    if image.get("requested"):
        where = f"{document['environment'] or '-'} on {document['execution_plane'] or '-'}"
        digest = f" ({image['digest']})" if image["digest"] else ""
        rows.append(("image", f"{image['requested']}{digest}"))
        rows.append(("target", f"{where}, agent {document['endpoint_host'] or 'not set'}"))
    excepted = document["settings"].get("log.excepted", [])
    rows += [("excepted", f"{one['clause']} {one['line']!r}: {one['because']}") for one in excepted]
    rows.append(("container", screen.container))
    rows.append(("hold", " ".join(filter(None, (screen.hold, screen.because, screen.release)))))
    clause = f"{screen.clause}: " if screen.clause else ""
    seen = f"expected {screen.expected}; saw {screen.seen}" if screen.expected else screen.seen
    parts = (f"{clause}{seen.rstrip('.')}.", screen.consequence, screen.meaning)
    rows.append((screen.verdict, " ".join(part for part in parts if part)))
    rows += [("next", screen.next)] if screen.next else []
    return [f"{name:11}{one_line(words)}" for name, words in rows]
