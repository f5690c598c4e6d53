"""An agent of the base contract alone: what it leaves open is not proven, and it is stopped all the same."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from pytest_smokedeploy.rehearsal import World
from tests.rehearsal.gallery.case import (
    FAIL,
    INCOMPLETE,
    REFUSED,
    Case,
    answer,
    before_idle,
    replies,
    runtime,
    says,
)

COMMAND = (sys.executable, str(Path(__file__).parents[2] / "contract" / "agents" / "base_agent.py"))
#: Such an agent has no preflight, so the database is proven by what the ledger attests.
ATTESTED = {"database": {"proof": "attested"}}


#: The call's deadline, and how slow a deploy must be to start its container after it.
DEADLINE, SLOW = 3, "4"


def base(world: World | None = None) -> World:
    """`world` with the minimal agent."""
    return replace(world or World(), agent_command=COMMAND)


CASES: dict[str, Case] = {
    "the base contract alone": Case("OBS-1", INCOMPLETE, base(), settings=ATTESTED, words="extension `logs`"),
    "a base agent, CI injecting": Case(
        "OBS-1",
        INCOMPLETE,
        base(),
        settings=ATTESTED | {"runtime": {"injected_by": "ci", "environment": {"EXECUTION_PLANE": "paper"}}},
        words="extension `logs`",
    ),
    "a base agent without a preflight": Case("PRE-5", REFUSED, base(), deploys=False),
    "a base agent, crash at once": Case(
        "AGT-5", FAIL, base(runtime("set -u", "exit 3")), settings=ATTESTED, words="it left with 3"
    ),
    # Nobody asked it for one: a 202 is a promise, and no success.
    "202 for success": Case(
        "AGT-5",
        FAIL,
        base(answer("/v1/deploy", lambda *_: None, status=202)),
        settings=ATTESTED | {"deadlines": {"deploy_seconds": DEADLINE}},
        words="202",
    ),
    # One read alone falls into a second in which it runs.
    "a base agent restarts it": Case(
        "DET-1",
        FAIL,
        base(replace(before_idle("sleep 1; exit 1"), agent_environ={"RESTART": "unless-stopped"})),
        settings=ATTESTED,
        words="started_at",
    ),
    "a base agent, another name": Case(
        "VER-3", FAIL, base(says("/v1/status", container_name="somebody")), settings=ATTESTED
    ),
    # It may run, and nothing names the deploy: it is watched until it can start nothing any more.
    "a base agent, the answer is lost": Case(
        "AGT-5",
        FAIL,
        base(replies("/v1/deploy", 524, b"error code: 524", "text/plain")),
        settings=ATTESTED | {"deadlines": {"deploy_seconds": 3}},
        words="can't be looked up",
    ),
    "a base agent starts it after the stop": Case(
        "AGT-5",
        FAIL,
        base(World(agent_environ={"DEPLOY_DELAY": SLOW})),
        settings=ATTESTED | {"deadlines": {"deploy_seconds": DEADLINE}},
        words="within 3 seconds",
    ),
}
