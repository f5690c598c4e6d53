"""What the deploy workflow may hold, refusals with line and way to write it (docs/workflow.md)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pytest_smokedeploy.judging.process_environment import steers
from pytest_smokedeploy.judging.workflow_commands import COMMAND, NAME, evidence_folder, faults
from pytest_smokedeploy.judging.workflow_steps import ON, Path, WorkflowDocument, WorkflowStep, mapping, ours
from pytest_smokedeploy.settings import is_prod
from pytest_smokedeploy.settings.yamlfile import Document
from pytest_smokedeploy.support.errors import MisuseError
from pytest_smokedeploy.support.image import can_move

BY_HAND: Final = "workflow_dispatch"
#: Clauses of which a check of the smoke tests makes a finding; every other one refuses the run as it begins.
FOUND_LATER: Final = frozenset({"TRG-2", "TRG-3"})
_ORDER: Final = ("TGT-3", "TRG-2", "TRG-3", "PRE-4", "FLR-4", "FLR-1", "FLR-2")

#: Keys of the workflow, of the gate's job, and of the steps of ours.
_TOP: Final = "name|run-name|on|permissions|env|defaults|concurrency|jobs"
_JOB: Final = (
    "name|needs|if|runs-on|timeout-minutes|environment|permissions|concurrency|env|defaults|outputs|steps"
)
_STEP: Final = "name|id|run|env|shell|working-directory|timeout-minutes"
#: Keys that break another clause than FLR-1.
_CLAUSE: Final = {"strategy": "FLR-4", "if": "FLR-2"} | dict.fromkeys(ON, "TRG-3")

_ALWAYS: Final = re.compile(r"always\(\)|\$\{\{\s*always\(\)\s*\}\}")
#: Variables of the gate's own, and the one by which pytest loads no other plug-in.
_PLAIN: Final = re.compile(r"SMOKEDEPLOY_\w+|PYTEST_DISABLE_PLUGIN_AUTOLOAD", re.ASCII)
_MINUTES: Final = re.compile(r"\d{1,6}(?:\.\d+)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class WorkflowRules:
    """What the settings say of the workflow.

    Attributes:
        secrets: variables that come from the secret of the same name.
        env: further variables that the gate's steps may be given (`workflow.env`).
        budget_seconds: the longest that a run's deadlines allow.

    """

    secrets: frozenset[str]
    env: frozenset[str]
    budget_seconds: float


def breaches(document: Document, rules: WorkflowRules) -> list[MisuseError]:
    """Everything in the workflow that is not allowed, the worst clause first, each with file and line.

    Args:
        document: a workflow file, whose `jobs` is a mapping.
        rules: what the settings allow.

    """
    judge = _Judge(WorkflowDocument(document), rules)
    judge.triggers()
    judge.whole()
    judge.gate()
    return sorted(judge.found, key=lambda error: _ORDER.index(str(error.clause)))


def gate_of(document: Document) -> WorkflowStep | None:
    """The step that runs the gate, or None where there is not exactly one."""
    gates = [step for step in WorkflowDocument(document).steps() if step.role == "gate"]
    return gates[0] if len(gates) == 1 else None


def job_name(document: Document, key: str) -> tuple[str, str]:
    """The name that GitHub's API gives the gate's job (FACTS: GitHub REST).

    Args:
        document: the workflow of this run.
        key: the key of the job that runs (``GITHUB_JOB``), "" where it is not told.

    Returns:
        (name, ""), or ("", why it is not known).

    """
    gate = gate_of(document)
    if gate is None or key not in {gate.job, ""}:
        return "", f"which job of {document.name} runs the gate is not known"
    name = gate.above[0].get("name")
    plain = gate.job if name is None else name
    if not isinstance(plain, str) or not plain.strip() or "${{" in plain:
        words = "has a `name:` that GitHub fills in as it runs; give it a plain name"
        return "", f"{document.name}: the gate's job {gate.job!r} {words}"
    return plain.strip(), ""


class _Judge:
    """Collects what one workflow breaks."""

    def __init__(self, workflow: WorkflowDocument, rules: WorkflowRules) -> None:
        self.found: list[MisuseError] = []
        self._flow = workflow
        self._rules = rules

    def _add(self, clause: str, path: Path, words: str, remedy: str) -> None:
        place = f"{self._flow.name}:{self._flow.line(path)}"
        self.found.append(MisuseError(f"{place}: {words}.", clause=clause, remedy=remedy))

    # -- the workflow ----------------------------------------------------------------------

    def triggers(self) -> None:
        """`workflow_dispatch` alone (TRG-3), with the two inputs (TRG-2)."""
        triggers = self._flow.triggers()
        for name in sorted(set(triggers) - {BY_HAND}):
            words = f"{name[:100]} starts the workflow without a person"
            self._add("TRG-3", triggers[name][1], words, f"Remove it; write `on: {BY_HAND}` with its inputs.")
        if BY_HAND not in triggers:
            self._add("TRG-3", ("on",), f"no {BY_HAND}", f"Write `on: {BY_HAND}` with its inputs.")
        elif len(triggers) == 1:
            for path, words in self._inputs(*triggers[BY_HAND]):
                self._add("TRG-2", path, words, "Write the inputs as `smokedeploy init` lays them.")

    def _inputs(self, dispatch: Any, path: Path) -> Iterator[tuple[Path, str]]:  # noqa: ANN401 - YAML
        inputs, path = mapping(mapping(dispatch).get("inputs")), (*path, "inputs")
        for name in ("environment", "image_tag"):
            if name not in inputs:
                yield path, f"there is no input `{name}`"
        environment, tag = mapping(inputs.get("environment")), mapping(inputs.get("image_tag"))
        options, default = environment.get("options"), str(environment.get("default") or "")
        if isinstance(options, list) and "dev" not in options:
            yield (*path, "environment", "options"), "the input `environment` does not offer dev"
        if is_prod(default):
            yield (*path, "environment", "default"), f"the input `environment` defaults to {default!r}"
        if (default := str(tag.get("default") or "")) and can_move(default):
            words = f"the input `image_tag` defaults to {default!r}, which can move"
            yield (*path, "image_tag", "default"), words

    def whole(self) -> None:
        """Keys, variables and concurrency of the workflow, which hold for the gate's job too."""
        self._keys((), self._flow.data, _TOP, "the workflow")
        self._env((), self._flow.data)
        self._runs((), self._flow.data)

    # -- the gate's job --------------------------------------------------------------------

    def gate(self) -> None:
        """One step runs the gate, and two after it in its job stop and verify what it left."""
        steps = list(self._flow.steps())
        gates = [step for step in steps if step.role == "gate"]
        if not gates:
            words = "no step runs the gate"
            self._add("FLR-1", ("jobs",), words, f"Write a step with `run: {COMMAND['gate']}`.")
            return
        gate = next((step for step in gates if not faults(step)), gates[0])
        later = [s for s in steps if s.job == gate.job and s.number > gate.number]
        stops, checks = ([s for s in later if s.role == role] for role in ("stop", "verify"))
        self._job(gate)
        self._timeout(gate.path, gate.body)
        for step in (gate, *stops, *checks):
            self._own(step)
        self._folders(gate, stops, checks)
        self._others(steps, gate, [gate, *stops, *checks])

    def _job(self, gate: WorkflowStep) -> None:
        path: Path = ("jobs", gate.job)
        job = gate.above[0]
        self._keys(path, job, _JOB, f"the gate's job {gate.job!r}")
        self._env(path, job)
        self._runs(path, job)
        self._timeout(path, job)
        if re.search(r"always\s*\(", str(job.get("if") or ""), re.IGNORECASE):
            words = "`always()` on the gate's job: a cancelled run does not reach it, to stop in order"
            self._add("FLR-2", (*path, "if"), words, "Take `always()` out of the job's `if:`.")
        where = job.get("environment")
        name = where.get("name") if isinstance(where, dict) else where
        more = set(mapping(where)) - {"name", "deployment"}
        if name != "dev" or more:
            words = f"the gate's job {gate.job!r} is given the secrets of {str(name)[:100]!r}"
            if not name:
                words = f"the gate's job {gate.job!r} names no `environment:`"
            elif more:
                words = f"`environment` of the gate's job has the key {min(more)!r}"
            clause = "TGT-3" if is_prod(str(name)) else "PRE-4"
            remedy = "Write `environment: dev`, or `environment: {name: dev, deployment: false}`."
            self._add(clause, (*path, "environment"), words, remedy)

    def _runs(self, path: Path, body: Mapping[str, Any]) -> None:
        """Concurrency and defaults of the workflow or of the gate's job."""
        concurrency = body.get("concurrency")
        if isinstance(concurrency, dict) and concurrency.get("cancel-in-progress", False) is not False:
            words = "a second dispatch cancels the gate while it runs"
            at = (*path, "concurrency", "cancel-in-progress")
            self._add("FLR-2", at, words, "Write `cancel-in-progress: false`.")
        defaults = body.get("defaults")
        if defaults is not None:
            self._keys((*path, "defaults"), mapping(defaults), "run", "`defaults`")
            run = mapping(mapping(defaults).get("run"))
            self._keys((*path, "defaults", "run"), run, "shell|working-directory", "`defaults`")

    def _timeout(self, path: Path, body: Mapping[str, Any]) -> None:
        minutes = body.get("timeout-minutes")
        if minutes is None:
            return
        known = _MINUTES.fullmatch(str(minutes))
        if not known or float(str(minutes)) * 60 <= self._rules.budget_seconds:
            least = int(self._rules.budget_seconds // 60) + 1
            words = f"`timeout-minutes: {str(minutes)[:40]}` is less than the gate's own deadlines may take"
            remedy = f"Write a number, {least} at the least, or shorten `deadlines` in smokedeploy.yml."
            self._add("FLR-2", (*path, "timeout-minutes"), words, remedy)

    # -- steps of ours ---------------------------------------------------------------------

    def _own(self, step: WorkflowStep) -> None:
        """A step of gate, stop or verify: its keys, its shell, its variables, its one command."""
        whose, keys = NAME[step.role], _STEP
        if step.role == "stop":
            keys += "|if"
            if not _ALWAYS.fullmatch(str(step.body.get("if") or "").strip()):
                words = f"{whose} does not run where the gate failed or was cancelled"
                self._add("FLR-2", step.path, words, "Write `if: always()` on its step.")
        self._keys(step.path, step.body, keys, f"the step of {whose}")
        self._env(step.path, step.body)
        shell, path = step.default("shell")
        if shell not in {"", "bash", "sh"}:
            self._add("FLR-1", path, f"{whose} runs under the shell {shell[:60]!r}", "Write `shell: bash`.")
        for clause, words in faults(step):
            remedy = f"Write `run: {COMMAND[step.role]}`, and nothing around it."
            self._add(clause, (*step.path, "run"), words, remedy)

    def _folders(self, gate: WorkflowStep, stops: list[WorkflowStep], checks: list[WorkflowStep]) -> None:
        """Stop and verify are there, and look where the gate writes."""
        written = evidence_folder(gate)
        if written is None and not faults(gate):
            words = "the evidence folder of the gate is no plain path"
            self._add("FLR-2", gate.path, words, "Write SMOKEDEPLOY_EVIDENCE and `working-directory` out.")
        for steps, clause, what, remedy in (
            (stops, "FLR-2", "smokedeploy stop", f"`if: always()` and `run: {COMMAND['stop']}`"),
            (checks, "FLR-1", "smokedeploy verify", f"`run: {COMMAND['verify']}`"),
        ):
            if not steps:
                words = f"no step after the gate in its job runs `{what}`"
                self._add(clause, gate.path, words, f"Add a step with {remedy}.")
            for step in steps:
                looked = evidence_folder(step)
                if written and looked != written and not faults(step):
                    words = f"`{what}` looks in {looked}, and the gate writes to {written}"
                    self._add(clause, (*step.path, "run"), words, "Name one folder to gate, stop and verify.")

    def _others(self, steps: list[WorkflowStep], gate: WorkflowStep, own: list[WorkflowStep]) -> None:
        """Every other step and job holds no word of ours."""
        places = [s.path for s in own]
        if again := [s for s in steps if s.role == "gate" and s is not gate]:
            words = "one dispatch runs the gate more than once"
            self._add("FLR-4", again[-1].path, words, "Keep one step that runs the gate.")
            places += [s.path for s in again]
        here = ("jobs", gate.job, "steps")
        bodies: list[tuple[Any, Path]] = [(b, (*here, n)) for n, b in enumerate(gate.above[0]["steps"])]
        bodies += [(job, ("jobs", key)) for key, job in self._flow.data["jobs"].items() if key != gate.job]
        for body, path in bodies:
            at = ours(body, path)
            if path not in places and at and at[:4] not in places:
                words = "`smokedeploy` stands outside the steps of gate, stop and verify"
                remedy = "Take it out: what is not one of these three steps can't be told from another gate."
                self._add("FLR-1", at, words, remedy)

    # -- what all of them share ------------------------------------------------------------

    def _keys(self, path: Path, body: Mapping[str, Any], allowed: str, whose: str) -> None:
        for key in body:
            if not re.fullmatch(allowed, key):
                remedy = f"Remove it; allowed are {allowed.replace('|', ', ')}."
                clause = _CLAUSE.get(key, "FLR-1")
                self._add(clause, (*path, key), f"{whose} has the key {key[:60]!r}", remedy)

    def _env(self, path: Path, body: Mapping[str, Any]) -> None:
        env, path = body.get("env"), (*path, "env")
        if env is not None and not isinstance(env, dict):
            self._add("FLR-1", path, "`env` is made as the workflow runs", "Write its variables out.")
        for name, value in mapping(env).items():
            source = rf"secrets\.{name}" if name in self._rules.secrets else ""
            source = r"github\.token|secrets\.\w+" if name == "GITHUB_TOKEN" else source
            if source and not re.fullmatch(rf"\$\{{\{{\s*(?:{source})\s*\}}\}}", str(value)):
                words = f"{name} does not come from the secret of that name"
                self._add("PRE-4", (*path, name), words, f"Write `{name}: ${{{{ secrets.{name} }}}}`.")
            if not source and (steers(name) or not (_PLAIN.fullmatch(name) or name in self._rules.env)):
                remedy = "Remove it, or list it under `workflow.env` in smokedeploy.yml."
                remedy = "Remove it; no setting allows it." if steers(name) else remedy
                words = f"the gate is given the variable {name[:60]!r}, which it does not know"
                self._add("FLR-1", (*path, name), words, remedy)
