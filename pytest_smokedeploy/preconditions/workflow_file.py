"""The deploy workflow's file: read once a run, and held against the one of the run's own commit (PRE-2)."""

import hashlib
import os
import re
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path
from typing import Final

from pytest_smokedeploy.judging import workflow_commands, workflow_policy
from pytest_smokedeploy.model import Finding
from pytest_smokedeploy.preconditions.github import ask
from pytest_smokedeploy.settings import RunConfig, Settings, yamlfile
from pytest_smokedeploy.settings.model import DEPLOY_WORKFLOW
from pytest_smokedeploy.settings.yamlfile import Document
from pytest_smokedeploy.support.errors import MisuseError, SettingsError

_UNJUDGED: Final = "What the workflow of this run may do could not be judged."
_COMMIT: Final = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


@dataclass(frozen=True, slots=True)
class WorkflowFile:
    """The workflow of the checkout.

    Attributes:
        raw: its bytes, b"" where it can't be read.
        document: what it holds, None where it is no workflow.
        fault: why it is none, "" where it is one.
        missing: whether nothing is there at all.

    """

    raw: bytes
    document: Document | None
    fault: str
    missing: bool = False

    def breaches(self, settings: Settings) -> list[MisuseError]:
        """What in it is not allowed, the worst first; [] of a file that is no workflow (PRE-2)."""
        return workflow_policy.breaches(self.document, settings) if self.document else []


def read(path: Path) -> WorkflowFile:
    """Read the workflow at `path`; whatever is wrong with it is its `fault`."""
    raw = b""
    try:
        raw = yamlfile.contents(path)
        document = yamlfile.parse(raw, path.name, aliases=True)
    except SettingsError as error:
        return WorkflowFile(raw, None, str(error), not os.path.lexists(path))
    if not isinstance(document.data, dict) or not isinstance(document.data.get("jobs"), dict):
        return WorkflowFile(raw, None, f"{path.name} is no workflow: it has no `jobs`")
    return WorkflowFile(raw, document, "")


def misuses(file: WorkflowFile, run: RunConfig) -> list[MisuseError]:
    """What makes a run of this workflow no gate, known before any request: the worst first.

    Beside what the file holds: this process is in the gate's job, reads the settings that the file names,
    and writes where the next steps look.
    """
    found = [e for e in file.breaches(run.settings) if e.clause not in workflow_policy.FOUND_LATER]
    gate = workflow_policy.gate_of(file.document) if file.document else None
    if run.rehearsal or gate is None:
        return found
    if run.github.job not in {"", gate.job}:
        words = f"This runs in the job {run.github.job!r}, and deploy.yml has the gate in {gate.job!r}."
        found.append(MisuseError(words, clause="FLR-1", remedy="Run the gate in that job's own step."))
    folder, workspace = workflow_commands.evidence_folder(gate), run.github.workspace
    if folder and workspace and (workspace / folder).resolve() != run.evidence.resolve():
        wanted = workspace / folder
        words = f"deploy.yml looks for the evidence in {wanted}, this run writes to {run.evidence}."
        remedy = "Name the folder in the workflow alone, by SMOKEDEPLOY_EVIDENCE or the gate's option."
        found.append(MisuseError(words, clause="FLR-2", remedy=remedy))
    named, start = workflow_commands.settings_file(gate), gate.default("working-directory")[0]
    if named and workspace and (workspace / start / named).resolve() != run.settings_file.resolve():
        words = (
            f"deploy.yml names the settings {workspace / start / named}, this run reads {run.settings_file}."
        )
        remedy = "Name the file in the workflow alone, by SMOKEDEPLOY_CONFIG or the option of gate and stop."
        found.append(MisuseError(words, clause="FLR-2", remedy=remedy))
    return found


def in_checkout(file: WorkflowFile) -> Finding:
    """PRE-2 as far as the checkout shows it: the file is there and is a workflow."""
    expected = f"the workflow file {DEPLOY_WORKFLOW}"
    if file.fault:
        # The clause's own words are those of a file that is missing.
        meaning = "" if file.missing else _UNJUDGED
        remedy = "" if file.missing else f"Mend {DEPLOY_WORKFLOW}."
        return Finding("PRE-2", False, expected, file.fault, meaning=meaning, remedy=remedy)
    return Finding("PRE-2", True, expected, f"{DEPLOY_WORKFLOW}, a workflow")


def finding(file: WorkflowFile, run: RunConfig) -> Finding:
    """PRE-2: it is there, and is the one of the run's own commit as GitHub has it."""
    if not (found := in_checkout(file)):
        return found
    expected = f"{found.expected} as it is in the run's own commit"
    sha = run.github.workflow_sha
    if not _COMMIT.fullmatch(sha):
        seen = "GITHUB_WORKFLOW_SHA names no commit to ask GitHub for"
        remedy = "Run the gate in GitHub Actions, which sets it."
        return Finding("PRE-2", None, expected, seen, None, remedy=remedy)
    reply = ask(run, f"/contents/{DEPLOY_WORKFLOW}?ref={sha}", "contents: read", kind="raw")
    if reply.fault:
        found = reply.unmet("PRE-2", expected, about=f"{DEPLOY_WORKFLOW} at {sha}")
        return replace(found, meaning=_UNJUDGED)
    if reply.body != file.raw:
        pairs = enumerate(zip_longest(file.raw.splitlines(), reply.body.splitlines()), 1)
        line = next((n for n, (here, there) in pairs if here != there), "no line, but in how lines end")
        seen = f"{DEPLOY_WORKFLOW} of the checkout ({_hash(file.raw)}) is not that of the commit {sha} "
        seen += f"({_hash(reply.body)}); they differ first in line {line}"
        remedy = "Check out the commit that the run was dispatched on, and let no step change the file."
        return Finding("PRE-2", False, expected, seen, meaning=_UNJUDGED, remedy=remedy)
    served = "the checkout's, which the rehearsal serves in GitHub's place"
    whose = served if run.rehearsal else f"that of {sha}"
    return Finding("PRE-2", True, expected, f"{DEPLOY_WORKFLOW}, {whose}")


def _hash(raw: bytes) -> str:
    return f"sha256 {hashlib.sha256(raw).hexdigest()[:12]}"


def no_automatic_trigger(file: WorkflowFile, settings: Settings) -> Finding:
    """TRG-3: `workflow_dispatch` and nothing else, in whatever spelling."""
    expected = f"`on: {workflow_policy.BY_HAND}` alone in {DEPLOY_WORKFLOW}"
    if file.fault:
        remedy = f"Mend {DEPLOY_WORKFLOW} first (PRE-2)."
        return Finding("TRG-3", None, expected, file.fault, None, remedy=remedy)
    if wrong := next((e for e in file.breaches(settings) if e.clause == "TRG-3"), None):
        return Finding("TRG-3", False, expected, wrong.message, remedy=wrong.remedy)
    return Finding("TRG-3", True, expected, f"{workflow_policy.BY_HAND} alone")
