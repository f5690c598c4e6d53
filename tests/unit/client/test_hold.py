"""A hold is told as one sentence, whatever of it the agent tells, and with the commands that release it."""

import pytest

from pytest_smokedeploy.client.hold import release, sentence

HOLD = {"deploy_id": "d-1", "since": "2026-01-01T00:00:00Z", "by": "robot.access", "reason": "it began."}
START = "the agent is on hold since"
NOTHING = f"{START} a time that it does not tell, set by somebody it does not tell"
BY_ROBOT = f"{START} 2026-01-01T00:00:00Z, set by robot.access"
LAST = {"deploy_id": "d-1", "run_id": "99"}


def url(run_id):
    return f"https://github.com/o/r/actions/runs/{run_id}" if run_id == "99" else ""


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ({"hold": HOLD}, f"{BY_ROBOT} for the deploy d-1: it began."),
        (
            {"hold": HOLD, "last_deploy": LAST},
            f"{BY_ROBOT} for the run 99 ({url('99')}) and its deploy d-1: it began.",
        ),
        (
            {"hold": HOLD, "last_deploy": LAST | {"run_id": "local"}},
            f"{BY_ROBOT} for the run local and its deploy d-1: it began.",
        ),
        (
            {"hold": HOLD, "last_deploy": LAST | {"deploy_id": "d-2"}},
            f"{BY_ROBOT} for the deploy d-1: it began.",
        ),
        (
            {"hold": HOLD | {"deploy_id": None, "by": "mine.access"}, "last_deploy": LAST},
            f"{START} 2026-01-01T00:00:00Z, set by the gate's own Access token: it began.",
        ),
        ({"hold": {}}, f"{NOTHING}: it tells no reason"),
        ({"hold": True, "last_deploy": "x"}, f"{NOTHING}: it tells no reason"),
        ({"hold": {"since": 5, "by": " ", "reason": "two\nlines"}}, f"{NOTHING}: two lines"),
    ],
)
def test_it_tells_what_is_told(status, words):
    assert sentence(status, "mine.access", url) == words


def test_a_long_reason_is_cut():
    assert len(sentence({"hold": HOLD | {"reason": "x" * 10_000}}, "", url)) < 600


@pytest.mark.parametrize(
    ("path", "folder"),
    [
        ("/var/lib/deploy-agent", "/var/lib/deploy-agent"),
        ("/var/lib/a;reboot", "'/var/lib/a;reboot'"),
        (None, "STATE_PATH"),
        ("relative; reboot", "STATE_PATH"),
        ("/a\nb", "STATE_PATH"),
        ("/a`reboot`", "STATE_PATH"),
        (5, "STATE_PATH"),
    ],
)
def test_the_command_on_the_server_names_the_agents_own_folder(path, folder):
    words = release({"hold": HOLD | {"state_path": path}}, "https://agent.example.com")
    assert (
        f"as root on the agent's server: `smokedeploy agent release --state {folder} --reason '...'`" in words
    )


@pytest.mark.parametrize(
    ("endpoint", "agent"),
    [
        ("https://agent.example.com", "https://agent.example.com"),
        ("https://agent.example.com/", "https://agent.example.com"),
        ("https://agent.example.com/secret-prefix", "ADDRESS"),
        ("https://agent.example.com:8443", "ADDRESS"),
        ("http://127.0.0.1:8080", "ADDRESS"),
    ],
)
def test_the_call_through_access_shows_the_agents_host_and_nothing_else(endpoint, agent):
    words = release({"hold": HOLD}, endpoint)
    command = f"`cloudflared access login {agent} && smokedeploy release --agent {agent} --reason '...'`"
    assert words.endswith(f"or as a person through Access, with the agent's address: {command}.")
    assert "secret-prefix" not in words
