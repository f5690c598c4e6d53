"""A failed start leaves nothing running and everything to look at: every line it wrote, and its container."""

import json

import pytest

from pytest_smokedeploy.agent.engines.lines import OVERLAP, PART
from tests.support.needs import needs_docker

CAUSE = "ROOT CAUSE: the file prices.db is missing"
#: A cause in the middle of 90 lines, what comes after it only clean-up.
DIES = f"""echo starting
i=0; while [ $i -lt 58 ]; do i=$((i+1)); echo "loading part $i"; done
echo "{CAUSE}"
i=0; while [ $i -lt 30 ]; do i=$((i+1)); echo "clean-up $i" >&2; done
exit 7
"""


class Failed:
    """A deploy of a runtime that dies while it starts, and the agent that did it."""

    def __init__(self, agent, image, following, deploy_id):
        self.agent, self.following, self.id = agent, following, deploy_id
        self.answer = agent.deploy(image, deploy_id)

    def log(self, deploy_id):
        return self.agent.call("GET", f"/v1/logs?deploy_id={deploy_id}")


@pytest.fixture(params=["process", pytest.param("docker", marks=needs_docker)])
def failed(request, new_id):
    """A failed deploy on each engine; `following` is an image that starts well."""
    if request.param == "process":
        agent = request.getfixturevalue("agent")
        return Failed(agent, agent.image("1.0.0", DIES), agent.image("2.0.0"), new_id())
    agent = request.getfixturevalue("world")
    agent.push("1.0.0", DIES)
    agent.push("2.0.0", "trap 'exit 0' TERM; sleep 1000 & wait")
    return Failed(agent, f"{agent.quick}:1.0.0", f"{agent.quick}:2.0.0", new_id())


def test_the_answer_tells_steps_exit_code_and_the_last_lines(failed):
    body = failed.answer.json()
    assert (failed.answer.status_code, body["step"], body["exit_code"]) == (500, "running", 7)
    assert "exit code 7" in body["reason"]
    assert [row["outcome"] for row in body["steps"]] == ["done", "absent", "absent", "done", "failed"]
    assert len(body["last_lines"]) == 50
    assert CAUSE in body["last_lines"]
    assert (body["deploy_id"], body["image_digest"][:7]) == (failed.id, "sha256:")
    assert failed.agent.progress(failed.id).json()["last_lines"] == body["last_lines"]


def test_its_container_is_stopped_and_kept_until_the_next_deploy(failed):
    status = failed.agent.status()
    assert (status["running"], status["state"], status["exit_code"]) == (False, "exited", 7)
    assert (status["deploy_id"], status["container_id"]) == (failed.id, failed.answer.json()["container_id"])
    assert failed.agent.stop_it(failed.id).status_code == 200
    assert failed.agent.status()["state"] == "exited"
    assert failed.agent.release().status_code == 200
    following = failed.agent.deploy(failed.following).json()
    assert [row["outcome"] for row in following["steps"]] == ["done", "absent", "done", "done", "done"]


def test_its_whole_log_is_served_by_its_deploy_id(failed, new_id):
    *lines, end = map(json.loads, failed.log(failed.id).text.splitlines())
    assert len(lines) == 90
    assert CAUSE in [row["line"] for row in lines]
    assert end == {"end": {"exit_code": 7}}
    other = failed.log(new_id())
    assert (other.status_code, "no container of this deploy" in other.json()["reason"]) == (404, True)


@pytest.mark.parametrize("where", ["process", pytest.param("docker", marks=needs_docker)])
def test_a_flood_past_the_limit_hides_neither_its_end_nor_its_cause(request, where, new_id):
    agent = request.getfixturevalue("agent" if where == "process" else "world")
    agent.stop()
    agent.environ["LOG_LIMIT_MB"] = "1"
    agent.start()
    noisy = f"yes filler | head -n 10000; {DIES}"
    if where == "process":
        image = agent.image("1.0.0", noisy)
    else:
        agent.push("1.0.0", noisy)
        image = f"{agent.quick}:1.0.0"
    failed = Failed(agent, image, "", new_id())
    body = failed.answer.json()
    assert (body["step"], body["exit_code"]) == ("running", 7)
    assert body["container_id"] == agent.status()["container_id"]
    assert len(body["last_lines"]) == 50
    assert CAUSE in body["last_lines"]
    assert "exit code 7. What it wrote could not be read whole: the log is longer than" in body["reason"]
    *lines, broke = map(json.loads, failed.log(failed.id).text.splitlines())
    assert CAUSE in [row["line"] for row in lines[-50:]]
    assert "lines are missing before its last 50" in broke["error"]


@pytest.mark.parametrize("seam", [PART, PART - OVERLAP])
def test_neither_its_log_nor_its_last_lines_show_a_piece_of_a_secret(agent, new_id, tmp_path, seam):
    """A line so long that it comes in parts, and a seam that cuts a secret in two."""
    (tmp_path / "runtime.env").write_text("APP_TOKEN=not-a/word\n")
    agent.stop()
    agent.environ["RUNTIME_ENV_FILE"] = str(tmp_path / "runtime.env")
    agent.start()
    dots = "head -c {} /dev/zero | tr '\\0' ."
    image = agent.image("1.0.0", f"{dots.format(seam - 5)}; printf $APP_TOKEN; {dots.format(PART)}; exit 7")
    failed = Failed(agent, image, "", new_id())
    log = failed.log(failed.id).text
    assert "[redacted]" in log
    assert "not-a" not in log + failed.answer.text
    assert "/word" not in log + failed.answer.text
    assert len(failed.answer.json()["last_lines"]) == len(log.splitlines()) - 1 == 3


@needs_docker
def test_an_agent_that_starts_anew_keeps_it(world, new_id):
    world.push("1.0.0", DIES)
    failed = Failed(world, f"{world.quick}:1.0.0", "", new_id())
    failed.agent.kill()
    failed.agent.start()
    assert failed.agent.status()["state"] == "exited"
    assert len(failed.log(failed.id).text.splitlines()) == 91
    assert failed.agent.status()["hold"]["deploy_id"] == failed.id


@needs_docker
def test_what_never_started_is_removed(world, new_id):
    """A folder over the runtime's own file: the engine makes the container and can't start it."""
    one = new_id()
    world.environ["AUDIT_EVENTS_TARGET"] = "/runtime"
    world.kill()
    world.start()
    world.push("1.0.0", DIES)
    answer = world.deploy(f"{world.quick}:1.0.0", one)
    assert (answer.status_code, answer.json()["step"]) == (500, "start")
    assert "last_lines" not in answer.json()
    assert world.there() == []
    assert world.status()["state"] == "absent"


@needs_docker
def test_a_start_whose_answer_is_lost_keeps_what_ran(world, new_id):
    """The engine started it, and the agent never heard so: it is stopped, and there to be looked at."""
    one = new_id()
    world.push("1.0.0", "echo here; trap 'exit 0' TERM; sleep 1000 & wait")
    world.proxy.lose("POST", r"^/containers/[^/]+/start")
    answer = world.deploy(f"{world.quick}:1.0.0", one)
    assert (answer.status_code, answer.json()["step"]) == (500, "start")
    assert [state for _, state in world.there()] == ["exited"]
    assert "here" in world.call("GET", f"/v1/logs?deploy_id={one}").text
