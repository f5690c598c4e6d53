"""What runs is what was declared: read back from the created container, and never started where it is not."""

import json
from pathlib import Path

import pytest

from tests.integration.agent.docker_world import START
from tests.support.needs import needs_docker

pytestmark = needs_docker

RUNTIME = "trap 'exit 0' TERM\nwhile :; do sleep 1 & wait $!; done"
DECLARED = ["AUDIT_EVENTS_PATH", "EXECUTION_PLANE", "SNAPSHOTS_PATH"]
PROXY = "http://somebody:not-a-real-word@proxy.example.com:3128"


@pytest.fixture
def serves(world):
    """serves(**environ) -> the agent, started anew with more settings; one image is there."""

    def make(**environ):
        world.stop()
        world.environ |= environ
        world.push("1.0.0", RUNTIME)
        return world.start()

    return make


def built(agent, lines):
    """The image, with more lines in its Dockerfile."""
    agent.docker("pull", "-q", f"{agent.quick}:1.0.0")
    folder = agent.folder / "image"
    folder.mkdir()
    (folder / "Dockerfile").write_text(f"FROM {agent.quick}:1.0.0\n{lines}\n")
    agent.docker("build", "-q", "-t", f"{agent.quick}:2.0.0", str(folder))
    agent.docker("push", "-q", f"{agent.quick}:2.0.0")
    # What is pulled is nobody's child, so that each can be removed alone.
    agent.docker("rmi", f"{agent.quick}:2.0.0")
    return f"{agent.quick}:2.0.0"


def inspected(agent):
    return json.loads(agent.docker("inspect", agent.name))[0]


def test_no_proxy_of_the_agents_user_reaches_the_container(serves, tmp_path):
    config = tmp_path / "home" / ".docker" / "config.json"
    config.parent.mkdir(parents=True)
    config.write_text(json.dumps({"proxies": {"default": {"httpProxy": PROXY, "noProxy": "localhost"}}}))
    agent = serves(HOME=str(tmp_path / "home"))
    answer = agent.deploy(f"{agent.quick}:1.0.0")
    assert answer.status_code == 200, answer.text
    assert answer.json()["env"] == DECLARED
    names = {text.partition("=")[0] for text in inspected(agent)["Config"]["Env"]}
    assert names == {*DECLARED, "PATH"}


def test_the_receipt_is_read_back_less_what_the_image_brings(serves):
    agent = serves()
    more = "HEALTHCHECK --interval=1s CMD exit 1\nVOLUME /cache\nENV LEVEL=debug EXECUTION_PLANE=live"
    receipt = agent.deploy(built(agent, more)).json()
    there = inspected(agent)
    assert receipt["env"] == DECLARED
    assert "EXECUTION_PLANE=paper" in there["Config"]["Env"]
    assert {row["Destination"] for row in there["Mounts"]} == {
        "/cache",
        *(m["target"] for m in receipt["mounts"]),
    }
    assert receipt["mounts"] == [
        {"name": name, "source": str(agent.folder / name), "target": f"/data/{name}", "writable": True}
        for name in ("audit-events", "snapshots")
    ]
    assert (receipt["network"], receipt["health_check"]) == ("none", False)
    assert there["Config"]["Healthcheck"]["Test"] == ["NONE"]
    assert "Health" not in there["State"]


def test_its_limits_are_the_settings_and_are_read_back(serves):
    limits = {"MEMORY_LIMIT_MB": "100", "PROCESS_LIMIT": "40", "CAPABILITIES": "cap_setuid,KILL"}
    agent = serves(**limits, LOG_LIMIT_MB="3")
    receipt = agent.deploy(f"{agent.quick}:1.0.0").json()
    assert receipt["limits"] == {
        "memory_bytes": 100 * 1024 * 1024,
        "processes": 40,
        "log_characters": 3_000_000,
        "capabilities": ["KILL", "SETUID"],
        "no_new_privileges": True,
    }
    there = inspected(agent)
    status = Path(f"/proc/{there['State']['Pid']}/status").read_text()
    assert "NoNewPrivs:\t1" in status
    assert "CapBnd:\t00000000000000a0" in status, "KILL is bit 5, SETUID is bit 7"
    assert there["HostConfig"]["LogConfig"]["Config"]["max-size"] == "18000000"


def test_without_settings_it_has_the_documented_limits(serves):
    agent = serves()
    receipt = agent.deploy(f"{agent.quick}:1.0.0").json()
    assert receipt["limits"] == {
        "memory_bytes": 2048 * 1024 * 1024,
        "processes": 512,
        "log_characters": 32_000_000,
        "capabilities": [],
        "no_new_privileges": True,
    }


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (
            {b'"EXECUTION_PLANE=paper"': b'"EXECUTION_PLANX=paper"'},
            "that nobody set: EXECUTION_PLANX; variables that were set and are missing: EXECUTION_PLANE.",
        ),
        ({b"=a-word": b"=b-word"}, "variables with another value than was set: NOTE."),
        ({b'"NOTE=a-word"': b'"NOTE"'}, "variables that were set and are missing: NOTE."),
        ({b'"none"': b'"host"'}, "its network is host, and none was asked for."),
        ({b'"Test": ["NONE"]': b'"Test": []'}, "its health check is on, and was to be off."),
        (
            {b'"/data/snapshots"': b'"/data/snapshotz"'},
            "snapshots at /data/snapshotz; mounts that are missing",
        ),
        (
            {b'"ReadOnly": false': b'"ReadOnly": true'},
            "at /data/snapshots, read-only; mounts that are missing",
        ),
    ],
    ids=[
        "another variable",
        "another value",
        "no variable",
        "network",
        "health check",
        "target",
        "read-only",
    ],
)
def test_a_container_that_is_not_what_was_asked_for_is_never_started(serves, tmp_path, edit, words):
    """What stands between the agent and the engine asks for something else; the engine does as it is told."""
    file = tmp_path / "runtime.env"
    file.write_text("NOTE=a-word\n")
    agent = serves(RUNTIME_ENV_FILE=str(file))
    image = built(agent, "HEALTHCHECK CMD exit 1")
    agent.proxy.edits = edit
    failed = agent.deploy(image).json()
    assert (failed["status"], failed["step"]) == ("error", "start")
    assert words in failed["reason"]
    assert "-word" not in json.dumps(failed)
    assert agent.there() == []
    assert [call for call in agent.proxy.calls if call[0] == START[0] and call[1].endswith("/start")] == []
    assert [action for _, action in agent.events()] == ["create", "destroy"]


def test_the_network_of_another_container_is_told_by_its_id(serves):
    agent = serves()
    agent.docker("pull", "-q", f"{agent.quick}:1.0.0")
    other = agent.docker("run", "-d", "--network", "none", f"{agent.quick}:1.0.0")
    try:
        agent = serves(NETWORK_MODE=f"container:{other[:12]}")
        assert agent.deploy(f"{agent.quick}:1.0.0").json()["network"] == f"container:{other}"
        agent.stop_it()
    finally:
        agent.docker("rm", "-f", other)
