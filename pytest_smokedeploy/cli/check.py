"""``smokedeploy check``: whatever a run would refuse that the repository itself shows, without a request."""

import argparse
import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from pytest_smokedeploy.client import AgentClient
from pytest_smokedeploy.contract import Extension
from pytest_smokedeploy.judging import workflow_commands, workflow_policy
from pytest_smokedeploy.model import Finding
from pytest_smokedeploy.plugin import listing
from pytest_smokedeploy.preconditions import Preconditions, database, ledger, workflow_file
from pytest_smokedeploy.settings import Options, RunConfig, resolve
from pytest_smokedeploy.settings.model import DEPLOY_WORKFLOW
from pytest_smokedeploy.settings.resolve import find_root
from pytest_smokedeploy.support.errors import MisuseError
from pytest_smokedeploy.support.output import say
from pytest_smokedeploy.support.redaction import Sanitiser


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the settings file, and whether somebody is asked."""
    parser.add_argument("--smokedeploy-config", "--config", dest="config", type=Path, default=None)
    words = "ask GitHub, edge and agent too, with the secrets in the environment; nothing is deployed"
    parser.add_argument("--live", action="store_true", help=words)


def run(parsed: argparse.Namespace) -> bool:
    """Print a line for each clause that the checkout decides, and for whatever else would refuse a run.

    Each is judged by what judges it in a run. Without ``--live`` neither GitHub nor the agent is asked,
    of the environment SMOKEDEPLOY_* variables alone are read, and no secret is needed.
    """
    options = _options(parsed)
    config = resolve(options, os.environ if parsed.live else {})
    mask = Sanitiser(config.named_secrets().values()).text
    workflow = workflow_file.read(config.workflow_file)
    findings = list(_findings(config, workflow))
    if parsed.live:
        findings = [*(finding for finding in findings if finding.clause != "PRE-5"), *_live(config, workflow)]
    for finding in findings:
        say(f"smokedeploy check: {'ok' if finding else 'NO':3} {mask(str(finding))}")
    refused = [error for error in workflow.breaches(config.settings) if error.clause != "TRG-3"]
    gate = workflow_policy.gate_of(workflow.document) if workflow.document else None
    refused += listing.unfit(options.folder, gate.variable(listing.AUTOLOAD, "") if gate else None)
    for error in refused:
        say(f"smokedeploy check: NO  {_told(error)}")
    return all(findings) and not refused


def _options(parsed: argparse.Namespace) -> Options:
    """The folder and the settings file that the workflow here gives the gate, where nothing else is named."""
    given = {"config": parsed.config, "environment": "dev"}
    root = find_root(Path.cwd())
    workflow = workflow_file.read(root / DEPLOY_WORKFLOW)
    gate = workflow_policy.gate_of(workflow.document) if workflow.document else None
    folder = workflow_commands.tests_folder(gate) if gate else ""
    if gate is None or not folder:
        return Options.merged(given, os.environ)
    start = root / (gate.default("working-directory")[0] or ".")
    options = Options.merged(given, os.environ, folder=Path(os.path.relpath(start / folder)))
    file = workflow_commands.settings_file(gate)
    return replace(options, config=options.config or (Path(os.path.relpath(start / file)) if file else None))


def _findings(config: RunConfig, workflow: workflow_file.WorkflowFile) -> Iterator[Finding]:
    yield ledger.steps_complete(config.ledger_file)
    yield workflow_file.in_checkout(workflow)
    yield workflow_file.no_automatic_trigger(workflow, config.settings)
    # What is left of PRE-5 only the database itself shows.
    if isinstance(found := database.in_checkout(config, workflow), Finding):
        yield found


def _live(config: RunConfig, workflow: workflow_file.WorkflowFile) -> Iterator[Finding]:
    """What GitHub, edge and agent say; of a run's own clauses none, since this is none."""
    with ExitStack() as stack:
        client = None
        if config.endpoint:
            client = AgentClient(config.endpoint, config.client_id, config.client_secret)
            stack.enter_context(client)
        asked = Preconditions(config, client, workflow)
        yield asked.agent_environment()
        yield asked.execution_plane()
        yield asked.github_environment()
        yield asked.secrets_set()
        yield asked.database()
        yield asked.agent_reachable()
        yield asked.inspected()
        said = (asked.status_asked or {}).get("extensions", [])
        if asked.status_asked and not (isinstance(said, list) and Extension.LOGS in said):
            words = "it lists no extension `logs`: no start-up log can be read, and no run ends in PASS"
            remedy = "Run the Deploy Agent that comes with this package, or an agent that lists `logs`."
            yield Finding("OBS-1", None, "an agent that serves the start-up log", words, None, remedy=remedy)


def _told(error: MisuseError) -> str:
    return f"{error.clause}: {error}" if error.clause else str(error)
