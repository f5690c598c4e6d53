"""The served document is true: generated calls on the real agent, each answer held against it.

A few hundred cases; ``SMOKEDEPLOY_OPENAPI_CASES`` sets how many each call gets.
"""

import os

import httpx
import hypothesis
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import checks

from pytest_smokedeploy.agent.domain.flow import Flow
from pytest_smokedeploy.agent.domain.reconcile import reconcile
from pytest_smokedeploy.agent.http.access import Access
from pytest_smokedeploy.agent.http.app import CALLS as SERVED
from pytest_smokedeploy.agent.http.app import build_app
from pytest_smokedeploy.agent.http.keys import Keys as TeamKeys
from pytest_smokedeploy.agent.http.openapi import PATH, document
from pytest_smokedeploy.agent.main import make_engine
from pytest_smokedeploy.agent.settings import AgentSettings
from pytest_smokedeploy.contract import ASSERTION_HEADER
from tests.support.agent_process import Agent, Keys

CASES = int(os.environ.get("SMOKEDEPLOY_OPENAPI_CASES", "40"))
# Whether a well-formed deploy is for this agent is the server's to say: 400 is a right answer to it.
LEFT_OUT = {"positive_data_acceptance"}


@pytest.fixture(scope="module")
def agent(tmp_path_factory):
    keys = Keys()
    agent = Agent(tmp_path_factory.mktemp("agent"), keys, STOP_GRACE_SECONDS="1")
    agent.image("v1")
    yield agent.start()
    agent.stop()
    keys.close()


SCHEMA = schemathesis.openapi.from_dict(document(SERVED))
CALLS = [found.ok() for found in SCHEMA.get_all_operations()]


@pytest.mark.parametrize("operation", CALLS, ids=lambda operation: operation.label)
@pytest.mark.parametrize("mode", list(schemathesis.GenerationMode), ids=lambda mode: mode.value)
def test_no_answer_outside_the_document(operation, mode, agent):
    @settings(
        max_examples=CASES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def hold(case):
        answered(case, agent, mode)

    hold()


def answered(case, agent, mode):
    """Call the agent, and hold its answer against the document."""
    sound = mode is schemathesis.GenerationMode.POSITIVE
    if sound and case.path == "/v1/deploy" and len(case.body) % 2:
        # Some deploys are for this agent, so that what comes after the first refusal is met too.
        case.body |= {"image": "ghcr.io/example/runtime:v1", "environment": "dev"}
    if isinstance(case.query, dict) and case.query.get("follow") == "true":
        case.query["follow"] = "false"  # it would be followed for ever
    if unsent(case):
        hypothesis.reject()  # what makes it wrong would never leave this side
    human = case.path == "/v1/hold/release"
    headers = {ASSERTION_HEADER: agent.keys.person() if human else agent.keys.service()}
    left_out = [check for check in checks.CHECKS.get_all() if check.__name__ in LEFT_OUT]
    url = str(agent.client.base_url)
    case.call_and_validate(base_url=url, headers=headers, excluded_checks=left_out, timeout=30)


def unsent(case):
    """Whether a part of the query has no spelling in a URL (an empty list, say), and so is not sent."""
    query = case.query if isinstance(case.query, dict) else {}
    return any(value is None or value in ([], {}) for value in query.values())


def test_the_document_is_served(agent):
    assert agent.call("GET", "/openapi.json").json() == document(SERVED)


def test_the_document_is_behind_access_too(agent):
    assert httpx.get(f"{agent.client.base_url}/openapi.json", trust_env=False).status_code == 403


def test_every_call_of_the_agent_stands_in_it(agent):
    """What is served and not described, or described and not served, would be found by nobody else."""
    document = agent.call("GET", "/openapi.json").json()
    for path, calls in document["paths"].items():
        where = path.replace("{deploy_id}", "x")
        for method in ("GET", "POST"):
            answer = agent.call(method, where)
            assert (answer.status_code == 405) is (method.lower() not in calls), (method, path, answer.text)
            assert str(answer.status_code) in next(iter(calls.values()))["responses"]


def test_every_route_stands_in_it(agent, tmp_path):
    settings = AgentSettings.from_environ(Agent(tmp_path, agent.keys).environ)
    access = Access(TeamKeys(settings.team), settings.audience)
    app = build_app(Flow(settings, reconcile(settings, make_engine(settings))), access)
    paths = document(SERVED)["paths"].items()
    described = {(path, method.upper()) for path, calls in paths for method in calls}
    assert {(route.path, *route.methods) for route in app.routes} == described | {(PATH, "GET")}
