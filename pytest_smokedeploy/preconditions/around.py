"""What around the gate in its workflow makes a run no gate: it runs again, hides its end, or is never stopped
(TGT-3, FLR-4, FLR-1, FLR-2)."""  # noqa: D205, D209

from __future__ import annotations

import re
from collections.abc import Iterator
from math import prod
from pathlib import Path
from typing import Final

from pytest_smokedeploy.preconditions import script
from pytest_smokedeploy.preconditions.flow import Flow, Step, fault, mapping
from pytest_smokedeploy.settings import is_prod
from pytest_smokedeploy.support.errors import MisuseError

_RETRY: Final = re.compile(r"retry", re.IGNORECASE)
_EITHER_WAY: Final = re.compile(r"always\(\)")
_REMEDIES: Final = {
    "TGT-3": "Write `environment: dev` there.",
    "FLR-4": "Run the gate once; after a failure a person looks, and starts it anew.",
    "FLR-1": "Let the gate's own exit status be the step's, and the step's the job's.",
    "FLR-2": (
        "Put `if: always()` on the step that runs `smokedeploy stop`, and never on the gate's; "
        "name the same evidence folder to both."
    ),
}
_NO_EXEC: Final = (
    "the gate is started without `exec`: a cancelled job's SIGINT reaches the step's shell alone, and the "
    "gate, which would stop the container, never gets it"
)
_EXEC: Final = (
    "Write `exec .venv/bin/pytest -p smokedeploy smoke_tests`, with no pipe, bracket or `&` around it."
)
#: (clause, line, words) of what is wrong.
_Wrong = Iterator[tuple[str, int, str]]


def misuses(file: Path, evidence: Path | None = None, workspace: Path | None = None) -> list[MisuseError]:
    """What makes a run of this workflow no gate, known before any request: the worst first.

    Only what is certain is told: a step of somebody's own that calls the gate from elsewhere is not seen.

    Args:
        file: the workflow.
        evidence: the folder that this run of the gate really writes to, whoever set it; None: what the
            workflow says of it.
        workspace: where the workflow's steps begin, for a run whose `evidence` is given.

    """
    if fault(file):
        return []
    flow = Flow(file)
    gates = list(flow.gates())
    written = evidence if workspace else None
    found = [
        MisuseError(f"{file.name}:{line}: {words}.", clause=clause, remedy=_REMEDIES[clause])
        for gate in gates
        for clause, line, words in (
            *_wrong(gate),
            *_late_stops(flow, gate),
            *_stops_elsewhere(flow, gate, written, workspace),
        )
    ]
    if sum(gate.times for gate in gates) > 1:
        words = f"{file.name}:{gates[-1].line}: one dispatch runs the gate more than once."
        found.append(MisuseError(words, clause="FLR-4", remedy=_REMEDIES["FLR-4"]))
    found += [
        MisuseError(f"{file.name}:{gate.line}: {_NO_EXEC}.", clause="FLR-2", remedy=_EXEC)
        for gate in gates
        if script.keeps_shell(gate.script)
    ]
    rank = list(_REMEDIES)
    return sorted(found, key=lambda error: rank.index(error.clause or ""))


def _wrong(gate: Step) -> _Wrong:
    """(clause, line, words) of everything that is wrong with a gate's step and its job."""
    for where in filter(is_prod, gate.environments):
        yield "TGT-3", gate.line, f"the gate's job {gate.job!r} runs in the environment {where!r}"
    if gate.by_action() and _RETRY.search(str(gate.body["uses"])):
        yield "FLR-4", gate.line, f"the action {gate.body['uses']!r} runs the gate again when it fails"
    matrix = gate.matrix
    made = [v for v in (matrix, *mapping(matrix).values()) if isinstance(v, str)]
    if made:
        yield "FLR-4", gate.line, f"the matrix of the job {gate.job!r} is made as it runs ({made[0]})"
    rows = [v for k, v in mapping(matrix).items() if isinstance(v, list) and v and k != "exclude"]
    if (count := prod(map(len, rows))) > 1:
        yield "FLR-4", gate.line, f"the matrix of the job {gate.job!r} runs the gate {count} times"
    for clause, words in script.faults(gate.script, gate.shell):
        yield clause, gate.line, words
    if _EITHER_WAY.search(str(gate.body.get("if") or "")):
        words = "`if: always()` on the gate's own step: a cancelled run does not reach it, to stop in order"
        yield "FLR-2", gate.line, words
    for whose, body in (("step", gate.body), (f"job {gate.job!r}", gate.jobs_body)):
        if body.get("continue-on-error", False) not in (False, None, "False", "FALSE", "${{ false }}"):
            yield "FLR-1", gate.line, f"`continue-on-error` on the gate's {whose} hides that it failed"


def _stops(flow: Flow, gate: Step) -> list[Step]:
    """The steps after the gate, in its job, that stop what it left."""
    return [
        step
        for step in flow.steps()
        if step.job == gate.job and step.number >= gate.number and step.stops and not step.times
    ]


def _late_stops(flow: Flow, gate: Step) -> _Wrong:
    """Steps after the gate that would stop what it left, and do not run when it fails."""
    for step in _stops(flow, gate):
        when = str(step.body.get("if") or "")
        both = "failure()" in when and re.search(r"(?<!!)cancelled\(\)", when)
        if not (_EITHER_WAY.search(when) or both):
            words = "`smokedeploy stop` does not run where the gate failed or was cancelled"
            yield "FLR-2", step.line, words


def _stops_elsewhere(flow: Flow, gate: Step, evidence: Path | None, workspace: Path | None) -> _Wrong:
    """No step after the gate looks for the journal where the gate writes it: none would stop a thing."""
    stops = _stops(flow, gate)
    written = _real(str(evidence)) if evidence else flow.evidence(gate)
    looked = [flow.evidence(step) for step in stops]
    if workspace:
        looked = [
            where and _real(f"{where}" if where.startswith("/") else f"{workspace}/{where}")
            for where in looked
        ]
    # Of a folder in the checkout and one named by its whole path nobody can tell here whether they are one.
    unlike = [where is None or where.startswith("/") != str(written).startswith("/") for where in looked]
    if not stops or not written or written in looked or any(unlike):
        return
    others = [step for step in flow.steps() if step not in (gate, *stops)]
    if not any("SMOKEDEPLOY_EVIDENCE" in step.script for step in others):  # it may set it for the stop
        words = f"`smokedeploy stop` looks in {looked[0]}, and the gate's journal is in {written}"
        yield "FLR-2", stops[0].line, words


def _real(path: str) -> str:
    """A folder's own path, links followed."""
    return str(Path(path).resolve())
