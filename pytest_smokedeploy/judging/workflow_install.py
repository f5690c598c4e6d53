"""Where the gate's job installs this package by name, and whether with what `proof: direct` needs (PRE-5)."""

import re
from typing import Final

from pytest_smokedeploy.judging.workflow_policy import gate_of
from pytest_smokedeploy.judging.workflow_steps import mapping
from pytest_smokedeploy.settings.yamlfile import Document

_INSTALL: Final = re.compile(r"\bpip3? install\b(?:\\\n|[^\n;&|])*")
#: Name, extras and the rest of a requirement's first word.
_PACKAGE: Final = re.compile(
    r"(?<![\w./-])(pytest[-_]smokedeploy)(?![\w-])(?:\[([^\]]*)\])?([^\s'\"]*)", re.IGNORECASE
)
#: Extras that hold SQLAlchemy and its drivers.
_ENOUGH: Final = re.compile(r"\b(?:database|rehearsal|test)\b", re.IGNORECASE)
#: By these more is installed than the requirement itself shows.
_BESIDE: Final = re.compile(r"\bsqlalchemy\b|\s-r|\s--requirement", re.IGNORECASE)


def with_database(text: str) -> str:
    """`text`, whose first requirement of this package asks for the extra `database` too."""
    return _PACKAGE.sub(lambda m: f"{m[1]}[{f'{m[2]},' if m[2] else ''}database]{m[3]}", text, count=1)


def without_database(document: Document) -> tuple[str, str] | None:
    """Where the gate's job installs this package by name without the extra `database`.

    Returns:
        File with line, and the requirement's first word; None where there is none, or where the text does not
        tell what is installed: a folder, a requirements file, SQLAlchemy named beside it.

    """
    if (gate := gate_of(document)) is None:
        return None
    scripts = [str(mapping(step).get("run")) for step in gate.above[0]["steps"][: gate.number]]
    installs = [(number, found[0]) for number, run in enumerate(scripts) for found in _INSTALL.finditer(run)]
    ours = [(number, found) for number, text in installs if (found := _PACKAGE.search(text))]
    told = any(_BESIDE.search(text) for _, text in installs) or any(
        _ENOUGH.search(m[2] or "") for _, m in ours
    )
    if told or not ours:
        return None
    number, requirement = ours[-1]
    line = document.line(("jobs", gate.job, "steps", number, "run"))
    return f"{document.name}:{line or 1}", requirement[0]
