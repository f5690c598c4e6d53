"""``smokedeploy``: the table of its commands."""

import argparse
import sys
from collections.abc import Sequence
from typing import Final

from pytest_smokedeploy.cli import agent, check, init, log, stop, verify
from pytest_smokedeploy.model import EXIT_FAILED, EXIT_OK
from pytest_smokedeploy.support.errors import SmokedeployError
from pytest_smokedeploy.support.output import say

#: A command's help, and its module: `arguments` adds to its parser, `run` returns whether all is well.
COMMANDS: Final = {
    "init": ("lay the smoke tests and the workflow into a repository", init),
    "check": ("hold settings, ledger and workflow file against the model", check),
    "log": ("read a captured log against the settings, line by line", log),
    "stop": ("stop what an interrupted run left deployed, as its journal tells", stop),
    "verify": ("exit 0 only for a live PASS that is whole and consistent", verify),
    "agent": ("serve the Deploy Agent (settings from the environment)", agent),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status: 0 done, 1 refused or failed, 2 wrong usage."""
    parser = argparse.ArgumentParser(prog="smokedeploy", description="The smoke deploy's own commands.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, (words, command) in COMMANDS.items():
        one = commands.add_parser(name, help=words)
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
