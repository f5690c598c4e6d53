"""One sentence about an agent's hold for a person, and how to release the hold (FLR-3)."""

from typing import Final

from pytest_smokedeploy.client.answer import shown

RELEASE: Final = (
    "Find out what happened, then release the hold with it: `smokedeploy agent release --state STATE_PATH "
    "--reason ...` on the agent's server, or `POST /v1/hold/release` as a person through Access."
)


def sentence(hold: object, own: str) -> str:
    """A sentence that says since when, by whom, for which deploy and why the agent is on hold.

    Args:
        hold: the status's field `hold`, anything but null.
        own: the id of the gate's own Access token, which the evidence masks.

    """
    said = hold if isinstance(hold, dict) else {}
    since, by, deploy, reason = (
        shown(value, limit) if isinstance(value := said.get(name), str) else ""
        for name, limit in (("since", 100), ("by", 100), ("deploy_id", 100), ("reason", 400))
    )
    who = "the gate's own Access token" if by and by == own else by
    words = f"the agent is on hold since {since or 'a time that it does not tell'}"
    words += f", set by {who or 'somebody it does not tell'}"
    words += f" for the deploy {deploy}" if deploy else ""
    return f"{words}: {reason or 'it tells no reason'}"
