"""The agent's log: one line a call, JSON for a machine, plain for a person; no header, no secret."""

import io
import json
import logging
from pathlib import Path

import pytest

from pytest_smokedeploy.agent.http import logs
from pytest_smokedeploy.agent.settings import AgentSettings
from pytest_smokedeploy.contract import ASSERTION_HEADER
from pytest_smokedeploy.support.redaction import Sanitiser, Secret
from tests.support.agent_process import REPOSITORY, until

PASSWORD = "canary-of-the-database"
RUNTIME = "canary-of-the-runtime"


def lines(agent):
    return (agent.folder / "agent.log").read_text().splitlines()


def rows(agent):
    return [json.loads(line) for line in lines(agent) if line.startswith("{")]


def since(agent, ray):
    """The lines of calls from the one with this ray on; a line is written after its answer."""
    calls = [row for row in rows(agent) if "call" in row]
    first = next((n for n, row in enumerate(calls) if row["ray"] == ray), len(calls))
    return calls[first:]


def test_one_json_line_a_call(agent):
    agent.call("GET", "/v1/status", **{"cf-ray": "8f00-TST"})
    agent.call("GET", "/nowhere", human=True)
    agent.client.get("/health")
    calls = until(lambda: (found := since(agent, "8f00-TST"))[2:] and found)
    told = [(row["call"], row["caller"], row["status"], row["ray"]) for row in calls]
    assert told == [
        ("GET /v1/status", "robot.access", 200, "8f00-TST"),
        ("GET /nowhere", "person@example.com", 404, ""),
        ("GET /health", "", 403, ""),
    ]
    assert all(row["seconds"] >= 0 and row["time"].endswith("Z") for row in calls)


def test_no_secret_anywhere(make_agent, tmp_path):
    """Database password, assertion and the runtime's secrets: in no answer, log, state or command line."""
    file = tmp_path / "runtime.env"
    file.write_text(f"API_TOKEN={RUNTIME}\n")
    url = f"postgresql://smoke:{PASSWORD}@127.0.0.1:1/runtime"
    agent = make_agent(DATABASE_URL=url, RUNTIME_ENV_FILE=str(file)).start(forked=False)
    crash = agent.image("bad", 'echo "API_TOKEN is $API_TOKEN"; exit 3\n')
    answers = [agent.deploy(crash), agent.call("GET", "/v1/preflight"), agent.call("GET", "/v1/status")]
    answers += [agent.deploy(f"{REPOSITORY}:none"), agent.call("GET", "/openapi.json")]
    assert answers[0].status_code == 500
    assertion = agent.keys.service()
    answers.append(agent.client.get("/health", headers=[(ASSERTION_HEADER, assertion)] * 2))
    argv = Path(f"/proc/{agent.process.pid}/cmdline").read_text()
    agent.stop()
    said = {f"answer {n}": answer.text for n, answer in enumerate(answers)}
    said |= {"log": "\n".join(lines(agent)), "ps": argv}
    said |= {str(f): f.read_text() for f in (tmp_path / "state").rglob("*") if f.is_file()}
    for where, text in said.items():
        for canary in (PASSWORD, RUNTIME, assertion, assertion.split(".")[2]):
            assert canary not in text, where


def test_an_exception_is_told_without_its_secret():
    stream = io.StringIO()
    logs.start(stream, Sanitiser([Secret(PASSWORD)]))
    log = logging.getLogger("uvicorn.error")
    error = RuntimeError(f"could not connect with {PASSWORD}")
    log.error("it failed", exc_info=error)
    log.info("chatter")
    row = json.loads(stream.getvalue())
    assert row["level"] == "error"
    assert "RuntimeError: could not connect with [redacted]" in row["error"]


@pytest.mark.parametrize("tty", [True, False])
def test_plain_on_a_terminal_and_json_elsewhere(tty):
    stream = io.StringIO()
    stream.isatty = lambda: tty
    logs.start(stream, Sanitiser())
    told = {"call": "GET /v1/\x1b[2J", "caller": "a\nb", "ray": "", "status": 200, "seconds": 0.1}
    logging.getLogger("smokedeploy.agent").info("call", extra=told)
    (line,) = stream.getvalue().splitlines()
    assert "\x1b" not in line
    assert (line.startswith("{")) is not tty
    if tty:
        assert line.split(" ", 1)[1] == r"200 GET /v1/\x1b[2J 0.100s a\nb"


def test_secret_sounding_runtime_values_are_known(tmp_path):
    file = tmp_path / "runtime.env"
    file.write_text("PLAIN=word\nDB_PASSWORD=hidden-word\nSIGNING_KEY=other-word\n")
    environ = {
        "ENVIRONMENT": "dev",
        "CONTAINER_NAME": "x",
        "AUDIT_EVENTS_PATH": "/a",
        "SNAPSHOTS_PATH": "/s",
        "STATE_PATH": "/state",
        "ALLOWED_IMAGES": "x/y",
        "CF_ACCESS_TEAM_DOMAIN": "team.example.test",
        "CF_ACCESS_AUD": "x",
        "DATABASE_URL": "postgresql://u:p%40ss@h/d",
        "RUNTIME_ENV_FILE": str(file),
    }
    known = {secret.reveal() for secret in AgentSettings.from_environ(environ).secrets}
    assert known == {"hidden-word", "other-word", "postgresql://u:p%40ss@h/d", "p%40ss", "p@ss"}
