"""``smokedeploy check``: what a repository can show of its own preconditions, without asking anybody."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pytest_smokedeploy.model import Finding
from pytest_smokedeploy.preconditions import ledger, workflow_file
from pytest_smokedeploy.settings import Options, resolve
from pytest_smokedeploy.support.errors import MisuseError


def look_over(config: Path | None, environ: Mapping[str, str]) -> tuple[list[Finding], list[MisuseError]]:
    """What settings, phase ledger and the checkout's workflow say; neither GitHub nor the agent is asked.

    Args:
        config: the settings file, or None for the smoke tests' own.
        environ: the environment; SMOKEDEPLOY_CONFIG alone is heeded, and no secret is needed.

    Returns:
        A finding each for PRE-1, PRE-2 and TRG-3, and whatever else the workflow may not hold.

    Raises:
        SmokedeployError: the settings file is wrong.

    """
    run = resolve(Options.merged({"config": config, "environment": "dev"}, environ), {})
    workflow = workflow_file.read(run.workflow_file)
    findings = [
        ledger.steps_complete(run.ledger_file),
        workflow_file.in_checkout(workflow),
        workflow_file.no_automatic_trigger(workflow, run.settings),
    ]
    return findings, [error for error in workflow.breaches(run.settings) if error.clause != "TRG-3"]
