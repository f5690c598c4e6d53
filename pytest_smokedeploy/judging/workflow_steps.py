"""A workflow document as triggers, jobs and steps; `workflow_policy` judges them."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pytest_smokedeploy.settings.yamlfile import Place

#: Clause, place, what is wrong there, and how to write it.
Breach = tuple[str, Place, str, str]
#: Spellings of `on` that some YAML reader takes for it.
ON: Final = ("on", "On", "ON", "true", "True", "TRUE", "yes", "Yes", "YES", "y", "Y")
#: The gate's own words; `pytest-smokedeploy` is the package that a step installs.
_OURS: Final = re.compile(r"(?<!pytest-)smokedeploy", re.IGNORECASE)
_INSTALLED: Final = re.compile(r"\bpip\d? install\b[\w ./:,=<>~\[\]\"'-]*?\bpytest_smokedeploy(?![\w/])")
#: Names of files, caches and artifacts in what an action is given, which runs no command by them.
_NAMED: Final = re.compile(r"smokedeploy(?:\.ya?ml\b|-(?=[\w$]))")
_COMMANDS: Final = re.compile(r"retr(?:y|ies)", re.IGNORECASE)
#: Keys from the root to a step, and to a job.
_STEP_DEPTH, _JOB_DEPTH = 4, 2
_ROLES: Final = (
    ("gate", re.compile(r"\bpytest(?![\w/-])|-p\s*smokedeploy")),
    ("stop", re.compile(r"smokedeploy\W+stop\b")),
    ("verify", re.compile(r"smokedeploy\W+verify\b")),
)


def mapping(value: object) -> Mapping[str, Any]:
    """`value` where it is a mapping, an empty one where it is not."""
    return value if isinstance(value, dict) else {}


def ours(value: object, path: Place, *, named: bool = False) -> Place | None:
    """Where a part of the workflow, which stands at `path`, first names the gate; None for nowhere.

    Args:
        value: the part.
        path: keys and indices from the root.
        named: whether a file, a cache or an artifact of that name is none of it.

    """
    if isinstance(value, str):
        value = _INSTALLED.sub("", value)
        value = _NAMED.sub("", value) if named and "pytest" not in value else value
        return path if _OURS.search(value) else None
    parts: Iterable[tuple[Any, Any]] = value.items() if isinstance(value, dict) else ()
    if isinstance(value, list):
        parts = enumerate(value)
    for key, part in parts:
        if isinstance(key, str) and _OURS.search(key):
            return (*path, key)
        if key == "needs" and len(path) == _JOB_DEPTH:
            continue
        given = key == "with" and len(path) == _STEP_DEPTH and isinstance(value, dict)
        given = given and not _COMMANDS.search(str(mapping(value).get("uses")))
        if found := ours(part, (*path, key), named=named or given):
            return found
    return None


@dataclass(frozen=True, slots=True)
class WorkflowStep:
    """One step of a job.

    Attributes:
        above: the job's body, then the workflow's.

    """

    job: str
    number: int
    body: Mapping[str, Any]
    above: tuple[Mapping[str, Any], Mapping[str, Any]]

    @property
    def path(self) -> Place:
        """Where it stands in the document."""
        return ("jobs", self.job, "steps", self.number)

    @property
    def run(self) -> str:
        """Its script, "" where it has none."""
        run = self.body.get("run")
        return run if isinstance(run, str) else ""

    @property
    def role(self) -> str:
        """Its purpose by its text: gate, stop, verify, ours (another use of the name), or ""."""
        if ours(self.body, self.path) is None:
            return ""
        text = self.run or " ".join(str(value) for value in mapping(self.body.get("with")).values())
        roles = _ROLES if _OURS.search(text) else ()
        return next((role for role, words in roles if words.search(text)), "ours")

    def default(self, key: str) -> tuple[str, Place]:
        """Its `shell` or `working-directory`, its own before the job's and the workflow's; "" for none."""
        bodies = (self.body, *(mapping(mapping(body.get("defaults")).get("run")) for body in self.above))
        paths: tuple[Place, ...] = (self.path, ("jobs", self.job, "defaults", "run"), ("defaults", "run"))
        for body, path in zip(bodies, paths, strict=True):
            if body.get(key) is not None:
                return str(body[key]), (*path, key)
        return "", self.path

    def variable(self, name: str, unset: str) -> str:
        """What the workflow sets the variable to for this step, `unset` where it does not."""
        envs = (mapping(body.get("env")) for body in (self.body, *self.above))
        return next((str(env[name] or "") for env in envs if name in env), unset)


def triggers(workflow: Mapping[str, Any]) -> dict[str, tuple[Any, Place]]:
    """Every trigger under `on`, in list, map and string spelling: its settings, and where it stands."""
    found: dict[str, tuple[Any, Place]] = {}
    for key in ON:
        value = workflow.get(key)
        if isinstance(value, dict):
            found |= {name: (body, (key, name)) for name, body in value.items()}
        elif isinstance(value, list):
            found |= {str(name): (None, (key, place)) for place, name in enumerate(value)}
        elif isinstance(value, str):
            found[value] = (None, (key,))
    return found


def steps(workflow: Mapping[str, Any]) -> Iterator[WorkflowStep]:
    """Every step of every job; `jobs` is a mapping."""
    for job, body in workflow["jobs"].items():
        found = mapping(body).get("steps")
        for number, step in enumerate(found if isinstance(found, list) else []):
            if isinstance(step, dict):
                yield WorkflowStep(job, number, step, (body, workflow))
