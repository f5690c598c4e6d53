"""A person's one call to an agent, through Access as themselves: the hold comes off (FLR-3)."""

from pytest_smokedeploy import contract
from pytest_smokedeploy.client.edge import is_access
from pytest_smokedeploy.client.reading import read
from pytest_smokedeploy.client.transport import Request, Transport
from pytest_smokedeploy.support.errors import EdgeError
from pytest_smokedeploy.support.redaction import Secret

_SECONDS = 10.0


def release(endpoint: str, token: Secret, reason: str) -> None:
    """``POST /v1/hold/release``.

    Args:
        endpoint: the agent's address.
        token: the person's, as ``cloudflared access token`` prints it.
        reason: what was found.

    Raises:
        AgentError: there is no hold, the agent or Access says no, or it can't be reached.
        MisuseError: `endpoint` is no address of an agent.

    """
    transport = Transport(endpoint)
    try:
        headers = {contract.PERSON_HEADER: token.reveal()}
        request = Request("POST", contract.HOLD_RELEASE, headers, {"reason": reason})
        answer = transport.send(request, _SECONDS)
        if is_access(answer):
            words = f"Access let you not in (HTTP {answer.status}): no policy of the agent's names you."
            remedy = "Have an Allow policy for people added to its application, or log in as who may."
            raise EdgeError(words, remedy=remedy, call=request.call, status=answer.status, definite=True)
        read(answer, contract.OutcomeTaken)
    finally:
        transport.close()
