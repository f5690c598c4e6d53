"""GitHub's own variables of this run (FACTS: GitHub Actions)."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final, Self

from pytest_smokedeploy.support.redaction import Secret

#: GitHub's own limit for the inputs of a dispatch is 65,535 characters; an event holds the repository too.
_EVENT_BYTES: Final = 1024 * 1024
#: The id of a run, a number of up to 64 bits.
RUN_ID: Final = re.compile(r"[1-9][0-9]{0,18}")


@dataclass(frozen=True, slots=True)
class GitHubRun:
    """GitHub's variables of this run; "" and 0 where one is not set."""

    api_url: str
    server_url: str
    repository: str
    event_name: str
    workflow_ref: str
    #: What the workflow was dispatched with; {} where there is no event, None where it can't be read.
    inputs: Mapping[str, str] | None
    #: The commit that the workflow file of this run is of.
    workflow_sha: str
    run_id: str
    run_attempt: int
    #: The job's key in the workflow file.
    job: str
    actor: str
    sha: str
    ref: str
    token: Secret | None
    workspace: Path | None
    in_actions: bool

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Self:
        """Read the variables of `environ`; nothing is required here, the checks do that."""
        said = {one.name: environ.get(f"GITHUB_{one.name.upper()}", "") for one in fields(cls)}
        attempt = said["run_attempt"]
        plain: dict[str, Any] = said | {
            "api_url": said["api_url"].rstrip("/"),
            "server_url": said["server_url"].rstrip("/"),
            "inputs": _inputs(environ.get("GITHUB_EVENT_PATH", "")),
            "run_attempt": int(attempt) if attempt.isascii() and attempt.isdigit() else 0,
            "token": Secret(said["token"]) if said["token"].strip() else None,
            "workspace": Path(said["workspace"]) if said["workspace"] else None,
            "in_actions": environ.get("GITHUB_ACTIONS") == "true",
        }
        return cls(**plain)

    @property
    def workflow_file(self) -> str:
        """The workflow's path from the root, out of ``o/r/.github/workflows/f.yml@refs/heads/b``."""
        path = self.workflow_ref.partition("@")[0]
        return path.removeprefix(f"{self.repository}/") if self.repository else path

    @property
    def run_url(self) -> str:
        """Where a person looks at the run, or ""."""
        return self.url_of(self.run_id)

    def url_of(self, run_id: str) -> str:
        """Where a person looks at a run of this repository; "" for what is no run's id."""
        if not (self.server_url and self.repository and RUN_ID.fullmatch(run_id)):
            return ""
        return f"{self.server_url}/{self.repository}/actions/runs/{run_id}"


def _inputs(path: str) -> dict[str, str] | None:
    if not path:
        return {}
    try:
        with Path(path).open("rb") as file:
            event = json.loads(file.read(_EVENT_BYTES))
        inputs = event.get("inputs") or {}
        return {str(name): str(value) for name, value in inputs.items()}
    except (OSError, ValueError, RecursionError, AttributeError):
        return None
