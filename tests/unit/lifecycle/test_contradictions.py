"""Answers that belie each other: the receipt, the statuses after it, the engine's counters."""

from datetime import UTC, datetime, timedelta

import pytest

from pytest_smokedeploy.client import Reading
from pytest_smokedeploy.contract import Activity, Deployed
from pytest_smokedeploy.lifecycle.activity import judge
from pytest_smokedeploy.lifecycle.deployment import Deployment
from pytest_smokedeploy.lifecycle.verification import StatusReading, belied
from pytest_smokedeploy.model import REMEDIES
from pytest_smokedeploy.settings import ActivityLimits, Options, resolve
from tests.rehearsal.gallery.gate import settings_file

ID = "11111111-1111-4111-8111-111111111111"
IMAGE = "ghcr.io/example/runtime:1.0.0"
DATE = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def at(seconds):
    return (DATE + timedelta(seconds=seconds)).isoformat()


NAMES = ("pull", "stop", "remove", "start", "running")
STEPS = [
    {"step": name, "outcome": "done", "started_at": at(place), "finished_at": at(place + 1)}
    for place, name in enumerate(NAMES)
]
MOUNTS = [
    {"name": name, "source": f"/srv/{name}", "target": f"/data/{name}", "writable": True}
    for name in ("audit-events", "snapshots")
]
BASE = {"status": "deployed", "image": IMAGE, "container_name": "runtime-dev"}
RECEIPT = BASE | {
    "deploy_id": ID,
    "container_id": "new",
    "image_digest": "sha256:1",
    "started_at": at(3.5),
    "env": ["EXECUTION_PLANE"],
    "mounts": MOUNTS,
    "steps": STEPS,
}
STATUS = {"container_name": "runtime-dev", "running": True, "image": IMAGE, "started_at": at(3.5)}
MORE = {"container_id": "new", "image_digest": "sha256:1", "deploy_id": ID}


def reading(raw, date=DATE):
    return Reading(raw, None, (), 200, "", date)


@pytest.fixture
def run(tmp_path):
    return resolve(
        Options(config=settings_file(tmp_path, {}), environment="dev", image_tag="1.0.0", rehearse=True), {}
    )


@pytest.fixture
def deployed(run):
    """deployed(**fields) -> a deploy with a receipt, changed."""

    def make(*, ran_before=False, answer=RECEIPT, **fields):
        raw = answer | fields
        held = reading(raw).held_against(Deployed)
        return Deployment(run, ID, held, promised="steps" in answer, ran_before=ran_before)

    return make


@pytest.fixture
def seen(run, deployed):
    """seen(**fields) -> a status of it, changed, by an agent that lists `listing`."""

    def make(*, receipt=True, listing=("receipt", "status"), before=None, date=DATE, **fields):
        answer = RECEIPT if receipt else BASE
        earlier = reading(before or {"running": False}, DATE)
        status = reading(STATUS | (MORE if "status" in listing else {}) | fields, date)
        return StatusReading(run, deployed(answer=answer), status, earlier, frozenset(listing))

    return make


def clauses(findings):
    return [finding.clause for finding in findings]


# -- the receipt


def test_a_receipt_that_holds_belies_nothing(deployed):
    whole = deployed(ran_before=True)
    assert (whole.breaches(), whole.oddities()) == ([], [])
    assert whole.stopped_the_old()
    assert whole.started_the_new()


def test_what_ran_when_the_deploy_was_sent_is_not_absent(deployed):
    steps = [STEPS[0], STEPS[1] | {"outcome": "absent"}, *STEPS[2:]]
    assert deployed(steps=steps).stopped_the_old()
    assert deployed(ran_before=True, steps=steps).stopped_the_old().holds is False


@pytest.mark.parametrize("name", ["reason", "error"])
def test_a_success_gives_no_reason_of_a_failure(deployed, name):
    assert clauses(deployed(**{name: "the start failed"}).breaches()) == ["AGT-7"]
    assert deployed(**{name: None}).breaches() == []


@pytest.mark.parametrize("name", ["deploy_id", "container_id", "started_at"])
def test_a_promised_receipt_tells_what_it_is_of(deployed, name):
    assert deployed(**{name: None}).oddities() == [f"the receipt tells no {name}"]
    assert deployed(answer=BASE).oddities() == []


@pytest.mark.parametrize(
    ("mounts", "words"),
    [
        ([MOUNTS[0], MOUNTS[1] | {"source": "/srv/audit-events"}], "one source"),
        ([MOUNTS[0] | {"writable": False}, *MOUNTS], "one name"),
        ([MOUNTS[0] | {"source": ""}, MOUNTS[1]], "no source"),
        ([], "no mount audit-events, no mount snapshots"),
        ([MOUNTS[0]], "no mount snapshots"),
        (None, "no mount audit-events"),
    ],
)
def test_each_mount_is_told_once_and_has_a_source_of_its_own(deployed, mounts, words):
    finding = deployed(mounts=mounts).started_the_new()
    assert finding.holds is False
    assert words in finding.seen


@pytest.mark.parametrize("env", [[], None, ["PATH"]])
def test_the_declared_environment_is_told(deployed, env):
    assert deployed(env=env).started_the_new().holds is False


@pytest.mark.parametrize("told", [{"mounts": []}, {"mounts": MOUNTS[:1]}, {"env": []}])
def test_what_an_answer_without_steps_tells_is_judged_too(deployed, told):
    assert deployed(answer=BASE).started_the_new()
    assert deployed(answer=BASE, **told).started_the_new().holds is False


@pytest.mark.parametrize(
    ("last_lines", "seen", "remedy"),
    [
        (["x", "no key", " "], "; its last line: 'no key'", "Read its last lines in report.html, and"),
        ([], "", ""),
        (None, "", ""),
    ],
)
def test_a_start_that_failed_is_read_where_it_told_a_line(deployed, last_lines, seen, remedy):
    steps = [*STEPS[:4], STEPS[4] | {"outcome": "failed", "detail": "exit code 7"}]
    found = deployed(steps=steps, last_lines=last_lines).is_running()
    assert found.seen == f"step 5 (running) failed: exit code 7{seen}"
    assert found.remedy.startswith(remedy or REMEDIES["AGT-5"])


def test_a_health_check_that_is_on_is_undocumented(deployed):
    assert deployed(health_check=False).oddities() == []
    assert deployed(health_check=True).oddities() == ["the receipt tells a health check that is on"]


# -- the status


def test_a_status_that_agrees_belies_nothing(seen):
    status = seen(restart_count=0, exit_code=0, environment="dev", execution_plane="paper")
    assert (status.breaches(), status.oddities()) == ([], [])
    assert status.is_running()
    assert status.is_the_agents_container()
    assert status.is_the_requested_image()
    assert status.started_with_this_deploy()


@pytest.mark.parametrize(
    ("clause", "fields"),
    [
        ("AGT-6", {"restart_count": 3}),
        ("AGT-3", {"before": {"running": True, "container_id": "new"}}),
        ("TGT-1", {"environment": "prod"}),
        ("TGT-2", {"execution_plane": "live"}),
    ],
)
def test_what_a_status_belies_is_named_by_its_clause(seen, clause, fields):
    assert clauses(seen(**fields).breaches()) == [clause]


def test_what_runs_has_no_exit_code_that_it_left_with(seen):
    assert seen(exit_code=137).is_running().holds is False


def test_it_started_when_the_receipt_has_it(seen):
    finding = seen(started_at=at(3.2)).started_with_this_deploy()
    assert (finding.holds, finding.clause) == (False, "VER-5")
    assert "as the receipt has it" in finding.expected


def test_a_start_in_whole_seconds_is_in_its_deploy_if_any_of_its_second_is(seen):
    assert seen(started_at="2026-01-02T03:04:08Z").started_with_this_deploy().holds is True
    assert seen(started_at="2026-01-02T03:04:07Z").started_with_this_deploy().holds is False


def test_without_a_receipt_it_did_not_start_after_it_was_seen(seen):
    assert seen(receipt=False, listing=(), date=DATE + timedelta(seconds=3)).started_with_this_deploy()
    assert seen(receipt=False, listing=(), started_at=at(60)).started_with_this_deploy().holds is False


def test_an_agent_that_promises_no_such_fields_need_not_tell_them(seen):
    """`receipt` without `status`: there is nothing to hold the receipt's ids against."""
    bare = seen(listing=("receipt",))
    assert bare.is_the_agents_container()
    assert bare.is_the_requested_image()
    promised = seen(container_id=None, image_digest=None)
    assert promised.is_the_agents_container().holds is False
    assert promised.is_the_requested_image().holds is False


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"extensions": ["status"], "hold": {"deploy_id": ID}}, "other extensions"),
        ({"extensions": ["hold", "lease", "status"], "hold": None}, "not on hold"),
        ({"hold": {"deploy_id": "other"}}, "not on hold"),
        ({"hold": {"deploy_id": ID}, "lease_expires_at": at(1)}, "the lease ran out"),
        ({"hold": {"deploy_id": ID}, "last_deploy": None}, "another last deploy"),
        ({"hold": {"deploy_id": ID}, "last_deploy": {"deploy_id": "other"}}, "another last deploy"),
    ],
)
def test_a_promise_that_is_not_kept_is_undocumented(seen, fields, words):
    (odd,) = seen(listing=("hold", "lease", "status"), **fields).oddities()
    assert words in odd


def test_a_promise_that_is_kept_is_not(seen):
    fields = {"hold": {"deploy_id": ID}, "lease_expires_at": at(60), "extensions": ["lease", "hold"]}
    assert seen(listing=("hold", "lease"), **fields).oddities() == []
    # Whether the run is named in the request, or not: it is what was sent.
    last = {"deploy_id": ID, "run_id": None}
    assert seen(listing=("hold", "lease"), last_deploy=last, **fields).oddities() == []
    fields["extensions"].append("receipt")
    assert seen(listing=("hold", "lease", "receipt"), last_deploy=last, **fields).oddities() == []
    (odd,) = seen(
        listing=("hold", "lease", "receipt"), last_deploy=last | {"run_id": "2"}, **fields
    ).oddities()
    assert "another last deploy than this one and its run" in odd


def test_the_target_is_belied_by_any_status(run):
    assert clauses(belied(run, {"environment": "prod", "execution_plane": "live"})) == ["TGT-1", "TGT-2"]
    assert belied(run, {"environment": "dev"}) == []


# -- the counters


@pytest.mark.parametrize(
    ("first", "last", "violated", "lost"),
    [
        ({"cpu_seconds": 5.0}, {"cpu_seconds": 0.1}, ["RUN-3"], []),
        ({"cpu_seconds": 5.0}, {"cpu_seconds": 4.9}, [], []),
        ({"network_tx_bytes": 900}, {"network_tx_bytes": 0}, ["OBS-9"], []),
        ({"network_tx_bytes": 900}, {"network_tx_bytes": 900}, [], []),
        ({"cpu_seconds": 5.0}, {}, [], ["RUN-3"]),
        ({"processes": 1}, {}, [], ["RUN-2"]),
        ({"network_tx_bytes": 900}, {}, [], ["OBS-9"]),
        ({}, {}, [], []),
        ({}, {"cpu_seconds": 5.0}, [], []),
    ],
)
def test_a_count_that_falls_or_is_lost_proves_no_silence(first, last, violated, lost):
    judged = judge(Activity(**first), Activity(**last), 3.0, ActivityLimits())
    assert [clause for clause, (_, holds) in judged.items() if holds is False] == violated
    assert [clause for clause, (_, holds) in judged.items() if holds is None] == lost
