"""``smokedeploy check``: what a repository can show of its own preconditions, without asking anybody."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pytest_smokedeploy.model import Finding
from pytest_smokedeploy.preconditions import Preconditions, around
from pytest_smokedeploy.settings import Options, resolve


def look_over(config: Path | None, environ: Mapping[str, str]) -> list[Finding]:
    """What settings, phase ledger and workflow file say; nothing is asked of GitHub or the agent.

    Args:
        config: the settings file, or None for the smoke tests' own.
        environ: the environment; SMOKEDEPLOY_CONFIG alone is heeded, and no secret is needed.

    Returns:
        A finding each for PRE-1, PRE-2 and TRG-3.

    Raises:
        SmokedeployError: the settings file is wrong, or the workflow runs the gate again or hides its end.

    """
    run = resolve(Options.merged({"config": config, "environment": "dev"}, environ), {})
    if faults := around.misuses(run.workflow_file):
        raise faults[0]
    preconditions = Preconditions(run, None)
    return [
        preconditions.phase_steps(),
        preconditions.workflow_file(),
        preconditions.no_automatic_trigger(),
    ]
