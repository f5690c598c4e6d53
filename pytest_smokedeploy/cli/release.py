"""``smokedeploy release``: a person takes the agent's hold off through Access, as themselves (FLR-3)."""

import argparse
import os
import subprocess
from typing import Final

from pytest_smokedeploy.client import person
from pytest_smokedeploy.support import release_commands
from pytest_smokedeploy.support.errors import SmokedeployError
from pytest_smokedeploy.support.output import say
from pytest_smokedeploy.support.redaction import Secret, one_line

#: A token that is there is printed at once; longer it waits for a browser.
_SECONDS: Final = 30
_OTHERWISE: Final = f"Or release the hold {release_commands.on_the_server()}."


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the agent's address and the reason."""
    parser.add_argument("--agent", metavar="URL", default=os.environ.get("DEPLOY_ENDPOINT", ""))
    parser.add_argument("--reason", required=True, help="what was found; the agent's status tells it")


def run(parsed: argparse.Namespace) -> bool:
    """Take the hold off.

    Raises:
        SmokedeployError: nobody is logged in, the agent can't be reached, or it says no.

    """
    if not parsed.agent.strip():
        words = "Whose hold is not said: neither --agent nor DEPLOY_ENDPOINT is set."
        raise SmokedeployError(words, remedy="Name the agent's address: --agent https://host.")
    person.release(parsed.agent.strip(), _token(parsed.agent.strip()), parsed.reason)
    say("smokedeploy release: the hold is off; the agent's status says who released it, when and why")
    return True


def _token(agent: str) -> Secret:
    """The person's token, as cloudflared keeps it after a login."""
    command = ["cloudflared", "access", "token", f"-app={agent}"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)  # noqa: S603 - by its path as a user has it
    except FileNotFoundError as error:
        words = "cloudflared is not installed here, and it keeps a person's token for Access."
        raise SmokedeployError(words, remedy=f"Install it. {_OTHERWISE}") from error
    except subprocess.TimeoutExpired as error:
        words = f"`{' '.join(command)}` did not end within {_SECONDS} s."
        raise SmokedeployError(words, remedy=f"Log in: `cloudflared access login {agent}`.") from error
    token = done.stdout.strip()
    if done.returncode or not (token.isascii() and token.isprintable() and token.count(".") == 2):  # noqa: PLR2004 - a JWT
        said = one_line(done.stderr or done.stdout)[:300] or f"exit status {done.returncode}"
        words = f"`{' '.join(command)}` gave no token: {said.rstrip('.')}."
        raise SmokedeployError(words, remedy=f"Log in: `cloudflared access login {agent}`.")
    return Secret(token)
