"""The disk of STATE_PATH fills: what could not be kept is kept once there is room."""

import pytest

from tests.support.agent_process import IDLE, until
from tests.support.small_disk import fill, small

pytestmark = pytest.mark.needs("tmpfs")


@pytest.fixture
def full(tmp_path, make_agent, new_id):
    """full() -> (an agent whose disk its runtime has filled, the deploy's id, the answer)."""
    folder = tmp_path / "small"
    with small(folder, "256k"):
        agent = make_agent(STATE_PATH=str(folder))
        image, one = agent.image("1.0.0", f"head -c 1000000 /dev/zero >{folder}/filler\n{IDLE}"), new_id()
        yield agent, one, agent.deploy(image, one)
        agent.stop()


def test_the_end_of_the_deploy_is_kept_once_there_is_room(full):
    agent, one, answer = full
    assert (answer.status_code, "No space left" in answer.json()["reason"]) == (500, True)
    assert agent.status()["running"] is False
    assert agent.release().status_code != 200
    (agent.folder / "small" / "filler").unlink()
    until(lambda: agent.release().status_code == 200)
    assert agent.progress(one).json()["state"] == "failed"


def test_the_end_of_a_lease_is_told_once_and_as_it_was(tmp_path, make_agent, new_id):
    with small(tmp_path / "state", "256k"):
        agent = make_agent()
        one = new_id()
        assert agent.deploy(agent.image("1.0.0"), one, lease_seconds=3).status_code == 200
        fill(tmp_path / "state")
        until(lambda: agent.status()["state"] == "exited")
        until(lambda: "at the end of a lease" in (tmp_path / "agent.log").read_text())
        (tmp_path / "state" / "filler").unlink()
        rows = until(lambda: [row for row in agent.audit() if row["what"] in {"lease.ran_out", "hold.kept"}])
        assert [row["what"] for row in rows] == ["lease.ran_out", "hold.kept"]
        assert all("the container was stopped" in row["why"] for row in rows)
        assert "the container was stopped" in agent.status()["hold"]["reason"]
        assert agent.passed(one).status_code == 409
        agent.stop()
