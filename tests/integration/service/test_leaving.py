"""SIGTERM: the call in hand is finished, a followed log ends, and the agent leaves with status 0."""

import signal
import threading

import pytest

from pytest_smokedeploy.contract import ASSERTION_HEADER
from tests.support.agent_process import SECONDS, until

SLOW_STOP = "trap 'sleep 2; exit 0' TERM\necho ready\nwhile :; do sleep 0.1; done\n"
DEPLOY_ID = "00000000-0000-4000-8000-000000000001"


def gone(agent, sign=signal.SIGTERM):
    agent.process.send_signal(sign)
    return agent.process.wait(SECONDS)


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_an_idle_agent_leaves_at_once(agent, sign):
    assert agent.status()["running"] is False
    assert gone(agent, sign) == 0


def test_a_stop_under_way_is_finished(agent):
    assert agent.deploy(agent.image("v1", SLOW_STOP)).status_code == 200
    until(lambda: "ready" in agent.call("GET", "/v1/logs").text)
    answers = []
    stopping = threading.Thread(target=lambda: answers.append(agent.stop_it()), daemon=True)
    stopping.start()
    until(lambda: '"stopping":{' in (agent.folder / "state" / "state.json").read_text())
    assert gone(agent) == 0
    stopping.join(SECONDS)
    assert [answer.status_code for answer in answers] == [200]


def test_a_deploy_under_way_is_finished(agent):
    """The agent settles on a start for a while; the signal comes within it."""
    answers = []
    image = agent.image("v1")
    deploying = threading.Thread(target=lambda: answers.append(agent.deploy(image, DEPLOY_ID)), daemon=True)
    deploying.start()
    until(lambda: agent.progress(DEPLOY_ID).status_code == 200)
    assert gone(agent) == 0
    deploying.join(SECONDS)
    assert [answer.status_code for answer in answers] == [200]


def test_a_followed_log_is_ended(agent):
    assert agent.deploy(agent.image("v1")).status_code == 200
    headers = {ASSERTION_HEADER: agent.keys.service()}
    with agent.client.stream("GET", "/v1/logs?follow=true", headers=headers) as answer:
        lines = answer.iter_lines()
        assert "ready" in next(lines)
        assert gone(agent) == 0
        assert not [line for line in lines if '"end"' in line]


def test_a_reader_that_does_not_read_holds_up_nothing(agent):
    flood = (
        "yes 'a line that is long enough to fill what lies between the two' | head -c 30000000\nsleep 1000\n"
    )
    assert agent.deploy(agent.image("v1", flood)).status_code == 200
    headers = {ASSERTION_HEADER: agent.keys.service()}
    with agent.client.stream("GET", "/v1/logs?follow=true", headers=headers):
        assert gone(agent) == 0
