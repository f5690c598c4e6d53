"""Tells the agent that the run passed, and reads the status where the answer is lost (FLR-3)."""

from typing import Final

from pytest_smokedeploy.client import AgentClient, hold
from pytest_smokedeploy.contract import OutcomeRequest
from pytest_smokedeploy.settings import RunConfig
from pytest_smokedeploy.support.errors import AgentRefusedError

_REMEDY: Final = "A person reads GET /v1/status and, where a hold is on, releases it on the server"


def tell(client: AgentClient, deploy_id: str, run: RunConfig) -> str:
    """Tell the agent that a deploy passed; returns why it is not known to know, or "". Never raises.

    An answer that is lost, or is the edge's, says nothing of what the agent did: its status does. A refusal
    and an answer that breaks the contract are the agent's own, and no pass whatever the status says.

    Args:
        client: the agent's.
        deploy_id: the run's deploy.
        run: the run.

    """
    failed, lost = "", True
    try:
        reading = client.outcome(OutcomeRequest(deploy_id=deploy_id, outcome="passed"))
        if reading.value is not None:
            return ""
        failed = f"its answer to the outcome is not the contract's ({'; '.join(reading.problems)})"
        lost = False
    except Exception as error:  # noqa: BLE001 - raising here would cost the report, as in the stop
        lost = not isinstance(error, AgentRefusedError)
        failed = f"the outcome has no good answer ({error})"
    released, words = look(client, deploy_id, run)
    return "" if lost and released else f"{words}: {failed}. {_REMEDY}"


def look(client: AgentClient, deploy_id: str, run: RunConfig) -> tuple[bool, str]:
    """Whether the status shows no hold after the deploy `deploy_id`, and what it shows. Never raises."""
    try:
        raw = client.status().raw
    except Exception as error:  # noqa: BLE001 - as above
        return False, f"whether the agent is on hold is not known ({error})"
    last = raw.get("last_deploy", {})
    if "hold" not in raw or not isinstance(last, dict) or last.get("deploy_id", deploy_id) != deploy_id:
        return False, "whether the agent is on hold for this run is not known (its status does not tell)"
    if raw["hold"] is not None:
        return False, hold.sentence(raw, run.client_id.reveal(), run.github.url_of)
    return True, "the agent's status shows no hold"
