"""`smokedeploy check --live`: asks whom a run asks, in the same words, and deploys nothing."""

import sys
from pathlib import Path

import pytest

from pytest_smokedeploy.rehearsal import World
from tests.rehearsal.gallery.gate import ROOT

BASE = (sys.executable, str(Path(__file__).parents[2] / "contract" / "agents" / "base_agent.py"))
ASKED = ["PRE-1", "PRE-2", "TRG-3", "TGT-1", "TGT-2", "PRE-3", "PRE-4", "PRE-5", "PRE-6", "FLR-3"]
SPOOL = [{"name": name, "target": f"/data/{name}"} for name in ("audit-events", "snapshots", "spool")]


@pytest.fixture
def check(live):
    """check(world, **settings) -> (status, lines by clause, the live world)."""

    def run(world=None, **settings):
        gate = live(world, **settings)
        (gate.folder / "smoke_tests").symlink_to(ROOT / "smoke_tests")
        done = gate.command("check", "--live")
        rows = [line.removeprefix("smokedeploy check: ") for line in done.stdout.splitlines()]
        assert not done.stderr
        return done.returncode, {row[4:].partition(":")[0]: row for row in rows}, gate

    return run


def test_a_sound_world_is_ok_and_nothing_is_deployed(check):
    status, rows, gate = check()
    assert (status, list(rows)) == (0, ASKED), rows
    assert gate.posts == []
    assert gate.environ["CF_ACCESS_CLIENT_SECRET"] not in "".join(rows.values())


def test_every_mount_and_variable_that_the_agent_has_not_is_named(check):
    runtime = {"environment": {"EXECUTION_PLANE": "paper", "REGION": "west"}}
    lacks = World(agent_environ={"MOUNTS": None, "RUNTIME_ENV_FILE": None})
    status, rows, gate = check(lacks, mounts=SPOOL, runtime=runtime)
    assert status == 1
    assert rows["PRE-6"].startswith("NO")
    mount = "the agent can't deploy this: no mount spool (it has audit-events, snapshots)"
    assert f"{mount}; no variable REGION for the container." in rows["PRE-6"]
    assert "RUNTIME_ENV_FILE on the server, and restart the agent" in rows["PRE-6"]
    assert gate.posts == []


def test_an_agent_without_a_log_can_not_end_in_pass(check):
    status, rows, _ = check(World(agent_command=BASE), database={"proof": "attested"})
    assert status == 1
    assert "no run ends in PASS" in rows["OBS-1"]
