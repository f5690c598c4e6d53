"""A workflow file as its triggers and its steps: what is read of it, and judged by nobody here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from posixpath import normpath
from typing import Any, Final

from pytest_smokedeploy.preconditions import script
from pytest_smokedeploy.settings import yamlfile
from pytest_smokedeploy.support.errors import SettingsError

#: YAML 1.1 reads `on` as true, and a key that some reader takes for `on` counts.
_ON: Final = ("on", "On", "ON", "true", "True", "TRUE", "yes", "Yes", "YES", "y", "Y")
_GATE_IN_ACTION: Final = re.compile(r"pytest[^\n]*(?:smokedeploy|smoke_tests)")
_BY_MATRIX: Final = re.compile(r"\$\{\{\s*matrix\.([\w-]+)\s*\}\}")


@dataclass(frozen=True, slots=True)
class Step:
    """One step, its job, and where both stand in the file."""

    job: str
    number: int
    body: Mapping[str, Any]
    jobs_body: Mapping[str, Any]
    shell: str
    line: int

    @property
    def script(self) -> str:
        """Its shell script, "" where it has none that is read here."""
        run = self.body.get("run")
        # PowerShell and Python are read by nobody here: nothing certain can be said of them.
        return run if isinstance(run, str) and self.shell.split(" ")[0] in {"", "bash", "sh"} else ""

    @property
    def stops(self) -> bool:
        """Whether it stops what a killed run left."""
        return script.runs(self.script, "smokedeploy", "stop")

    @property
    def times(self) -> int:
        """How often it runs the gate, as far as its own text tells."""
        return script.runs_gate(self.script) or int(self.by_action())

    def by_action(self) -> bool:
        """Whether an action runs the gate for it."""
        given = mapping(self.body.get("with")).values()
        return "uses" in self.body and any(_GATE_IN_ACTION.search(str(value)) for value in given)

    @property
    def environments(self) -> list[str]:
        """The environments that the job names, those of a matrix each by name; [] where it names none."""
        where = self.jobs_body.get("environment")
        where = str((where.get("name") if isinstance(where, dict) else where) or "").strip()
        by_matrix = _BY_MATRIX.fullmatch(where)
        if not by_matrix:
            return [where] if where else []
        matrix, key = mapping(self.matrix), by_matrix[1]
        values, rows = matrix.get(key), matrix.get("include")
        found = [str(value) for value in values] if isinstance(values, list) else []
        found += [str(mapping(row).get(key) or "") for row in (rows if isinstance(rows, list) else [])]
        return [name for name in found if name] or [where]

    @property
    def job_name(self) -> str | None:
        """Its job's name as GitHub's API tells it (FACTS: GitHub REST); None where only the run knows it."""
        name = self.jobs_body.get("name")
        plain = self.job if name is None else name
        known = isinstance(plain, str) and plain.strip() and "${{" not in plain and self.matrix is None
        return plain.strip() if known else None

    @property
    def matrix(self) -> object:
        """Its job's matrix, None where it has none."""
        return mapping(self.jobs_body.get("strategy")).get("matrix")


class Flow:
    """A workflow file that `fault` has nothing against."""

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

    def steps(self) -> Iterator[Step]:
        """Every step of every job."""
        above = _shell(self._data)
        for job, body in self._data["jobs"].items():
            steps = mapping(body).get("steps")
            for number, step in enumerate(steps if isinstance(steps, list) else []):
                if isinstance(step, dict):
                    line = self._line(("jobs", job, "steps", number)) or 1
                    shell = str(step.get("shell") or _shell(body) or above)
                    yield Step(job, number, step, body, shell, line)

    def gates(self) -> Iterator[Step]:
        """The steps that run the gate."""
        return (step for step in self.steps() if step.times)

    def evidence(self, step: Step) -> str | None:
        """A step's evidence folder, absolute or seen from the checkout; None where that is not certain."""
        folder, where = script.evidence(step.script), str(step.body.get("working-directory") or "")
        for body in (step.body, step.jobs_body, self._data):
            folder = folder or str(mapping(body.get("env")).get("SMOKEDEPLOY_EVIDENCE") or "")
            runs = mapping(mapping(body.get("defaults")).get("run"))
            where = where or str(runs.get("working-directory") or "")
        folder = folder or "smoke-evidence"
        path = normpath(folder if folder.startswith("/") else f"{where or '.'}/{folder}")
        return path if step.script and "$" not in path and not script.moves(step.script) else None


def job_name(file: Path, key: str) -> tuple[str, str]:
    """The name that GitHub's API gives the gate's job.

    Args:
        file: the workflow of this run.
        key: the key of the job that runs (``GITHUB_JOB``), "" where it is not told.

    Returns:
        (name, ""), or ("", why it is not known).

    """
    if why := fault(file):
        return "", why
    steps = list(Flow(file).gates()) or list(Flow(file).steps())
    found = {step.job: step for step in steps if key in {step.job, ""}}
    if len(found) != 1:
        return "", f"which job of {file.name} runs the gate is not known"
    (step,) = found.values()
    if step.job_name is None:
        words = "has a `name:` or a matrix that GitHub fills in as it runs; give it a plain name"
        return "", f"{file.name}: the gate's job {step.job!r} {words}"
    return step.job_name, ""


def _shell(body: Mapping[str, Any]) -> str:
    return str(mapping(mapping(body.get("defaults")).get("run")).get("shell") or "")


def mapping(value: object) -> Mapping[str, Any]:
    """`value` where it is a mapping, an empty one where it is not."""
    return value if isinstance(value, dict) else {}


def fault(file: Path) -> str:
    """Why the file is no workflow, or ""."""
    try:
        document = yamlfile.read(file)
    except SettingsError as error:
        return str(error)
    if not isinstance(document.data, dict) or not isinstance(document.data.get("jobs"), dict):
        return f"{file.name} is no workflow: it has no `jobs`"
    return ""
