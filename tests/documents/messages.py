"""Every message the code can say, read off the code itself, as one page for operators."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "pytest_smokedeploy"
HEADINGS = {
    "misuse": "Options and plug-ins that make a run no gate",
    "settings": "Settings and options",
    "collected": "Tests that make a run no gate",
    "preconditions": "Preconditions",
    "migrations": "The database",
    "client": "What answered in the agent's place, and what the agent answered",
    "lifecycle": "Deploy, verify, observe, stop",
    "startup_log": "The start-up log",
    "gate": "The verdict",
    "evidence": "Evidence and `verify`",
    "rescue": "`smokedeploy stop`",
    "starter": "`smokedeploy init`",
    "agent": "The Deploy Agent",
    "rehearsal": "The rehearsal",
}
#: Calls whose texts are what a person reads, by the end of their name.
_SPEAKS = (
    "Finding",
    "Error",
    "_violated",
    "_finding",
    "_field",
    "_error",
    "_breach",
    "cut",
    "restarted",
    "asked",
)
#: Names that hold such a text before it is handed on.
_NAMED = {"words", "why", "seen", "meaning", "remedy", "reason", "fault", "message", "what", "hint", "note"}
_TEXTS = (ast.Constant, ast.JoinedStr, ast.BinOp, ast.IfExp)
_HEAD = """# Messages

What the gate and the agent can say, read off the code. `{...}` stands for what was seen. In terminal,
report and annotation the clause comes first; what to do next comes last. Written by `python -m
tests.documents`.
"""


def page() -> str:
    parts = [_HEAD]
    for room, heading in HEADINGS.items():
        place = PACKAGE / room
        files = sorted(place.rglob("*.py")) if place.is_dir() else [place.with_suffix(".py")]
        texts = dict.fromkeys(text for file in files for text in _texts(file))
        if texts:
            parts.append(f"## {heading}\n\n" + "\n".join(f"- {text}" for text in texts) + "\n")
    return "\n".join(parts)


def _texts(file: Path) -> Iterator[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    kept = dict(pair for node in tree.body for pair in _kept(node))
    for node in ast.walk(tree):
        for value in _spoken(node, kept):
            text = " ".join(_template(value).split())
            if text.count(" ") >= 2 and not text.isupper():
                yield text.replace("|", "\\|").replace("<", "&lt;")


def _kept(node: ast.stmt) -> Iterator[tuple[str, ast.expr]]:
    """A module's own constants, by name."""
    match node:
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
            yield name, value
        case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=values)):
            yield from zip(map(_name, names), values, strict=True)


def _spoken(node: ast.AST, kept: Mapping[str, ast.expr]) -> Iterator[ast.expr]:
    """What a statement or a call says; `kept` are the constants that it may say by name."""
    match node:
        case ast.Call(func=func, args=args, keywords=keywords) if _name(func).endswith(_SPEAKS):
            given = [a.value if isinstance(a, ast.Starred) else a for a in args]
            for value in (*given, *(k.value for k in keywords if k.arg in _NAMED)):
                said = kept.get(_name(value), value)
                yield from said.elts if isinstance(said, ast.Tuple) else [said]
        case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=values)):
            yield from (v for n, v in zip(names, values, strict=True) if _name(n) in _NAMED)
        case ast.Assign(targets=targets, value=value) if any(_name(t) in _NAMED for t in targets):
            yield value
        case ast.Return(value=ast.JoinedStr() as value):
            yield value


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _template(node: ast.expr) -> str:
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=values):
            return "".join(_template(value) for value in values)
        case ast.FormattedValue(value=value):
            return "{" + (ast.unparse(value) if isinstance(value, (ast.Name, ast.Attribute)) else "...") + "}"
        case ast.BinOp(left=left, right=right):
            return _template(left) + _template(right)
        case ast.IfExp(body=body, orelse=other):
            return _template(body) or _template(other)
        case _:
            return ""
