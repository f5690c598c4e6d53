"""pytest-html's own table within a bound: whatever checks print, a report can be opened on a phone."""

import json
import re
from html import unescape
from typing import Any, Final

from markupsafe import escape

#: The rows as pytest-html hands them to its script.
_ROWS: Final = re.compile(r'(?<=data-jsonblob=")[^"]*')
#: Characters of all rows (chosen: a report stays under 2 MB); beyond it, of what one check printed.
_MOST: Final = 1_400_000
_FIRST: Final = 2_000
_LAST: Final = 6_000


def bounded(page: str) -> str:
    """The part of pytest-html's page with its rows; too large, less of what checks printed, then fewer rows.

    Those that passed are left out first. What is left out is told. ``junit.xml`` has every check.
    """
    found = _ROWS.search(page)
    if found is None or len(found[0]) <= _MOST:
        return page
    data: dict[str, Any] = json.loads(unescape(found[0]))
    for rows in data["tests"].values():
        for row in rows:
            told = "\n[its extras are left out]" if row.get("extras") else ""
            row |= {"log": f"{_cut(str(row.get('log')))}{told}", "extras": []}
    names = sorted(data["tests"], key=lambda name: data["tests"][name][-1].get("result") == "Passed")
    sizes = {name: len(escape(json.dumps({name: data["tests"][name]}))) for name in names}
    kept, size = list[str](), 0
    for name in names:
        size += sizes[name]
        if size > _MOST:
            break
        kept.append(name)
    left, shown = len(names) - len(kept), set(kept)
    words = f"{left} of {len(names)} checks are left out here, so that this file opens: junit.xml has all."
    said = f"<p>{words}</p>" if left else ""
    # In pytest's order, as they were.
    data["tests"] = {name: rows for name, rows in data["tests"].items() if name in shown}
    return f"{said}{page[: found.start()]}{escape(json.dumps(data))}{page[found.end() :]}"


def _cut(log: str) -> str:
    """What a check printed, with the middle left out where it is long."""
    left = len(log) - _FIRST - _LAST
    return log if left <= 0 else f"{log[:_FIRST]}\n[{left} characters are left out]\n{log[-_LAST:]}"
