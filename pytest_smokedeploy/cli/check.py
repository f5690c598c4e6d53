"""``smokedeploy check``: whatever a run would refuse that the repository itself shows, without a request."""

import argparse
import os
from collections.abc import Iterator
from pathlib import Path

from pytest_smokedeploy.model import Finding
from pytest_smokedeploy.plugin import listing
from pytest_smokedeploy.preconditions import database, ledger, workflow_file
from pytest_smokedeploy.settings import Options, RunConfig, resolve
from pytest_smokedeploy.support.errors import MisuseError
from pytest_smokedeploy.support.output import say


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the settings file."""
    parser.add_argument("--smokedeploy-config", "--config", dest="config", type=Path, default=None)


def run(parsed: argparse.Namespace) -> bool:
    """Print a line for each clause that the checkout decides, and for whatever else would refuse a run.

    Each is judged by what judges it in a run. Neither GitHub nor the agent is asked; of the environment
    SMOKEDEPLOY_* variables alone are read, and no secret is needed.
    """
    options = Options.merged({"config": parsed.config, "environment": "dev"}, os.environ)
    config = resolve(options, {})
    workflow = workflow_file.read(config.workflow_file)
    findings = list(_findings(config, workflow))
    for finding in findings:
        say(f"smokedeploy check: {'ok' if finding else 'NO':3} {finding}")
    refused = [error for error in workflow.breaches(config.settings) if error.clause != "TRG-3"]
    refused += listing.unfit(options.folder)
    for error in refused:
        say(f"smokedeploy check: NO  {_told(error)}")
    return all(findings) and not refused


def _findings(config: RunConfig, workflow: workflow_file.WorkflowFile) -> Iterator[Finding]:
    yield ledger.steps_complete(config.ledger_file)
    yield workflow_file.in_checkout(workflow)
    yield workflow_file.no_automatic_trigger(workflow, config.settings)
    # What is left of PRE-5 only the database itself shows.
    if isinstance(found := database.in_checkout(config), Finding):
        yield found


def _told(error: MisuseError) -> str:
    return f"{error.clause}: {error}" if error.clause else str(error)
