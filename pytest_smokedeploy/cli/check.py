"""``smokedeploy check``: the preconditions that the repository itself shows, without a request."""

import argparse
import os
from pathlib import Path

from pytest_smokedeploy.preconditions import ledger, workflow_file
from pytest_smokedeploy.settings import Options, resolve
from pytest_smokedeploy.support.output import say


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the settings file."""
    parser.add_argument("--smokedeploy-config", "--config", dest="config", type=Path, default=None)


def run(parsed: argparse.Namespace) -> bool:
    """Print a line for PRE-1, PRE-2, TRG-3, and whatever else the workflow may not hold.

    Neither GitHub nor the agent is asked; of the environment SMOKEDEPLOY_* variables alone are read, and no
    secret is needed.
    """
    options = Options.merged({"config": parsed.config, "environment": "dev"}, os.environ)
    config = resolve(options, {})
    workflow = workflow_file.read(config.workflow_file)
    findings = [
        ledger.steps_complete(config.ledger_file),
        workflow_file.in_checkout(workflow),
        workflow_file.no_automatic_trigger(workflow, config.settings),
    ]
    breaches = [error for error in workflow.breaches(config.settings) if error.clause != "TRG-3"]
    for finding in findings:
        say(f"smokedeploy check: {'ok' if finding else 'NO':3} {finding}")
    for error in breaches:
        say(f"smokedeploy check: NO  {error.clause}: {error}")
    return all(findings) and not breaches
