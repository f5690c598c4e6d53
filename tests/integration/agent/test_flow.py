"""What the server owns it owns; steps are told as they were; a stop meets only what it names."""

import pytest

from tests.support.agent_process import NAME, REPOSITORY, until

OWNED = [
    "container_name",
    "mounts",
    "volumes",
    "network",
    "network_mode",
    "execution_plane",
    "command",
    "user",
]


@pytest.mark.parametrize("field", OWNED)
def test_a_request_that_names_what_the_server_owns_is_refused(agent, field):
    answer = agent.deploy(agent.image("1.0.0"), **{field: "mine"})
    assert answer.status_code == 400
    assert answer.json()["reason"].startswith(f"{field}: the server owns it")
    assert agent.audited("deploy.begun") == []


def test_an_unknown_field_is_refused_by_its_name(agent):
    answer = agent.deploy(agent.image("1.0.0"), colour="red")
    assert (answer.status_code, answer.json()["reason"]) == (400, "colour: this agent knows no such field.")


def test_env_comes_only_under_listed_names(make_agent):
    agent = make_agent(RUNTIME_ENV_KEYS="LOG_LEVEL,EXECUTION_PLANE,SNAPSHOTS_PATH")
    image = agent.image("1.0.0")
    for env, why in (
        ({"OTHER": "x"}, "OTHER is not among RUNTIME_ENV_KEYS"),
        ({"EXECUTION_PLANE": "live"}, "ALLOW_EXECUTION_PLANE"),
        ({"SNAPSHOTS_PATH": "/mine"}, "SNAPSHOTS_PATH is set on the server"),
    ):
        answer = agent.deploy(image, env=env)
        assert answer.status_code == 400
        assert why in answer.json()["reason"]
    assert agent.call("GET", "/v1/preflight").json()["ci_env"] == ["EXECUTION_PLANE", "LOG_LEVEL"]
    answer = agent.deploy(image, env={"LOG_LEVEL": "debug", "EXECUTION_PLANE": "paper"})
    assert answer.status_code == 200
    assert set(answer.json()["env"]) >= {"LOG_LEVEL", "EXECUTION_PLANE"}


def test_a_deploy_chooses_no_plane_that_its_name_is_not_listed_for(make_agent):
    agent = make_agent(ALLOW_EXECUTION_PLANE="paper,live")
    image = agent.image("1.0.0")
    answer = agent.deploy(image, env={"EXECUTION_PLANE": "live"})
    assert answer.status_code == 400
    assert "EXECUTION_PLANE is not among RUNTIME_ENV_KEYS" in answer.json()["reason"]
    assert agent.deploy(image, env={"EXECUTION_PLANE": "paper"}).status_code == 200
    assert agent.call("GET", "/v1/preflight").json()["ci_env"] == ["EXECUTION_PLANE"]


def test_a_value_that_no_environment_can_hold_is_refused_before_anything_is_touched(make_agent):
    agent = make_agent(RUNTIME_ENV_KEYS="NOTE")
    image = agent.image("1.0.0")
    assert agent.deploy(image).status_code == 200
    before = agent.status()
    answer = agent.deploy(image, env={"NOTE": "a\0b"})
    assert answer.status_code == 400
    assert answer.json()["reason"] == "env.NOTE: it holds a NUL character, which no environment can."
    after = agent.status()
    assert (after["running"], after["container_id"]) == (True, before["container_id"])
    assert len(agent.audited("deploy.begun")) == 1


@pytest.mark.parametrize(
    ("image", "why"),
    [
        ("ghcr.io/example/runtime:latest", "can move"),
        ("ghcr.io/example/runtime", "can move"),
        ("ghcr.io/example/runtime-evil:1.0.0", "ALLOWED_IMAGES"),
        ("evil.example/ghcr.io/example/runtime:1.0.0", "ALLOWED_IMAGES"),
        ("ghcr.io/Example/runtime:1.0.0", "lower case"),
    ],
)
def test_an_image_that_is_not_allowed_is_refused(agent, image, why):
    answer = agent.deploy(image)
    assert answer.status_code == 400
    assert why in answer.json()["reason"]


def test_the_receipt_tells_what_was_there(agent):
    first = agent.deploy(agent.image("1.0.0")).json()
    assert [row["outcome"] for row in first["steps"]] == ["done", "absent", "absent", "done", "done"]
    second = agent.deploy(agent.image("2.0.0")).json()
    assert [row["outcome"] for row in second["steps"]] == ["done"] * 5
    agent.stop_it()
    third = agent.deploy(agent.image("3.0.0")).json()
    assert [row["outcome"] for row in third["steps"]] == ["done", "absent", "done", "done", "done"]
    times = [time for row in third["steps"] for time in (row["started_at"], row["finished_at"])]
    assert times == sorted(times)
    assert (third["container_name"], third["status"]) == (NAME, "deployed")


def test_a_mount_that_is_gone_is_refused_before_the_old_one_is_touched(agent, new_id):
    one = new_id()
    assert agent.deploy(agent.image("1.0.0"), one).status_code == 200
    assert agent.release().status_code == 200
    (agent.folder / "snapshots").rmdir()
    answer = agent.deploy(f"{REPOSITORY}:1.0.0", new_id())
    assert (answer.status_code, "mounts: " in answer.json()["reason"]) == (409, True)
    status = agent.status()
    assert (status["deploy_id"], status["running"], status["hold"]) == (one, True, None)


def test_a_failed_pull_leaves_the_old_one_alone(agent):
    agent.deploy(agent.image("1.0.0"))
    answer = agent.deploy(f"{REPOSITORY}:missing")
    assert (answer.status_code, answer.json()["step"]) == (500, "pull")
    assert [row["outcome"] for row in answer.json()["steps"]] == ["failed"]
    assert agent.status()["running"] is True


def test_a_stop_that_overtakes_its_deploy_is_remembered(agent, new_id):
    one = new_id()
    assert agent.stop_it(one).status_code == 200
    image = agent.image("1.0.0")
    assert agent.deploy(image, one).status_code == 409
    agent.kill()
    agent.start()
    answer = agent.deploy(image, one)
    assert (answer.status_code, "stopped before it arrived" in answer.json()["reason"]) == (409, True)
    assert agent.status()["hold"] is None
    assert agent.deploy(image, new_id()).status_code == 200


def test_a_stop_meets_only_the_deploy_it_names(agent, new_id):
    agent.deploy(agent.image("1.0.0"))
    answer = agent.stop_it(new_id())
    assert answer.status_code == 409
    assert agent.status()["running"] is True
    assert agent.stop_it().status_code == 200


def test_status_lists_what_the_agent_can(agent, new_id):
    told = agent.status()
    assert {"receipt", "status", "async", "lease", "hold", "logs", "preflight"} <= set(told["extensions"])
    assert (told["running"], told["hold"]) == (False, None)
    one = new_id()
    agent.deploy(agent.image("1.0.0"), one, lease_seconds=60)
    told = agent.status()
    assert (told["deploy_id"], told["hold"]["deploy_id"]) == (one, one)
    assert told["lease_expires_at"]


def test_an_agent_told_to_leave_ends_what_is_in_hand(agent, new_id):
    one = new_id()
    agent.deploy(agent.image("1.0.0"), one, wait=False)
    agent.process.terminate()
    agent.process.wait(60)
    rows = until(lambda: [row["what"] for row in agent.audit()])
    assert "deploy.deployed" in rows
