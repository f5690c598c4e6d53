"""How far a pull is, told while it is under way (DESIGN 4, extension `async`)."""

import re

from pytest_smokedeploy.contract import DeployProgress
from tests.support.agent_process import until
from tests.support.needs import needs_docker

pytestmark = needs_docker


def amounts(told):
    """Megabytes loaded, as far as a layer says so."""
    said = [re.fullmatch(r"layer [0-9a-f]{12}: Downloading, ([0-9.]+) of [0-9.]+ MB", line) for line in told]
    return [float(found[1]) for found in said if found]


def test_a_slow_pull_shows_how_far_it_is(world, new_id):
    one = new_id()
    world.push("1.0.0", "echo ready\nwhile :; do sleep 1; done")
    assert world.deploy(f"{world.slow}:1.0.0", one, wait=False).status_code == 202
    seen = []

    def further():
        told = world.progress(one).json()
        assert DeployProgress.model_validate(told).state == "deploying"
        assert (told["step"], told["steps"]) == ("pull", [])
        seen.extend(amount for amount in amounts(told["progress"]) if amount not in seen)
        return len(seen) >= 3 and seen

    assert sorted(until(further)) == seen, "it only grows"
    world.line.release()
    told = world.ended(one)
    assert told["state"] == "deployed"
    assert told["steps"][0]["step"] == "pull"
