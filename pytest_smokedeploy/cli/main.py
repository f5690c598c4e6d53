"""``smokedeploy``: the table of its commands."""

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Final

from pytest_smokedeploy import __version__
from pytest_smokedeploy.model import EXIT_FAILED, EXIT_OK
from pytest_smokedeploy.support.documents import documents
from pytest_smokedeploy.support.errors import SmokedeployError
from pytest_smokedeploy.support.output import say

#: A command's help. Its module has the same name: `arguments` adds to its parser, `run` returns whether all
#: is well.
COMMANDS: Final = {
    "init": "lay the smoke tests and the workflow into a repository",
    "check": "say what a run would refuse that the checkout shows: settings, ledger, workflow, checks",
    "log": "read a captured log against the settings, line by line",
    "stop": "stop what an interrupted run left deployed, as its journal tells",
    "release": "take the agent's hold off through Access, as the person who looked",
    "verify": "exit 0 only for a live PASS that is whole and consistent",
    "compare": "what changed between two runs, by their evidence folders",
    "agent": "serve the Deploy Agent (settings from the environment); `agent init` lays it on a server",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status: 0 done, 1 refused or failed, 2 wrong usage."""
    parser = argparse.ArgumentParser(
        prog="smokedeploy",
        description="The smoke deploy's own commands.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    version = f"pytest-smokedeploy {__version__}\ndocuments: {documents()}"
    parser.add_argument(
        "--version", action="version", version=version, help="say it, and where documents are"
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    named = (sys.argv[1:] if argv is None else argv)[:1]
    for name, words in COMMANDS.items():
        one = commands.add_parser(name, help=words)
        # The others are not loaded: they need most of the gate.
        if name in named:
            command = import_module(f"pytest_smokedeploy.cli.{name}")
            command.arguments(one)
            one.set_defaults(run=command.run)
    parsed = parser.parse_args(argv)
    try:
        return EXIT_OK if parsed.run(parsed) else EXIT_FAILED
    except SmokedeployError as error:
        say(f"smokedeploy: {error}", sys.stderr)
    except OSError as error:
        say(f"smokedeploy: {error.filename or 'a file'}: {error.strerror or error}.", sys.stderr)
    return EXIT_FAILED
