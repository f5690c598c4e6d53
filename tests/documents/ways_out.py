"""Every way out of a run, what stops the container then, and within what bound: by the tests' markers."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).parents[1]
#: What stops a container, by its name in the marker: in words, and within what bound.
LAYERS = {
    "gate": ("the gate", "`stop_seconds`"),
    "gate, late": ("the gate, which gives the answer up", "`deploy_seconds`, then `stop_seconds`"),
    "step": ("`smokedeploy stop`, the workflow's last step", "`stop_seconds` from the start of that step"),
    "stop in hand": ("the agent, which was asked for the stop", "at once"),
    "lease": ("the agent's lease", "`lease_seconds` from the last renewal; `LEASE_MAX_SECONDS` in all"),
    "first lease": ("the agent, which waits and does not serve", "`lease_seconds` from the start"),
    "goes on": ("the agent's lease, once the agent goes on", "1 s from then"),
    "leaving": ("the agent, before it leaves", "at once; up to 600 s while the engine does not answer"),
    "start": ("the next agent, before it serves", "its start: 5 s by the unit"),
    "engine back": ("the next agent, before it serves", "the engine's return, and 5 s by the unit"),
    "engine": ("the engine, which ends what runs in it", "at once"),
}
_HEAD = """# Ways out

How a run can end, what stops the container then, and how long that takes at most. Each row is made from the
marker of the test that shows it, so a way out that no test takes is not in the table. Written by `python -m
tests.documents`.

A bound is the time until the runtime is asked to end (SIGTERM), the gate's from the moment that it sees what
happened; `STOP_GRACE_SECONDS` later the runtime is killed. A stop that is not confirmed within `stop_seconds`
is sent again for as long. Names in capitals are settings of the agent ([agent.md](agent.md)), the others are
`deadlines` of [settings.md](settings.md).

No layer covers an agent that is killed or stopped for good and that nothing starts or continues (the unit's
`Restart=on-failure` starts it), nor an engine that lets its containers run on without it (`live-restore`) and
never comes back.

| way out | stopped by | within | shown by |
|---|---|---|---|
"""


def page() -> str:
    rows = sorted(found(), key=lambda row: list(LAYERS).index(row[1]))
    cells = ((way, *LAYERS[layer], f"`{file}`") for way, layer, file in rows)
    return _HEAD + "\n".join(f"| {' | '.join(row)} |" for row in cells) + "\n"


def found() -> Iterator[tuple[str, str, Path]]:
    """Each marker `way_out` of a test: its words, its layer, and the test's file."""
    for file in sorted(TESTS.rglob("test_*.py")):
        text = file.read_text(encoding="utf-8")
        if "mark.way_out(" in text:
            for way, layer in marked(text):
                yield way, layer, file.relative_to(TESTS.parent)


def marked(text: str) -> Iterator[tuple[str, str]]:
    """The markers on a module's tests and on the parameters of its tests, in the order of the text."""
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            for call in (call for part in node.decorator_list for call in ast.walk(part)):
                if isinstance(call, ast.Call) and ast.unparse(call.func) == "pytest.mark.way_out":
                    way, layer = map(ast.literal_eval, call.args)
                    yield way, layer
