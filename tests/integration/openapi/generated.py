"""Generated calls on an agent, each answer held against the served document.

Alone in importing Schemathesis, which takes seconds that each process of a parallel run would spend.
"""

import os

import hypothesis
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import checks

from pytest_smokedeploy.contract import ASSERTION_HEADER

CASES = int(os.environ.get("SMOKEDEPLOY_OPENAPI_CASES", "40"))
# Whether a well-formed deploy is for this agent is the server's to say: 400 is a right answer to it.
LEFT_OUT = {"positive_data_acceptance"}


def hold(document, path, method, *, sound, agent):
    """Call the agent with what fits `document`, or does not where it is not `sound`."""
    mode = schemathesis.GenerationMode.POSITIVE if sound else schemathesis.GenerationMode.NEGATIVE
    operation = schemathesis.openapi.from_dict(document)[path][method]

    @settings(
        max_examples=CASES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def held(case):
        answered(case, agent, sound)

    held()


def answered(case, agent, sound):
    """Call the agent, and hold its answer against the document."""
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
