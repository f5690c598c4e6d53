"""The deploy workflow file: it exists (PRE-2), and nothing but a person starts it, with the right inputs
(TRG-3, TRG-2); nothing around the gate runs it again or hides its end (FLR-4, FLR-1, FLR-2)."""  # noqa: D205, D209

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from posixpath import normpath
from typing import Any, Final

from pytest_smokedeploy.errors import MisuseError, SettingsError
from pytest_smokedeploy.image import can_move
from pytest_smokedeploy.model import Finding
from pytest_smokedeploy.preconditions import script
from pytest_smokedeploy.settings import is_prod, yamlfile

BY_HAND: Final = "workflow_dispatch"
#: YAML 1.1 reads `on` as true, and a key that some reader takes for `on` counts.
_ON: Final = ("on", "On", "ON", "true", "True", "TRUE", "yes", "Yes", "YES", "y", "Y")
_RETRY: Final = re.compile(r"retry", re.IGNORECASE)
_GATE_IN_ACTION: Final = re.compile(r"pytest[^\n]*(?:smokedeploy|smoke_tests)")
_BY_MATRIX: Final = re.compile(r"\$\{\{\s*matrix\.([\w-]+)\s*\}\}")
_EITHER_WAY: Final = re.compile(r"always\(\)")


def exists(file: Path, name: str) -> Finding:
    """PRE-2: the file is there and is a workflow."""
    expected = f"the workflow file {name}"
    fault = _fault(file)
    if fault:
        return Finding("PRE-2", False, expected, fault, remedy=f"Add {name}; `smokedeploy init` lays one in.")
    flow = _Flow(file)
    jobs = {gate.job for gate in flow.gates()}
    missing = jobs and not any(step.stops for step in flow.steps() if step.job in jobs)
    note = "; no step of it runs `smokedeploy stop` after a gate that was killed" if missing else ""
    note = note or (f"; {hidden}" if (hidden := unseen(file)) else "")
    return Finding("PRE-2", True, expected, f"{name}, a workflow{note}")


def no_automatic_trigger(file: Path, name: str) -> Finding:
    """TRG-3: `workflow_dispatch` and nothing else, in whatever spelling."""
    expected = f"`on: {BY_HAND}` alone in {name}"
    if fault := _fault(file):
        return Finding("TRG-3", None, expected, fault, None)
    triggers = _Flow(file).triggers()
    others = sorted(set(triggers) - {BY_HAND})
    if others:
        seen, meaning = f"also {', '.join(others)}"[:300], "The workflow can start without a person."
        return Finding("TRG-3", False, expected, seen, meaning=meaning, remedy=f"Remove it from {name}.")
    if BY_HAND not in triggers:
        return Finding("TRG-3", False, expected, f"no {BY_HAND}", remedy=f"Add it to {name}.")
    return Finding("TRG-3", True, expected, f"{BY_HAND} alone")


def unseen(file: Path) -> str:
    """Why nothing can be said of what stands around the gate, or "": no step here is seen to run it."""
    if _fault(file) or any(_Flow(file).gates()):
        return ""
    return (
        f"no step of {file.name} is seen to run the gate, so whether a script or a called workflow runs it "
        "again or hides that it failed can't be told"
    )


def secrets_fault(file: Path, environment: str) -> str:
    """PRE-4: why the secrets that the gate's job is given are not those of `environment`, or ""."""
    if _fault(file):
        return ""  # PRE-2's matter
    for gate in _Flow(file).gates():
        named = gate.environments
        if not named:
            return f"{file.name}:{gate.line}: the gate's job {gate.job!r} names no `environment:`"
        # GitHub compares names without case; what an expression comes to is not known here.
        others = [n for n in named if "${{" not in n and n.lower() != environment.lower()]
        if others:
            return f"{file.name}:{gate.line}: the gate's job {gate.job!r} is given those of {others[0]!r}"
    return ""


def inputs_fault(file: Path) -> str:
    """TRG-2: why the workflow's own inputs are wrong, or ""; a file that is no workflow is PRE-2's matter."""
    if _fault(file):
        return ""
    triggers = _Flow(file).triggers()
    if set(triggers) != {BY_HAND}:
        return ""  # TRG-3 says what is worse
    inputs = _mapping(_mapping(triggers[BY_HAND]).get("inputs"))
    for name in ("environment", "image_tag"):
        if name not in inputs:
            return f"{file.name} has no input `{name}`"
    environment, tag = _mapping(inputs["environment"]), _mapping(inputs["image_tag"])
    if is_prod(str(environment.get("default") or "")):
        return f"{file.name}: the input `environment` defaults to {environment['default']!r}"
    options = environment.get("options")
    for option in options if isinstance(options, list) else []:
        if is_prod(str(option)):
            return f"{file.name}: the input `environment` offers {option!r}"
    default = str(tag.get("default") or "")
    if default and can_move(default):
        return f"{file.name}: the input `image_tag` defaults to {default!r}, which can move"
    return ""


def misuses(file: Path) -> list[MisuseError]:
    """What makes a run of this workflow no gate, known before any request: the worst first.

    Only what is certain is told: a step of somebody's own that calls the gate from elsewhere is not seen.
    """
    if _fault(file):
        return []
    flow = _Flow(file)
    gates = list(flow.gates())
    found = [
        MisuseError(f"{file.name}:{line}: {words}.", clause=clause, remedy=_REMEDIES[clause])
        for gate in gates
        for clause, line, words in (*gate.wrong(), *flow.late_stops(gate), *flow.stops_elsewhere(gate))
    ]
    if sum(gate.times for gate in gates) > 1:
        words = f"{file.name}:{gates[-1].line}: one dispatch runs the gate more than once."
        found.append(MisuseError(words, clause="FLR-4", remedy=_REMEDIES["FLR-4"]))
    rank = list(_REMEDIES)
    return sorted(found, key=lambda error: rank.index(error.clause or ""))


_REMEDIES: Final = {
    "TGT-3": "Write `environment: dev` there.",
    "FLR-4": "Run the gate once; after a failure a person looks, and starts it anew.",
    "FLR-1": "Let the gate's own exit status be the step's, and the step's the job's.",
    "FLR-2": (
        "Put `if: always()` on the step that runs `smokedeploy stop`, and never on the gate's; "
        "name the same evidence folder to both."
    ),
}


@dataclass(frozen=True, slots=True)
class _Step:
    """One step, its job, and where both stand in the file."""

    job: str
    number: int
    body: Mapping[str, Any]
    jobs_body: Mapping[str, Any]
    shell: str
    line: int

    @property
    def script(self) -> str:
        run = self.body.get("run")
        # PowerShell and Python are read by nobody here: nothing certain can be said of them.
        return run if isinstance(run, str) and self.shell.split(" ")[0] in {"", "bash", "sh"} else ""

    @property
    def stops(self) -> bool:
        return script.runs(self.script, "smokedeploy", "stop")

    @property
    def times(self) -> int:
        return script.runs_gate(self.script) or int(self._by_action())

    def _by_action(self) -> bool:
        given = _mapping(self.body.get("with")).values()
        return "uses" in self.body and any(_GATE_IN_ACTION.search(str(value)) for value in given)

    @property
    def environments(self) -> list[str]:
        """The environments that the job names, those of a matrix each by name; [] where it names none."""
        where = self.jobs_body.get("environment")
        where = str((where.get("name") if isinstance(where, dict) else where) or "").strip()
        by_matrix = _BY_MATRIX.fullmatch(where)
        if not by_matrix:
            return [where] if where else []
        matrix, key = _mapping(self._matrix), by_matrix[1]
        values, rows = matrix.get(key), matrix.get("include")
        found = [str(value) for value in values] if isinstance(values, list) else []
        found += [str(_mapping(row).get(key) or "") for row in (rows if isinstance(rows, list) else [])]
        return [name for name in found if name] or [where]

    @property
    def _matrix(self) -> object:
        return _mapping(self.jobs_body.get("strategy")).get("matrix")

    def wrong(self) -> Iterator[tuple[str, int, str]]:
        """(clause, line, words) of everything that is wrong with a gate's step and its job."""
        for where in filter(is_prod, self.environments):
            yield "TGT-3", self.line, f"the gate's job {self.job!r} runs in the environment {where!r}"
        if self._by_action() and _RETRY.search(str(self.body["uses"])):
            yield "FLR-4", self.line, f"the action {self.body['uses']!r} runs the gate again when it fails"
        matrix = self._matrix
        made = [v for v in (matrix, *_mapping(matrix).values()) if isinstance(v, str)]
        if made:
            yield "FLR-4", self.line, f"the matrix of the job {self.job!r} is made as it runs ({made[0]})"
        rows = [v for k, v in _mapping(matrix).items() if isinstance(v, list) and v and k != "exclude"]
        if (count := prod(map(len, rows))) > 1:
            yield "FLR-4", self.line, f"the matrix of the job {self.job!r} runs the gate {count} times"
        for clause, words in script.faults(self.script, self.shell):
            yield clause, self.line, words
        if _EITHER_WAY.search(str(self.body.get("if") or "")):
            words = (
                "`if: always()` on the gate's own step: a cancelled run does not reach it, to stop in order"
            )
            yield "FLR-2", self.line, words
        for whose, body in (("step", self.body), (f"job {self.job!r}", self.jobs_body)):
            if body.get("continue-on-error", False) not in (False, None, "False", "FALSE", "${{ false }}"):
                yield "FLR-1", self.line, f"`continue-on-error` on the gate's {whose} hides that it failed"


class _Flow:
    """A workflow file that `_fault` has nothing against."""

    def __init__(self, file: Path) -> None:
        document = yamlfile.read(file)
        self._data: Mapping[str, Any] = document.data
        self._line = document.line

    def triggers(self) -> dict[str, Any]:
        """Every trigger under `on`, in list, map and string spelling, with its settings."""
        found: dict[str, Any] = {}
        for value in (self._data.get(key) for key in _ON):
            if isinstance(value, dict):
                found |= value
            elif isinstance(value, list):
                found |= {str(item): None for item in value}
            elif isinstance(value, str):
                found[value] = None
        return found

    def steps(self) -> Iterator[_Step]:
        """Every step of every job."""
        above = _shell(self._data)
        for job, body in self._data["jobs"].items():
            steps = _mapping(body).get("steps")
            for number, step in enumerate(steps if isinstance(steps, list) else []):
                if isinstance(step, dict):
                    line = self._line(("jobs", job, "steps", number)) or 1
                    shell = str(step.get("shell") or _shell(body) or above)
                    yield _Step(job, number, step, body, shell, line)

    def gates(self) -> Iterator[_Step]:
        """The steps that run the gate."""
        return (step for step in self.steps() if step.times)

    def late_stops(self, gate: _Step) -> Iterator[tuple[str, int, str]]:
        """Steps after the gate that would stop what it left, and do not run when it fails."""
        for step in self._stops(gate):
            when = str(step.body.get("if") or "")
            both = "failure()" in when and re.search(r"(?<!!)cancelled\(\)", when)
            if not (_EITHER_WAY.search(when) or both):
                yield (
                    "FLR-2",
                    step.line,
                    "`smokedeploy stop` does not run where the gate failed or was cancelled",
                )

    def stops_elsewhere(self, gate: _Step) -> Iterator[tuple[str, int, str]]:
        """No step after the gate looks for the journal where the gate writes it: none would stop a thing."""
        written, stops = self._evidence(gate), list(self._stops(gate))
        looked = [self._evidence(step) for step in stops]
        others = [step for step in self.steps() if step not in (gate, *stops)]
        if not stops or not written or written in looked or None in looked:
            return
        if not any("SMOKEDEPLOY_EVIDENCE" in step.script for step in others):  # it may set it for the stop
            words = f"`smokedeploy stop` looks in {looked[0]}, and the gate's journal is in {written}"
            yield "FLR-2", stops[0].line, words

    def _stops(self, gate: _Step) -> Iterator[_Step]:
        """The steps after the gate, in its job, that stop what it left."""
        for step in self.steps():
            if step.job == gate.job and step.number >= gate.number and step.stops and not step.times:
                yield step

    def _evidence(self, step: _Step) -> str | None:
        """A step's evidence folder, seen from the checkout; None where that is not certain."""
        folder, where = script.evidence(step.script), str(step.body.get("working-directory") or "")
        for body in (step.body, step.jobs_body, self._data):
            folder = folder or str(_mapping(body.get("env")).get("SMOKEDEPLOY_EVIDENCE") or "")
            runs = _mapping(_mapping(body.get("defaults")).get("run"))
            where = where or str(runs.get("working-directory") or "")
        path = normpath(f"{where or '.'}/{folder or 'smoke-evidence'}")
        certain = (
            step.script and "$" not in path and not folder.startswith("/") and not script.moves(step.script)
        )
        return path if certain else None


def _shell(body: Mapping[str, Any]) -> str:
    return str(_mapping(_mapping(body.get("defaults")).get("run")).get("shell") or "")


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _fault(file: Path) -> str:
    """Why the file is no workflow, or ""."""
    try:
        document = yamlfile.read(file)
    except SettingsError as error:
        return str(error)
    if not isinstance(document.data, dict) or not isinstance(document.data.get("jobs"), dict):
        return f"{file.name} is no workflow: it has no `jobs`"
    return ""
