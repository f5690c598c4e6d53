"""The deploy workflow file: it exists (PRE-2), and nothing but a person starts it (TRG-3)."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pytest_smokedeploy.errors import SettingsError
from pytest_smokedeploy.model import Finding
from pytest_smokedeploy.settings import yamlfile

BY_HAND: Final = "workflow_dispatch"


def exists(file: Path, name: str) -> Finding:
    """PRE-2: the file is there and is a workflow."""
    expected = f"the workflow file {name}"
    fault = _fault(file)
    return Finding("PRE-2", not fault, expected, fault or f"{name}, a workflow")


def no_automatic_trigger(file: Path, name: str) -> Finding:
    """TRG-3: `workflow_dispatch` and nothing else, in whatever spelling."""
    expected = f"`on: {BY_HAND}` alone in {name}"
    if fault := _fault(file):
        return Finding("TRG-3", None, expected, fault, None)
    triggers = _triggers(file)
    others = sorted(set(triggers) - {BY_HAND})
    if others:
        seen, meaning = f"also {', '.join(others)}", "The workflow can start without a person."
        return Finding("TRG-3", False, expected, seen, meaning=meaning, remedy=f"Remove it from {name}.")
    if BY_HAND not in triggers:
        return Finding("TRG-3", False, expected, f"no {BY_HAND}", remedy=f"Add it to {name}.")
    return Finding("TRG-3", True, expected, f"{BY_HAND} alone")


def _fault(file: Path) -> str:
    try:
        document = yamlfile.read(file)
    except SettingsError as error:
        return str(error)
    if not isinstance(document.data, dict) or "jobs" not in document.data:
        return f"{file.name} is no workflow: it has no `jobs`"
    return ""


def _triggers(file: Path) -> list[str]:
    """Every trigger under `on`, in list, map and string spelling; YAML 1.1's `true` counts as `on`."""
    data = yamlfile.read(file).data
    found: list[str] = []
    for key in ("on", "On", "ON", "true", "True", "TRUE", "yes", "Yes", "YES", "y", "Y"):
        value = data.get(key)
        if isinstance(value, str):
            found.append(value)
        elif isinstance(value, (list, dict)):
            found += [str(item) for item in value]
    return found
