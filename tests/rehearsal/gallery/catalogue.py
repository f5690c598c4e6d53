"""Every world of the gallery, by name."""

from __future__ import annotations

from tests.rehearsal.gallery import (
    agent,
    base,
    command_line,
    conftests,
    contradictions,
    edge,
    engine_events,
    extensions,
    forbidden,
    own_checks,
    repository,
    runtime,
    slow_log,
    sound,
    status,
    workflow_file,
)
from tests.rehearsal.gallery.case import Case

FAMILIES = {
    "repository": repository.CASES,
    "workflow file": workflow_file.CASES,
    "edge": edge.CASES,
    "agent": agent.CASES,
    "base agent": base.CASES,
    "extensions": extensions.CASES,
    "engine events": engine_events.CASES,
    "contradiction": contradictions.CASES,
    "runtime": runtime.CASES,
    "slow log": slow_log.CASES,
    "status": status.CASES,
    "forbidden": forbidden.CASES,
    "command line": command_line.CASES,
    "conftest": conftests.CASES,
    "own check": own_checks.CASES,
    "sound": sound.CASES,
}
CASES: dict[str, Case] = {name: case for family in FAMILIES.values() for name, case in family.items()}
assert len(CASES) == sum(map(len, FAMILIES.values())), "two worlds have one name"
