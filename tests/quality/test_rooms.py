"""Import directions: a room imports what its row allows, and nothing else (DESIGN 2)."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import grimp
import pytest

PACKAGE = "pytest_smokedeploy"
#: Each room imports the rooms of its row, and `support`.
CLIENT_SIDE = {
    "model",
    "contract",
    "settings",
    "judging",
    "evidence",
    "client",
    "log_language",
    "preconditions",
    "lifecycle",
    "reports",
}
ROWS = {
    "": set(),
    "support": set(),
    "contract": set(),
    "model": set(),
    "log_language": {"model"},
    "settings": {"contract", "log_language"},
    "judging": {"contract", "model", "log_language", "settings"},
    "evidence": {"model", "judging"},
    "reports": {"contract", "evidence", "model"},
    "database": set(),
    "client": {"contract"},
    "preconditions": {"settings", "judging", "client", "model", "contract", "database"},
    "lifecycle": {"client", "evidence", "model", "judging", "settings", "contract"},
    "agent": {"contract", "database"},
    "rehearsal": {"agent", "settings", "contract", "database"},
    "run": CLIENT_SIDE | {"rehearsal"},
    "plugin": CLIENT_SIDE | {"run", "rehearsal"},
}
#: The command line may import everything.
FREE = {"cli", "__main__"}


def room(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


@pytest.fixture(scope="module")
def graph():
    return grimp.build_graph(PACKAGE, include_external_packages=True, cache_dir=None)


def ours(graph):
    return sorted(m for m in graph.modules if m == PACKAGE or m.startswith(f"{PACKAGE}."))


def test_each_room_has_a_row_and_each_row_a_room(graph):
    assert {room(m) for m in ours(graph)} == ROWS.keys() | FREE


def test_no_room_imports_past_its_row(graph):
    found = []
    for module in ours(graph):
        here = room(module)
        if here in FREE:
            continue
        allowed = ROWS[here] | {"", "support", here}
        imported = [m for m in graph.find_modules_directly_imported_by(module) if m.startswith(PACKAGE)]
        found += [f"{module} imports {other}" for other in imported if room(other) not in allowed]
    assert found == []


def test_no_module_stands_loose_at_the_root(graph):
    loose = {m for m in graph.find_children(PACKAGE) if not graph.find_children(m)}
    assert loose == {f"{PACKAGE}.__main__"}


def test_pytest_is_imported_by_the_plugin_alone(graph):
    users = {m for m in ours(graph) if {"pytest", "_pytest"} & graph.find_modules_directly_imported_by(m)}
    assert {room(m) for m in users} == {"plugin"}


def test_a_room_is_imported_from_no_room_that_it_imports():
    """The table has no circle: rows name rooms that stand above them."""
    above = {"", "support"}
    for name, row in ROWS.items():
        assert row <= above | {name}, name
        above.add(name)


def test_the_agent_and_the_client_side_never_meet(graph):
    for side in sorted(CLIENT_SIDE - {"contract"}):
        if f"{PACKAGE}.{side}" in graph.modules:
            assert not graph.chain_exists(f"{PACKAGE}.agent", f"{PACKAGE}.{side}", as_packages=True), side
            assert not graph.chain_exists(f"{PACKAGE}.{side}", f"{PACKAGE}.agent", as_packages=True), side


def test_no_two_public_classes_share_a_name():
    files = Path(__import__(PACKAGE).__file__).parent.rglob("*.py")
    trees = [ast.parse(file.read_text(encoding="utf-8")) for file in files]
    names = [node.name for tree in trees for node in tree.body if isinstance(node, ast.ClassDef)]
    twice = [name for name, count in Counter(names).items() if count > 1 and not name.startswith("_")]
    assert twice == []
