"""The deploy workflow file: it exists (PRE-2), nothing but a person starts it (TRG-3), it asks for the right
inputs (TRG-2), and its job is given the environment's own secrets (PRE-4)."""  # noqa: D205, D209

from __future__ import annotations

from pathlib import Path
from typing import Final

from pytest_smokedeploy.model import Finding
from pytest_smokedeploy.preconditions.flow import Flow, fault, mapping
from pytest_smokedeploy.settings import is_prod
from pytest_smokedeploy.support.image import can_move

BY_HAND: Final = "workflow_dispatch"


def exists(file: Path, name: str) -> Finding:
    """PRE-2: the file is there and is a workflow."""
    expected = f"the workflow file {name}"
    if why := fault(file):
        return Finding("PRE-2", False, expected, why, remedy=f"Add {name}; `smokedeploy init` lays one in.")
    flow = Flow(file)
    jobs = {gate.job for gate in flow.gates()}
    missing = jobs and not any(step.stops for step in flow.steps() if step.job in jobs)
    note = "; no step of it runs `smokedeploy stop` after a gate that was killed" if missing else ""
    note = note or (f"; {hidden}" if (hidden := unseen(file)) else "")
    return Finding("PRE-2", True, expected, f"{name}, a workflow{note}")


def no_automatic_trigger(file: Path, name: str) -> Finding:
    """TRG-3: `workflow_dispatch` and nothing else, in whatever spelling."""
    expected = f"`on: {BY_HAND}` alone in {name}"
    if why := fault(file):
        return Finding("TRG-3", None, expected, why, None, remedy=f"Mend {name} first (PRE-2).")
    triggers = Flow(file).triggers()
    others = sorted(set(triggers) - {BY_HAND})
    if others:
        seen = f"also {', '.join(others)}"[:300]
        return Finding("TRG-3", False, expected, seen, remedy=f"Remove it from {name}.")
    if BY_HAND not in triggers:
        return Finding("TRG-3", False, expected, f"no {BY_HAND}", remedy=f"Add it to {name}.")
    return Finding("TRG-3", True, expected, f"{BY_HAND} alone")


def unseen(file: Path) -> str:
    """Why nothing can be said of what stands around the gate, or "": no step here is seen to run it."""
    if fault(file) or any(Flow(file).gates()):
        return ""
    return (
        f"no step of {file.name} is seen to run the gate, so whether a script or a called workflow runs it "
        "again or hides that it failed can't be told"
    )


def secrets_fault(file: Path, environment: str) -> str:
    """PRE-4: why the secrets that the gate's job is given are not those of `environment`, or ""."""
    if fault(file):
        return ""  # PRE-2's matter
    for gate in Flow(file).gates():
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
    if fault(file):
        return ""
    triggers = Flow(file).triggers()
    if set(triggers) != {BY_HAND}:
        return ""  # TRG-3 says what is worse
    inputs = mapping(mapping(triggers[BY_HAND]).get("inputs"))
    for name in ("environment", "image_tag"):
        if name not in inputs:
            return f"{file.name} has no input `{name}`"
    environment, tag = mapping(inputs["environment"]), mapping(inputs["image_tag"])
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
