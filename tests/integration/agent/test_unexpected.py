"""A fault of no kind that anybody thought of, while a failed start is read: the deploy ends all the same."""

import uuid

import pytest

from pytest_smokedeploy.agent.domain.flow import Flow
from pytest_smokedeploy.agent.domain.reconcile import reconcile
from pytest_smokedeploy.agent.engines.process.engine import ProcessEngine
from pytest_smokedeploy.agent.settings import AgentSettings
from pytest_smokedeploy.contract import DeployRequest
from tests.support.agent_process import NAME, REPOSITORY, SECONDS

IMAGE = f"{REPOSITORY}:1.0.0"


class Faulty(ProcessEngine):
    """Runs processes, and has no memory left for their logs, or for their stop."""

    def __init__(self, store, fault):
        super().__init__(store)
        self.fault = fault

    def logs(self, since, *, follow, container_id=""):
        self._fail("logs")
        return super().logs(since, follow=follow)

    def stop(self, grace_seconds, container_id=""):
        self._fail("stop")
        super().stop(grace_seconds)

    def _fail(self, name):
        if self.fault == name:
            raise MemoryError


@pytest.fixture
def flow_of(tmp_path):
    """flow_of(fault) -> a flow on such an engine, with one image that dies while it starts."""
    flows = []

    def make(fault):
        for name in ("audit-events", "snapshots"):
            (tmp_path / name).mkdir()
        script = tmp_path / "store" / REPOSITORY / "1.0.0" / "run"
        script.parent.mkdir(parents=True)
        script.write_text("echo dead; exit 7\n")
        settings = AgentSettings.from_environ(
            {
                "ENVIRONMENT": "dev",
                "CONTAINER_NAME": NAME,
                "AUDIT_EVENTS_PATH": str(tmp_path / "audit-events"),
                "SNAPSHOTS_PATH": str(tmp_path / "snapshots"),
                "ALLOWED_IMAGES": REPOSITORY,
                "CF_ACCESS_TEAM_DOMAIN": "team.example.com",
                "CF_ACCESS_AUD": "audience",
                "STATE_PATH": str(tmp_path / "state"),
                "ENGINE": "process",
                "PROCESS_STORE": str(tmp_path / "store"),
            }
        )
        engine = Faulty(tmp_path / "store", fault)
        flows.append(Flow(settings, reconcile(settings, engine)))
        return flows[-1], engine

    yield make
    for flow in flows:
        flow.control.close(0.0)


@pytest.mark.parametrize(
    ("fault", "words"), [("logs", "could not be read"), ("stop", "could not be stopped")]
)
def test_the_deploy_ends_and_a_stop_is_answered(flow_of, fault, words):
    flow, engine = flow_of(fault)
    one = str(uuid.uuid4())
    request = DeployRequest(image=IMAGE, environment="dev", deploy_id=one)
    record = flow.deploy(request, "tests").ended.result(SECONDS)
    assert (record.status, record.body["step"]) == (500, "running")
    assert words in record.body["reason"]
    assert "unexpected: MemoryError" in record.body["reason"]
    engine.fault = ""
    flow.stop(one, "tests")
    assert flow.under_way is None
