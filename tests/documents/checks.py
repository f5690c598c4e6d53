"""What each fixture gives a check of somebody's own, and each key of the agent's answers, by the contract."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

from pydantic import BaseModel

from pytest_smokedeploy import contract
from pytest_smokedeploy.client import AgentClient, Reading
from pytest_smokedeploy.lifecycle import Deployment, Lifecycle, LogReading, Shutdown, StatusReading
from pytest_smokedeploy.model import STAGES, Finding
from pytest_smokedeploy.plugin import fixtures
from pytest_smokedeploy.plugin.own_checks import STAGE_OF
from pytest_smokedeploy.preconditions import Preconditions
from pytest_smokedeploy.settings import RunConfig
from tests.documents.settings import cell, resolved, takes

#: Type of what a fixture gives, and what of it a check reads beside the findings.
GIVES = {
    "smoke_run": (Preconditions, ("run",)),
    "smoke_agent": (AgentClient, ("health", "status", "preflight")),
    "smoke_deployment": (Deployment, ("deploy_id", "raw", "receipt", "steps")),
    "smoke_status": (StatusReading, ("raw", "started")),
    "smoke_log": (LogReading, ("lines",)),
    "smoke_shutdown": (Shutdown, ("confirmed", "exit_code", "words", "last")),
    "smoke_evidence": (Lifecycle, ()),
}
#: Types that these lead to: what a check reads of them.
LEADS_TO = {
    "`smoke_run.run`": (RunConfig, ("image", "evidence", "folder")),
    "What a call of `smoke_agent` returns": (Reading, ("raw", "problems", "status", "date")),
}
#: The answers, and where a check finds each.
ANSWERS: tuple[tuple[str, str, type[BaseModel]], ...] = (
    ("Status", "`smoke_status.raw`, `smoke_agent.status().raw` and `smoke_shutdown.last`", contract.Status),
    ("Receipt", "`smoke_deployment.raw`", contract.Deployed),
    (
        "Receipt of a deploy that was followed",
        "`smoke_deployment.raw` at an agent with the extension `async`: the keys above, and",
        contract.DeployProgress,
    ),
    ("Health", "`smoke_agent.health().raw`", contract.Health),
    (
        "Preflight",
        "`smoke_agent.preflight().raw`, at an agent with the extension `preflight`",
        contract.Preflight,
    ),
    (
        "Events",
        "No fixture gives them: the gate reads them itself, and `evidence.json` has them under `events`",
        contract.EventRecord,
    ),
)
_HEAD = """# What a check may read

What each fixture gives a check of your own, and each key of the agent's answers. Written by `python -m
tests.documents`.

A method under a clause returns a `Finding`, which is true in an `assert` only if the clause holds, and is
recorded. A check asks only for fixtures of its own stage or an earlier one.

`raw` is the answer as it came, a `dict`. At an agent that breaks the contract a key may be missing or of
another type, and any agent may tell more keys than these.
"""


def page() -> str:
    parts = [_HEAD, *(_fixture(name) for name in GIVES)]
    parts += [_table(title, list(_values(*given))) for title, given in LEADS_TO.items()]
    parts.append("# The agent's answers\n")
    known: set[str] = set()
    for title, where, model in ANSWERS:
        rows = [row for row in keys_of(model) if row[0] not in known]
        known = {row[0] for row in rows} if model is contract.Deployed else set()
        lines = "\n".join(f"| {' | '.join(map(cell, row))} |" for row in rows)
        parts.append(f"## {title}\n\n{where}:\n\n{_KEYS}{lines}\n")
    return "\n".join(parts)


def keys_of(model: type[BaseModel]) -> Iterator[tuple[str, str, str, str]]:
    """(key, type, what it is, when it is there) of an answer."""
    whole = model.model_json_schema()
    yield from _keys(whole, whole, "")


_KEYS = "| key | type | what it is | there |\n|---|---|---|---|\n"


def _fixture(name: str) -> str:
    kind, values = GIVES[name]
    stage = STAGE_OF.get(name, STAGES[0])
    words = inspect.getdoc(getattr(fixtures, name).__wrapped__)
    rows = [*_values(kind, values), *_findings(kind)]
    return _table(f"`{name}`", rows, f"From the stage {stage} on. {words}\n\n")


def _table(title: str, rows: list[tuple[str, str]], words: str = "") -> str:
    lines = "\n".join(f"| {name} | {cell(told)} |" for name, told in rows)
    return f"## {title}\n\n{words}| gives | what it is |\n|---|---|\n{lines}\n"


def _values(kind: type, names: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Properties and methods by their own docstring, attributes by their class's."""
    told = dict(re.findall(r"^ {4}(\w+): (.*(?:\n {8}.*)*)", inspect.getdoc(kind) or "", re.MULTILINE))
    for name in names:
        member = inspect.getattr_static(kind, name, None)
        documented = isinstance(member, property) or inspect.isfunction(member)
        words = (inspect.getdoc(member) or "").partition("\n\n")[0] if documented else told[name]
        words = words.replace("``", "`")
        yield f"`{name}{'()' if inspect.isfunction(member) else ''}`", f"{words[:1].upper()}{words[1:]}"


def _findings(kind: type) -> Iterator[tuple[str, str]]:
    for name, member in vars(kind).items():
        if inspect.isfunction(member) and not name.startswith("_"):
            signature = inspect.signature(member)
            if signature.return_annotation in ("Finding", Finding):
                asked = ", ".join([*signature.parameters][1:])
                words = (inspect.getdoc(member) or "").partition("\n\n")[0]
                yield f"`{name}({asked})`", words.replace("``", "`")


def _keys(node: dict, whole: dict, prefix: str) -> Iterator[tuple[str, str, str, str]]:
    """The keys of an object, each with those of what it holds behind it."""
    for name, raw in node["properties"].items():
        key, part = f"{prefix}{name}", _part(raw, whole)
        # pydantic leaves out a description that is the object's own.
        what, there = _parted(raw.get("description") or (part or {}).get("description", ""))
        kind = takes(raw, whole)
        if part is not None:
            kind = "a list of objects" if "list" in kind else "an object"
        yield f"`{key}`", kind, what, there or ("always" if name in node.get("required", ()) else "")
        if part is not None:
            yield from _keys(part, whole, f"{key}[]." if "list" in kind else f"{key}.")


def _part(raw: dict, whole: dict) -> dict | None:
    """The object that a key holds, or a list of it; None for any other."""
    for one in raw.get("anyOf", [raw]):
        node = resolved(one.get("items", one), whole)
        if "properties" in node:
            return node
    return None


def _parted(words: str) -> tuple[str, str]:
    """What a description says of the value, and when it is absent or null."""
    words = " ".join(words.split())
    found = re.search(r"(?:^| )(?=(?:Absent|Null) )", words)
    return (words[: found.start()], words[found.start() :].strip()) if found else (words, "")
