"""The served document is true: generated calls on the real agent, each answer held against it.

A few hundred cases; ``SMOKEDEPLOY_OPENAPI_CASES`` sets how many each call gets.
"""

import importlib

import httpx
import pytest

from pytest_smokedeploy.agent.domain.flow import Flow
from pytest_smokedeploy.agent.domain.reconcile import reconcile
from pytest_smokedeploy.agent.http.access import Access
from pytest_smokedeploy.agent.http.app import CALLS as SERVED
from pytest_smokedeploy.agent.http.app import build_app
from pytest_smokedeploy.agent.http.keys import Keys as TeamKeys
from pytest_smokedeploy.agent.http.openapi import PATH, document
from pytest_smokedeploy.agent.main import make_engine
from pytest_smokedeploy.agent.settings import AgentSettings
from tests.support.agent_process import Agent, Keys


@pytest.fixture(scope="module")
def agent(tmp_path_factory):
    keys = Keys()
    agent = Agent(tmp_path_factory.mktemp("agent"), keys, STOP_GRACE_SECONDS="1")
    agent.image("v1")
    yield agent.start()
    agent.stop()
    keys.close()


CALLS = [(path, method.upper()) for path, calls in document(SERVED)["paths"].items() for method in calls]


@pytest.mark.parametrize("call", CALLS, ids=lambda call: f"{call[1]} {call[0]}")
@pytest.mark.parametrize("sound", [True, False], ids=["positive", "negative"])
def test_no_answer_outside_the_document(call, sound, agent):
    hold = importlib.import_module("tests.integration.openapi.generated").hold
    hold(document(SERVED), *call, sound=sound, agent=agent)


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
