"""The three commands of ours in a workflow: gate, stop, verify, each a simple command (docs/workflow.md)."""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from posixpath import normpath
from typing import Final

from pytest_smokedeploy.judging import shell_command
from pytest_smokedeploy.judging.workflow_steps import WorkflowStep, ours

#: How each is written.
COMMAND: Final = {
    "gate": "exec .venv/bin/pytest -p smokedeploy smoke_tests",
    "stop": "exec .venv/bin/smokedeploy stop",
    "verify": 'exec .venv/bin/smokedeploy verify FOLDER --run "$GITHUB_RUN_ID"',
}
NAME: Final = {"gate": "the gate", "stop": "`smokedeploy stop`", "verify": "`smokedeploy verify`"}

_PROGRAM: Final = re.compile(r"(?:[^=$]*/)?(pytest|smokedeploy)")
_PYTHON: Final = re.compile(r"[^=$]*/python[\d.]*")
_TESTS: Final = re.compile(r"(?:[\w.-]+/)*smoke_tests/?", re.ASCII)
_AGAIN: Final = re.compile(r"\b(?:for|while|until|select)\b|retr(?:y|ies)", re.IGNORECASE)
_PLACE: Final = r"[\w./@+][\w./@+-]*"
_VALUE: Final = r"[^$-][^$]*"
_FROM_INPUT: Final = rf"(?:{_VALUE}|\$SMOKEDEPLOY_\w+)"
_GATE_OPTIONS: Final = {
    "-p": "smokedeploy",
    "--color": _VALUE,
    "--tb": _VALUE,
    "--smokedeploy-environment": _FROM_INPUT,
    "--smokedeploy-image-tag": _FROM_INPUT,
    "--smokedeploy-config": _PLACE,
    "--smokedeploy-evidence": _PLACE,
}
_STOP_OPTIONS: Final = dict.fromkeys(
    ("--evidence", "--smokedeploy-evidence", "--config", "--smokedeploy-config"), _PLACE
)
_HOURS: Final = r"\d{1,6}(?:\.\d{1,6})?"
_VERIFY_OPTIONS: Final = {"--run": r"\$GITHUB_RUN_ID", "--max-age": _HOURS, "--image-digest": _VALUE}


def evidence_folder(step: WorkflowStep) -> str | None:
    """The folder that a step of ours reads or writes, seen from the checkout; None where it is not plain."""
    with suppress(shell_command.NotSimpleError):
        operands, given, _ = _read(step)
        folder = _chosen(step, given, "evidence", "smoke-evidence")
        if step.role == "verify":
            folder = "".join(operands[3:4])
        where = step.default("working-directory")[0] or "."
        if all(re.fullmatch(_PLACE, part, re.ASCII) for part in (folder, where)):
            return normpath(folder if folder.startswith("/") else f"{where}/{folder}")
    return None


def settings_file(step: WorkflowStep) -> str | None:
    """The settings file that gate or stop reads, seen from where it starts; None where it is not plain."""
    with suppress(shell_command.NotSimpleError):
        operands, given, _ = _read(step)
        folder = "".join(operands[2:3]) if step.role == "gate" else "smoke_tests"
        file = _chosen(step, given, "config", "") or f"{folder}/smokedeploy.yml"
        return normpath(file) if re.fullmatch(_PLACE, file, re.ASCII) else None
    return None


def tests_folder(gate: WorkflowStep) -> str:
    """The folder of checks that the gate is given, seen from where it starts; "" where it is not plain."""
    with suppress(shell_command.NotSimpleError):
        return "".join(_read(gate)[0][2:3])
    return ""


def input_of(gate: WorkflowStep, name: str) -> str:
    """What the gate is told for an input of the dispatch, as the workflow writes it; "" for nothing."""
    told = ""
    with suppress(shell_command.NotSimpleError):
        told = _read(gate)[1].get(f"--smokedeploy-{name.replace('_', '-')}", "")
    variable = told.removeprefix("$") if told.startswith("$") else f"SMOKEDEPLOY_{name.upper()}"
    return gate.variable(variable, "").strip() if told[:1] in {"", "$"} else told


def _chosen(step: WorkflowStep, given: Mapping[str, str], name: str, unset: str) -> str:
    """What a step is told by an option, or by the variable of that name; `unset` for nothing."""
    told = [value for option, value in given.items() if option.endswith(f"-{name}")]
    return told[-1] if told else step.variable(f"SMOKEDEPLOY_{name.upper()}", unset)


def is_check(step: WorkflowStep) -> bool:
    """Whether a step is `smokedeploy check` and nothing else of ours."""
    if ours({**step.body, "name": "", "run": ""}, step.path):
        return False
    try:
        words = shell_command.words(step.run)
    except shell_command.NotSimpleError:
        return False
    operands, _, odd = shell_command.options(words[words[0] == "exec" :], {"--config": _PLACE}, "(?!)")
    program = _PROGRAM.fullmatch(operands[0]) if operands else None
    return not odd and program is not None and program[1] == "smokedeploy" and operands[1:] == ["check"]


def faults(step: WorkflowStep) -> list[tuple[str, str]]:
    """(clause, words) of what keeps a step of ours from being its one command; the first that is found."""
    whose = NAME[step.role]
    if not step.run:
        action = str(step.body.get("uses"))[:100]
        again = _AGAIN.search(action)
        words = f"the action {action!r} runs {whose}{' again when it fails' if again else ''}"
        return [("FLR-4" if again else "FLR-1", words)]
    try:
        operands, given, odd = _read(step)
    except shell_command.NotSimpleError as error:
        loop = _AGAIN.search(step.run) if step.role == "gate" else None
        words = f"{whose} is not started by one simple command: {error}"
        return [("FLR-4", f"{words}; `{loop[0]}` may run it again") if loop else ("FLR-1", words)]
    if operands[:1] != ["exec"]:
        words = f"the command of {whose} does not begin with `exec`"
        if step.role == "gate":
            words += ": a cancelled job's SIGINT reaches the step's shell alone, and the container runs on"
        return [("FLR-1" if step.role == "verify" else "FLR-2", words)]
    wrong = next(_wrong(step.role, operands[1:], given, odd), "")
    return [("FLR-1", wrong)] if wrong else []


def _wrong(role: str, operands: list[str], given: Mapping[str, str], odd: str) -> Iterator[str]:
    """What is wrong with a simple command of ours after its `exec`."""
    program = _PROGRAM.fullmatch(operands[0]) if operands else None
    if operands and (program is None or program[1] != ("pytest" if role == "gate" else "smokedeploy")):
        yield f"`exec` starts {operands[0][:60]!r}, and not {NAME[role]}"
    if odd:
        yield f"{NAME[role]} may not be given {odd[:60]!r}"
    if role == "gate":
        if given.get("-p") != "smokedeploy":
            yield "the gate is started without `-p smokedeploy`"
        if len(operands) != 2 or not _TESTS.fullmatch(operands[1]):  # noqa: PLR2004 - program and folder
            yield f"the gate is given {' '.join(operands[1:])[:60]!r}, and not the folder smoke_tests alone"
        return
    if operands[1:2] != [role] or len(operands) != (3 if role == "verify" else 2):
        yield f"{NAME[role]} is given {' '.join(operands[1:])[:60]!r}"
    if role == "verify" and "--run" not in given:
        yield "`smokedeploy verify` takes the evidence of any run"
    if float(age := given.get("--max-age", "1")) * 60 < 1:
        yield f"`--max-age {age}` is less than a minute: verify may come later; 1 is an hour"


def _read(step: WorkflowStep) -> tuple[list[str], dict[str, str], str]:
    """Operands, options and the first odd word of a step's command."""
    valued, flags = {
        "gate": (_GATE_OPTIONS, "-v+|-q+"),
        "stop": (_STOP_OPTIONS, "(?!)"),
        "verify": (_VERIFY_OPTIONS, "(?!)"),
    }[step.role]
    words = shell_command.words(step.run)
    if words[2:3] == ["-m"] and _PYTHON.fullmatch(words[1]):
        module = {"pytest": "pytest", "pytest_smokedeploy": "smokedeploy"}.get("".join(words[3:4]), "")
        words[1:4] = [module]
    return shell_command.options(words, valued, flags)
