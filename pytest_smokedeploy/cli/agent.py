"""``smokedeploy agent``: serves the Deploy Agent; its arguments are the agent's own."""

import argparse
import os

from pytest_smokedeploy.support.errors import SmokedeployError


def arguments(parser: argparse.ArgumentParser) -> None:
    """Take every argument as it is."""
    parser.prefix_chars = ""
    parser.add_argument("arguments", nargs=argparse.REMAINDER)


def run(parsed: argparse.Namespace) -> bool:
    """Serve until told to end; false where the agent could not start.

    Raises:
        SmokedeployError: what the agent needs is not installed.

    """
    try:
        from pytest_smokedeploy.agent.main import run as serve  # noqa: PLC0415 - the agent's extra may be absent
    except ImportError as error:
        words = f"The agent can't be loaded here: {error}."
        raise SmokedeployError(
            words, remedy="Install pytest-smokedeploy with its extras `agent` and `database`."
        ) from error
    return serve(parsed.arguments, os.environ) == 0
