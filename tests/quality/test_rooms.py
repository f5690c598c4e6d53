"""Import directions: a room imports what its row allows, and nothing else (DESIGN 2)."""

from __future__ import annotations

import grimp
import pytest

PACKAGE = "pytest_smokedeploy"
#: What any room may stand on: leaves that import nothing of ours but errors.
GROUND = {"", "errors", "image", "loopback"}
#: The client side below the fixtures, the session and the plug-in.
CLIENT_SIDE = {"redaction", "model", "contract", "settings", "gate", "evidence", "client"}
CLIENT_SIDE |= {"log_language", "judging"}
CLIENT_SIDE |= {"preconditions", "lifecycle", "reports"}
ROWS = {
    "": set(),
    "errors": set(),
    "image": set(),
    "loopback": set(),
    "redaction": set(),
    "model": set(),
    "contract": set(),
    "log_language": set(),
    "settings": {"redaction", "contract", "log_language"},
    "gate": {"model"},
    "evidence": {"model", "redaction", "gate"},
    "client": {"contract", "redaction"},
    "judging": {"model", "log_language"},
    "migrations": {"redaction"},
    "migration_files": set(),
    "preconditions": {
        "settings",
        "client",
        "model",
        "redaction",
        "contract",
        "migrations",
        "migration_files",
    },
    "lifecycle": {"client", "judging", "evidence", "model", "gate", "settings", "contract", "redaction"},
    "reports": {"contract", "evidence", "model"},
    "agent": {"contract", "redaction", "migrations"},
    "rehearsal": {"agent", "settings", "contract", "migration_files"},
    "hookspecs": {"settings", "rehearsal"},
    "remains": {"evidence", "gate", "redaction", "reports"},
    "session": CLIENT_SIDE | {"rehearsal", "remains"},
    "misuse": {"gate", "model"},
    "console": {"reports"},
    "progress": CLIENT_SIDE | {"session"},
    "collected": {"misuse", "console", "progress"} | CLIENT_SIDE | {"session"},
    "fixtures": CLIENT_SIDE | {"session"},
    "plugin": CLIENT_SIDE
    | {"session", "collected", "console", "progress", "misuse", "fixtures", "hookspecs", "rehearsal"},
    "rescue": CLIENT_SIDE,
    "lookover": {"model", "preconditions", "settings"},
    "captured": {"model", "log_language", "judging"},
    "starter": set(),
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


def test_every_room_stands_in_a_row(graph):
    assert {room(m) for m in ours(graph)} <= ROWS.keys() | FREE


def test_no_room_imports_past_its_row(graph):
    found = []
    for module in ours(graph):
        here = room(module)
        if here in FREE:
            continue
        allowed = ROWS[here] | GROUND | {here}
        imported = [m for m in graph.find_modules_directly_imported_by(module) if m.startswith(PACKAGE)]
        found += [f"{module} imports {other}" for other in imported if room(other) not in allowed]
    assert found == []


def test_pytest_is_imported_by_the_plugin_and_its_fixtures_alone(graph):
    users = {m for m in ours(graph) if {"pytest", "_pytest"} & graph.find_modules_directly_imported_by(m)}
    assert users == {f"{PACKAGE}.plugin", f"{PACKAGE}.fixtures"}


def test_the_agent_and_the_client_side_never_meet(graph):
    for side in sorted(CLIENT_SIDE - {"contract", "redaction"}):
        if f"{PACKAGE}.{side}" in graph.modules:
            assert not graph.chain_exists(f"{PACKAGE}.agent", f"{PACKAGE}.{side}", as_packages=True), side
            assert not graph.chain_exists(f"{PACKAGE}.{side}", f"{PACKAGE}.agent", as_packages=True), side
