"""The allow-list of the deploy workflow; a refusal names line and remedy (docs/workflow.md)."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from pytest_smokedeploy.judging.process_environment import replaces
from pytest_smokedeploy.judging.workflow_commands import COMMAND, NAME, faults, is_check
from pytest_smokedeploy.judging.workflow_steps import ON, Breach, WorkflowStep, mapping, ours, steps, triggers
from pytest_smokedeploy.judging.workflow_together import together
from pytest_smokedeploy.settings import Settings, is_prod
from pytest_smokedeploy.settings.model import ALWAYS_SECRET
from pytest_smokedeploy.settings.yamlfile import Document, Place
from pytest_smokedeploy.support.errors import MisuseError
from pytest_smokedeploy.support.image import can_move

BY_HAND: Final = "workflow_dispatch"
#: Clauses of which a check of the smoke tests makes a finding; every other one refuses the run as it begins.
FOUND_LATER: Final = frozenset({"TRG-2", "TRG-3"})
_ORDER: Final = ("TGT-3", "TGT-1", "TRG-2", "TRG-3", "PRE-4", "FLR-4", "FLR-1", "FLR-2")

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
#: Functions by which a job runs whatever the jobs before it came to.
_WHATEVER: Final = re.compile(r"(always|cancelled|failure|success)\s*\(", re.IGNORECASE)
_FILLED: Final = re.compile(r"\$\{\{.*?\}\}", re.DOTALL)
_MINUTES: Final = re.compile(r"\d{1,6}(?:\.\d+)?", re.ASCII)


def breaches(document: Document, settings: Settings) -> list[MisuseError]:
    """Everything in the workflow that is not allowed, the worst clause first, each with file and line.

    Args:
        document: a workflow file, whose `jobs` is a mapping.
        settings: name the secrets and further variables, and bound the time of a run.

    """
    found = [
        MisuseError(f"{document.name}:{document.line(path) or 1}: {words}.", clause=clause, remedy=remedy)
        for clause, path, words, remedy in _Judge(document.data, settings).breaches()
    ]
    return sorted(found, key=lambda error: _ORDER.index(str(error.clause)))


def gate_of(document: Document) -> WorkflowStep | None:
    """The step that runs the gate, or None where there is not exactly one."""
    gates = [step for step in steps(document.data) if step.role == "gate"]
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
        whose = f"{document.name}: the gate's job {gate.job!r}"
        return "", f"{whose} has a `name:` that GitHub fills in as it runs; give it a plain name"
    return plain.strip(), ""


class _Judge:
    """What one workflow breaks, part by part."""

    def __init__(self, workflow: Mapping[str, Any], settings: Settings) -> None:
        self._workflow = workflow
        self._settings = settings
        self._secrets = {*ALWAYS_SECRET, *settings.secrets, settings.database.url_variable}

    def breaches(self) -> Iterator[Breach]:
        """Everything that is not allowed, in no order."""
        yield from self._triggers()
        # Keys, variables and concurrency of the workflow hold for the gate's job too.
        yield from _keys((), self._workflow, _TOP, "the workflow")
        yield from self._env((), self._workflow)
        yield from _runs((), self._workflow)
        yield from self._gate()

    # -- triggers --------------------------------------------------------------------------

    def _triggers(self) -> Iterator[Breach]:
        """`workflow_dispatch` alone (TRG-3), with the two inputs (TRG-2)."""
        found = triggers(self._workflow)
        for name in sorted(set(found) - {BY_HAND}):
            words = f"{name[:100]} starts the workflow without a person"
            remedy = f"Move what it starts to a workflow of its own; write `on: {BY_HAND}` with its inputs."
            yield "TRG-3", found[name][1], words, remedy
        if BY_HAND not in found:
            yield "TRG-3", ("on",), f"no {BY_HAND}", f"Write `on: {BY_HAND}` with its inputs."
        elif len(found) == 1:
            for path, words in _inputs(*found[BY_HAND]):
                yield "TRG-2", path, words, "Write the inputs as `smokedeploy init` lays them."

    # -- the gate's job --------------------------------------------------------------------

    def _gate(self) -> Iterator[Breach]:
        """One step runs the gate, and two after it in its job stop and verify what it left."""
        every = list(steps(self._workflow))
        gates = [step for step in every if step.role == "gate"]
        if not gates:
            yield "FLR-1", ("jobs",), "no step runs the gate", f"Write a step with `run: {COMMAND['gate']}`."
            return
        gate = next((step for step in gates if not faults(step)), gates[0])
        later = [step for step in every if step.job == gate.job and step.number > gate.number]
        stops, checks = ([step for step in later if step.role == role] for role in ("stop", "verify"))
        yield from self._job(gate)
        for step in (gate, *stops, *checks):
            yield from self._own(step)
        yield from together(gate, stops, checks, self._settings)
        if again := [step.path for step in gates if step is not gate]:
            yield "FLR-4", again[-1], "one dispatch runs the gate more than once", "Keep one such step."
        own = {step.path for step in (gate, *stops, *checks)} | set(again)
        yield from self._others(gate, own)

    def _job(self, gate: WorkflowStep) -> Iterator[Breach]:
        path: Place = ("jobs", gate.job)
        job, whose = gate.above[0], f"the gate's job {gate.job!r}"
        yield from _keys(path, job, _JOB, whose)
        yield from self._env(path, job)
        yield from _runs(path, job)
        yield from self._timeout(path, job)
        if found := _WHATEVER.search(str(job.get("if") or "")):
            words = f"`{found[1]}()` on the gate's job: no status function may decide whether it runs"
            yield "FLR-2", (*path, "if"), words, "Take it out of the job's `if:`, or the whole `if:`."
        where = job.get("environment")
        name = where.get("name") if isinstance(where, dict) else where
        more = set(mapping(where)) - {"name", "deployment"}
        if name != "dev" or more:
            secrets = f"is given the secrets of {str(name)[:100]!r}"
            words = f"{whose} {secrets if name else 'names no `environment:`'}"
            if name and more:
                words = f"`environment` of the gate's job has the key {min(more)!r}"
            remedy = "Write `environment: dev`, or `environment: {name: dev, deployment: false}`."
            yield "TGT-3" if is_prod(str(name)) else "PRE-4", (*path, "environment"), words, remedy

        groups = _groups(*gate.above)
        for key, other in self._workflow["jobs"].items():
            own = _groups(mapping(other))
            if key != gate.job and _cancels(mapping(other)) and any(_same(a, b) for a in groups for b in own):
                words = f"the job {key[:60]!r} is in the gate's concurrency group and cancels what runs in it"
                at = ("jobs", key, "concurrency")
                yield "FLR-2", at, words, "Write `cancel-in-progress: false`, or another `group`."

    def _timeout(self, path: Place, body: Mapping[str, Any], role: str = "gate") -> Iterator[Breach]:
        if body.get("timeout-minutes") is None:
            return
        minutes, path = str(body["timeout-minutes"]), (*path, "timeout-minutes")
        # The stop is sent again for as long as its own deadline.
        stop_seconds = 2 * self._settings.deadlines.stop_seconds
        longest = {"gate": self._settings.budget_seconds, "stop": stop_seconds, "verify": 59.0}
        least = int(longest[role] // 60) + 1
        remedy = f"Write a number, {least} at the least, or leave it out."
        if not _MINUTES.fullmatch(minutes):
            yield "FLR-2", path, f"`timeout-minutes: {minutes[:40]}` is no number", remedy
        elif float(minutes) * 60 <= longest[role]:
            whose = "the gate's own deadlines" if role == "gate" else NAME[role]
            yield "FLR-2", path, f"`timeout-minutes: {minutes}` is less than {whose} may take", remedy

    # -- steps -----------------------------------------------------------------------------

    def _own(self, step: WorkflowStep) -> Iterator[Breach]:
        """A step of gate, stop or verify: its keys, its shell, its variables, its one command."""
        whose, keys = NAME[step.role], _STEP
        if step.role == "stop":
            keys += "|if"
            if not _ALWAYS.fullmatch(str(step.body.get("if") or "").strip()):
                words = f"{whose} does not run where the gate failed or was cancelled"
                yield "FLR-2", step.path, words, "Write `if: always()` on its step."
        yield from _keys(step.path, step.body, keys, f"the step of {whose}")
        yield from self._env(step.path, step.body)
        yield from self._timeout(step.path, step.body, step.role)
        shell, path = step.default("shell")
        if shell not in {"", "bash", "sh"}:
            yield "FLR-1", path, f"{whose} runs under the shell {shell[:60]!r}", "Write `shell: bash`."
        remedy = f"Write `run: {COMMAND[step.role]}`, and nothing around it."
        yield from ((clause, (*step.path, "run"), words, remedy) for clause, words in faults(step))

    def _others(self, gate: WorkflowStep, own: set[Place]) -> Iterator[Breach]:
        """No other step or job names the gate; `smokedeploy check` may stand before it."""
        before = [s for s in steps(self._workflow) if s.job == gate.job and s.number < gate.number]
        own = own | {step.path for step in before if is_check(step)}
        here = ("jobs", gate.job, "steps")
        bodies: list[tuple[Place, Any]] = [((*here, n), b) for n, b in enumerate(gate.above[0]["steps"])]
        bodies += [(("jobs", key), job) for key, job in self._workflow["jobs"].items() if key != gate.job]
        for path, body in bodies:
            at = ours(body, path)
            if path not in own and at and at[:4] not in own:
                words = "`smokedeploy` stands outside the steps of gate, stop and verify"
                remedy = "Take it out: what is not one of these three steps can't be told from another gate."
                if ours(gate.job, ()) is not None:
                    remedy += f" Where it names the gate's job {gate.job!r}, rename that job."
                elif "smokedeploy check" in str(mapping(body).get("run")):
                    remedy = "Write `run: .venv/bin/smokedeploy check` alone in a step before the gate's."
                yield "FLR-1", at, words, remedy

    def _env(self, path: Place, body: Mapping[str, Any]) -> Iterator[Breach]:
        env, path = body.get("env"), (*path, "env")
        if env is not None and not isinstance(env, dict):
            yield "FLR-1", path, "`env` is made as the workflow runs", "Write its variables out."
        for name, value in mapping(env).items():
            source = rf"secrets\.{name}" if name in self._secrets else ""
            source = r"github\.token|secrets\.\w+" if name == "GITHUB_TOKEN" else source
            if source and not re.fullmatch(rf"\$\{{\{{\s*(?:{source})\s*\}}\}}", str(value)):
                words = f"{name} does not come from the secret of that name"
                yield "PRE-4", (*path, name), words, f"Write `{name}: ${{{{ secrets.{name} }}}}`."
            known = source or _PLAIN.fullmatch(name) or name in self._settings.workflow.env
            if replaces(name) or not known:
                remedy = "Remove it, or list it under `workflow.env` in smokedeploy.yml."
                remedy = "Remove it; no setting allows it." if replaces(name) else remedy
                words = f"the gate is given the variable {name[:60]!r}, which it does not know"
                yield "FLR-1", (*path, name), words, remedy


def _inputs(dispatch: Any, path: Place) -> Iterator[tuple[Place, str]]:  # noqa: ANN401 - YAML
    """What is wrong with the two inputs of `workflow_dispatch`, and where."""
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


def _runs(path: Place, body: Mapping[str, Any]) -> Iterator[Breach]:
    """Concurrency and defaults of the workflow or of the gate's job."""
    if _cancels(body):
        key, words = ("concurrency", "cancel-in-progress"), "a second dispatch cancels the gate while it runs"
        yield "FLR-2", (*path, *key), words, "Write `cancel-in-progress: false`."
    defaults, path = mapping(body.get("defaults")), (*path, "defaults")
    yield from _keys(path, defaults, "run", "`defaults`")
    yield from _keys((*path, "run"), mapping(defaults.get("run")), "shell|working-directory", "`defaults`")


def _cancels(body: Mapping[str, Any]) -> bool:
    """Whether a second dispatch may cancel it; YAML's own false has three spellings."""
    said = mapping(body.get("concurrency")).get("cancel-in-progress", False)
    return said is not False and said not in ("False", "FALSE")


def _groups(*bodies: Mapping[str, Any]) -> list[str]:
    """The names of their concurrency groups; GitHub takes them without regard to case."""
    every = (body.get("concurrency") for body in bodies)
    names = (mapping(value).get("group") if isinstance(value, dict) else value for value in every)
    return [str(name).lower() for name in names if name is not None]


def _same(one: str, other: str) -> bool:
    """Whether two groups can be one once their expressions are filled in."""
    either = ((one, other), (other, one))
    return any(re.fullmatch(".*".join(map(re.escape, _FILLED.split(a))), b, re.DOTALL) for a, b in either)


def _keys(path: Place, body: Mapping[str, Any], allowed: str, whose: str) -> Iterator[Breach]:
    for key in body:
        if not re.fullmatch(allowed, key):
            remedy = f"Remove it; allowed are {allowed.replace('|', ', ')}."
            yield _CLAUSE.get(key, "FLR-1"), (*path, key), f"{whose} has the key {key[:60]!r}", remedy
