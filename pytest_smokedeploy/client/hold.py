"""An agent's hold for a person: one sentence about it, and the commands that release it (FLR-3)."""

import re
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import urlsplit

from pytest_smokedeploy.client.answer import shown
from pytest_smokedeploy.support import release_commands

#: An absolute path that can stand in a command as it is; a backtick would end the command's own.
_PATH: Final = re.compile(r"/[\x21-\x5f\x61-\x7e]{0,255}")


def words(
    status: Mapping[str, object], *, own: str, run_url: Callable[[str], str], endpoint: str
) -> tuple[str, str]:
    """The sentence about a hold, and how a person releases it."""
    return sentence(status, own, run_url), release(status, endpoint)


def sentence(status: Mapping[str, object], own: str, run_url: Callable[[str], str]) -> str:
    """A sentence that says since when, by whom, for which run and deploy, and why the agent is on hold.

    Args:
        status: the agent's status, on hold.
        own: the id of the gate's own Access token, which the evidence masks.
        run_url: where a person looks at the run of an id; "" where that is not known.

    """
    said, last = _object(status.get("hold")), _object(status.get("last_deploy"))
    since, by, deploy, reason = (
        shown(value, limit) if isinstance(value := said.get(name), str) else ""
        for name, limit in (("since", 100), ("by", 100), ("deploy_id", 100), ("reason", 400))
    )
    who = "the gate's own Access token" if by and by == own else by
    words = f"the agent is on hold since {since or 'a time that it does not tell'}"
    words += f", set by {who or 'somebody it does not tell'}"
    if deploy and isinstance(run := last.get("run_id"), str) and run and last.get("deploy_id") == deploy:
        link = run_url(run)
        words += f" for the run {shown(run, 64)}{f' ({link})' if link else ''} and its deploy {deploy}"
    elif deploy:
        words += f" for the deploy {deploy}"
    return f"{words}: {reason or 'it tells no reason'}"


def release(status: Mapping[str, object], endpoint: str) -> str:
    """What a person does about the hold that `status` tells: both commands, as they are typed.

    Args:
        status: the agent's status, on hold.
        endpoint: the agent's address; its host alone may be shown.

    """
    path = _object(status.get("hold")).get("state_path")
    known = isinstance(path, str) and _PATH.fullmatch(path)
    folder = path if isinstance(path, str) and known else release_commands.STATE_PATH
    parts = urlsplit(endpoint)
    whole = parts.scheme == "https" and parts.netloc == parts.hostname and not parts.path.strip("/")
    agent = f"https://{parts.hostname}" if whole else release_commands.ADDRESS
    return f"Release the hold once you know what happened, {release_commands.both(folder, agent)}."


def _object(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}
