"""The report: the gate's part from templates, and pytest-html's own table folded below it.

Everything from outside is text: Jinja2 escapes markup, `printable` what is not to be seen.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from jinja2 import Environment, PackageLoader
from markupsafe import Markup, escape

from pytest_smokedeploy.contract import LAST_LINES
from pytest_smokedeploy.model import CLAUSE, STAGES
from pytest_smokedeploy.reports.first_screen import first_screen, moment
from pytest_smokedeploy.reports.log_excerpt import excerpt
from pytest_smokedeploy.reports.pytest_table import bounded
from pytest_smokedeploy.reports.timeline import timeline
from pytest_smokedeploy.support.redaction import printable

#: What stands around the gate's part. Nothing inside can hold them, since all of it is escaped.
_BEGIN: Final = "<!-- smoke deploy: begin -->"
_END: Final = "<!-- smoke deploy: end -->"
#: pytest-html's own part, between the start of its page and its footer, and what is put right in it.
_FRAME: Final = re.compile(
    r"\A.*?<html[^>]*>\s*<head>(?P<head>.*?)</head>\s*<body>(?P<body>.*?)(?P<foot><footer>.*)\Z", re.DOTALL
)
#: Outcomes of a check that did not run, since something before it failed.
_UNRUN: Final = frozenset({"blocked", "not run"})
_CODE: Final = re.compile(r"`([^`]+)`")
_FILTER: Final = re.compile(r'(<input [^>]*data-test-result="(\w+)")')


@dataclass(frozen=True, slots=True)
class ClauseRow:
    """A clause as the report shows it: state, basis, what it asks and what was seen."""

    id: str
    state: str
    basis: str
    text: str
    seen: str


@dataclass(frozen=True, slots=True)
class StageRows:
    """The clauses of a stage, those that need a look apart from the proven ones.

    Attributes:
        open: violated clauses first, then those that are not proven by a cause of their own.
        proven: the others: proven, and of a rehearsal what none can prove.
        checks: own checks that claim no clause and did not pass, and how they ended.
        unrun: checks that were not run, since something before them failed.

    """

    stage: str
    outcome: str
    open: tuple[ClauseRow, ...]
    proven: tuple[ClauseRow, ...]
    checks: tuple[tuple[str, str], ...]
    unrun: int


def part(document: Mapping[str, Any], log: Iterable[str]) -> str:
    """The gate's part of the report, between two marks; made of the evidence folder alone.

    Args:
        document: the evidence.
        log: the lines of ``startup.log``.

    """
    last = document["receipt"].get("last_lines")
    made = (
        templates()
        .get_template("part.html")
        .render(
            d=document,
            screen=first_screen(document),
            timeline=timeline(document),
            log=excerpt(log, document),
            last_lines=last[-LAST_LINES:] if isinstance(last, list) else None,
            stages=list(_stages(document)),
            attested=[row for row in document["clauses"] if row["basis"] == "attested"],
            steps=_objects(document["receipt"].get("steps")),
            events=_objects(document["events"]),
        )
    )
    return f"{_BEGIN}{made}{_END}"


def page(document: Mapping[str, Any], log: Iterable[str]) -> str:
    """A report without pytest's own table, for a run that ended before pytest-html wrote one."""
    return templates().get_template("page.html").render(part=Markup(part(document, log)), foot="")  # noqa: S704 - ours


def with_part(report: str, document: Mapping[str, Any], log: Iterable[str]) -> str:
    """A report with the part that belongs to `document`; pytest-html's own is folded below, and put right.

    Args:
        report: as pytest-html wrote it, or as this function returned it.
        document: the evidence.
        log: the lines of ``startup.log``.

    """
    made = part(document, log)
    before, begun, rest = report.partition(_BEGIN)
    _, ended, after = rest.partition(_END)
    if begun and ended:
        return f"{before}{made}{after}"
    if (frame := _FRAME.match(report)) is None:
        return f"{made}{report}"
    body = _FILTER.sub(r'\1 aria-label="show \2"', frame["body"])
    return (
        templates()
        .get_template("page.html")
        .render(
            part=Markup(made),  # noqa: S704 - every value in it is escaped
            style=Markup(frame["head"]),  # noqa: S704 - pytest-html's own
            body=Markup(body),  # noqa: S704 - as above
            foot=Markup(bounded(frame["foot"])),  # noqa: S704 - as above
        )
    )


@cache
def templates() -> Environment:
    """The report's templates, each compiled at its first use."""
    made = Environment(
        loader=PackageLoader(__package__),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    made.filters |= {"moment": moment, "plain": _plain, "coded": _coded}
    return made


def _shown(value: object) -> object:
    """What stands for a value in the page: visible text, and markup that the templates made themselves."""
    return value if isinstance(value, Markup) else printable(str(value))


def _coded(text: str, *, apart: bool = False) -> Markup:
    """`text` with what stands between backticks as code, which is `apart` where it has lines of its own."""
    parts = _CODE.split(printable(text))
    if apart:
        parts[2::2] = [re.sub(r"^[,.] ?", "", one) for one in parts[2::2]]
    marked = (f"<code>{escape(one)}</code>" if n % 2 else escape(one) for n, one in enumerate(parts))
    return Markup("").join(map(Markup, marked))


def _plain(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _objects(value: object) -> list[Mapping[str, Any]]:
    return [row for row in value if isinstance(row, Mapping)] if isinstance(value, list) else []


def _stages(d: Mapping[str, Any]) -> Iterable[StageRows]:
    """The clauses stage by stage."""
    outcomes = {str(stage["stage"]): stage for stage in d["stages"]}
    checks = [check for stage in d["stages"] for check in stage["checks"]]
    waiting = {clause for check in checks if check["outcome"] in _UNRUN for clause in check["clauses"]}
    met = {str(row["clause"]): row for row in d["log"]["milestones"]}
    for name in map(str, STAGES):
        stage, violated, unproven, other = outcomes[name], [], [], []
        for row in d["clauses"]:
            if CLAUSE[row["clause"]].stage != name or (row["how"] == "enforced" and row["state"] == "proven"):
                continue
            if row["state"] == "violated":
                violated.append(row)
            elif row["state"] == "proven" or row["how"] == "enforced":
                other.append(row)
            elif row["clause"] not in waiting:
                unproven.append(row)
            elif row["clause"] in met:
                unproven.append(row | {"words": _met(met[row["clause"]])})
        yield StageRows(
            name,
            str(stage["outcome"]),
            tuple(map(_clause, [*violated, *unproven])),
            tuple(map(_clause, other)),
            tuple(_own(stage["checks"])),
            sum(check["outcome"] in _UNRUN for check in stage["checks"]),
        )


def _clause(row: Mapping[str, Any]) -> ClauseRow:
    return ClauseRow(row["clause"], row["state"], row["basis"] or "", row["text"], row["words"])


def _met(row: Mapping[str, Any]) -> str:
    line = f"{str(row.get('line'))!r} at {row.get('time')}"
    return f"met in the log by {line}; not proven, since its check was not run"


def _own(checks: Iterable[Mapping[str, Any]]) -> Iterable[tuple[str, str]]:
    for check in checks:
        if not check["clauses"] and check["outcome"] not in {"passed", *_UNRUN}:
            yield str(check["title"]), f"{check['outcome']} {check['words']}".rstrip()
