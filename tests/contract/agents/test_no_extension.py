"""What an agent of the base contract alone answers to the calls of extensions that it does not list."""

import uuid

import pytest

from pytest_smokedeploy.contract import LeaseRequest, OutcomeRequest
from pytest_smokedeploy.support.errors import AgentError
from tests.contract.agents.conftest import BASE

pytestmark = pytest.mark.parametrize("served", [BASE], indirect=True)
ID = str(uuid.uuid4())
CALLS = {
    "async": lambda client: client.progress(ID),
    "lease": lambda client: client.renew(LeaseRequest(deploy_id=ID, lease_seconds=60)),
    "hold": lambda client: client.outcome(OutcomeRequest(deploy_id=ID, outcome="passed")),
    "logs": lambda client: client.logs(follow=False).close(),
    "events": lambda client: client.events(ID),
    "preflight": lambda client: client.preflight(),
}


def test_it_lists_none(agent):
    assert agent.extensions == frozenset()


@pytest.mark.parametrize("name", CALLS)
def test_there_is_no_such_call(agent, name):
    with pytest.raises(AgentError) as refused:
        CALLS[name](agent.client)
    assert refused.value.status in {400, 404, 405}
