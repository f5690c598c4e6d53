"""What gate, stop and verify are given, and must have in common (docs/workflow.md)."""

import re
from collections.abc import Iterator
from posixpath import normpath

from pytest_smokedeploy.judging.workflow_commands import (
    COMMAND,
    NAME,
    evidence_folder,
    faults,
    input_of,
    settings_file,
)
from pytest_smokedeploy.judging.workflow_steps import Breach, WorkflowStep, mapping
from pytest_smokedeploy.settings import Settings, is_prod
from pytest_smokedeploy.settings.model import ALWAYS_SECRET


def together(
    gate: WorkflowStep, stops: list[WorkflowStep], checks: list[WorkflowStep], settings: Settings
) -> Iterator[Breach]:
    """Stop and verify stand directly behind the gate, look where it writes, and can reach the agent."""
    written = evidence_folder(gate)
    if written is None and not faults(gate):
        words = "the evidence folder of the gate is no plain path"
        yield "FLR-2", gate.path, words, "Write SMOKEDEPLOY_EVIDENCE and `working-directory` out."
    before: WorkflowStep | None = gate
    for found, clause, role, remedy in (
        (stops, "FLR-2", "stop", f"`if: always()` and `run: {COMMAND['stop']}`"),
        (checks, "FLR-1", "verify", f"`run: {COMMAND['verify']}`"),
    ):
        if not found:
            words = f"no step after the gate in its job runs {NAME[role]}"
            yield clause, gate.path, words, f"Add a step with {remedy}."
            before = None
            continue
        if before and found[0].number != before.number + 1:
            words = f"the step of {NAME[role]} does not stand directly behind that of {NAME[before.role]}"
            yield clause, found[0].path, words, "Write gate, stop and verify in this order, nothing between."
        before = found[0]
        for step in found:
            looked = evidence_folder(step)
            if written and looked != written and not faults(step):
                words = f"{NAME[role]} looks in {looked}, and the gate writes to {written}"
                yield clause, (*step.path, "run"), words, "Name one folder to gate, stop and verify."
            if _where(step) != _where(gate):
                words = f"{NAME[role]} starts in {_where(step)[:60]!r}, and the gate in {_where(gate)[:60]!r}"
                yield clause, step.path, words, "Give gate, stop and verify the same `working-directory`."
    url = [settings.database.url_variable] if settings.database.proof == "direct" else []
    yield from _secrets(gate, "PRE-4", "GITHUB_TOKEN", *settings.secrets, *url)
    for step in stops:
        yield from _secrets(step, "FLR-2")
    yield from _settings(gate, stops)
    if not faults(gate):
        yield from _inputs(gate)


def _where(step: WorkflowStep) -> str:
    return normpath(step.default("working-directory")[0] or ".")


def _secrets(step: WorkflowStep, clause: str, *more: str) -> Iterator[Breach]:
    """What a step asks the agent with stands in `env` of the workflow, of its job or of itself."""
    given = {name for body in (step.body, *step.above) for name in mapping(body.get("env"))}
    if missing := [name for name in dict.fromkeys((*ALWAYS_SECRET, *more)) if name not in given]:
        lines = {name: f"`{name}: ${{{{ secrets.{name} }}}}`" for name in missing}
        lines |= {"GITHUB_TOKEN": "`GITHUB_TOKEN: ${{ github.token }}`"} if "GITHUB_TOKEN" in missing else {}
        words = f"{NAME[step.role]} is not given {', '.join(missing)}"
        yield clause, step.path, words, f"Add to `env` of its step: {', '.join(lines.values())}."


def _inputs(gate: WorkflowStep) -> Iterator[Breach]:
    """The gate is told both inputs of the dispatch, or `dev` itself."""
    for name, clause, plain in (("environment", "TGT-1", "dev"), ("image_tag", "TRG-2", "(?!)")):
        told = input_of(gate, name)
        if re.fullmatch(rf"{plain}|\$\{{\{{\s*(?:github\.event\.)?inputs\.{name}\s*\}}\}}", told):
            continue
        words = (
            f"the gate is told {told[:60]!r} for the input `{name}`"
            if told
            else f"the gate is told no `{name}`"
        )
        remedy = f"Write `SMOKEDEPLOY_{name.upper()}: ${{{{ inputs.{name} }}}}` in `env` of its job."
        yield "TGT-3" if name == "environment" and is_prod(told) else clause, gate.path, words, remedy


def _settings(gate: WorkflowStep, stops: list[WorkflowStep]) -> Iterator[Breach]:
    """Gate and stop read one settings file."""
    remedy = "Name the same file to gate and stop, by `--smokedeploy-config` or SMOKEDEPLOY_CONFIG."
    read = settings_file(gate)
    for step in (gate, *stops):
        file = settings_file(step)
        if faults(gate) or faults(step):
            continue
        if file is None:
            yield "FLR-2", step.path, f"the settings file of {NAME[step.role]} is no plain path", remedy
        elif read and file != read:
            words = f"{NAME[step.role]} reads the settings {file}, and the gate {read}"
            yield "FLR-2", step.path, words, remedy
