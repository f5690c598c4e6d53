"""A failed run's hold, taken off through Access by a person, and the next run passes."""

import os

import pytest

from pytest_smokedeploy.rehearsal import World
from tests.rehearsal.live.test_history import again

FOUND = "looked: the disk was full"


@pytest.fixture
def logged_in(tmp_path):
    """logged_in(gate, line) puts a cloudflared on the path of the gate's commands, which does `line`."""

    def lay(gate, line):
        program = tmp_path / "bin" / "cloudflared"
        program.parent.mkdir(exist_ok=True)
        program.write_text(f"#!/bin/sh\n{line}\n")
        program.chmod(0o755)
        gate.environ["PATH"] = f"{program.parent}{os.pathsep}{os.environ['PATH']}"

    return lay


def test_refused_then_released_then_passed(live, logged_in, tmp_path):
    once = f"test -e {tmp_path}/second || {{ touch {tmp_path}/second; echo no room >&2; exit 7; }}"
    runtime = World().script().replace("\n", f"\n{once}\n", 1)
    gate = live(World(runtime=runtime))
    agent = gate.environ["DEPLOY_ENDPOINT"]
    assert again(gate, 1).document["verdict"] == "FAIL"
    refused = again(gate, 2)
    assert (refused.document["verdict"], refused.document["clause"]) == ("REFUSED", "FLR-3")
    assert "&& smokedeploy release --agent " in refused.output
    token = gate.stack.person("ann@example.com")
    logged_in(gate, f'test "$*" = "access token -app={agent}" && echo {token}')
    done = gate.command("release", "--reason", FOUND)
    assert (done.returncode, done.stderr) == (0, "")
    assert token not in done.stdout
    released = gate.stack.status()["last_deploy"]["released"]
    assert (released["who"], released["why"]) == ("ann@example.com", FOUND)
    assert again(gate, 3).document["verdict"] == "PASS"
    done = gate.command("release", "--reason", FOUND)
    assert (done.returncode, "there is no hold to release" in done.stderr) == (1, True), done.stderr


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (
            "echo 'Unable to find token for provided application.' >&2; exit 1",
            "gave no token: Unable to find",
        ),
        ("echo not a token", "gave no token: not a token"),
        (None, "cloudflared is not installed here"),
    ],
)
def test_nobody_is_logged_in(live, logged_in, line, words):
    gate = live()
    if line:
        logged_in(gate, line)
    done = gate.command("release", "--reason", FOUND)
    assert (done.returncode, words in done.stderr) == (1, True), done.stderr
    assert ("cloudflared access login" if line else "agent release") in done.stderr
    assert gate.posts == []


def test_access_lets_nobody_in_by_another_token(live, logged_in):
    gate = live()
    logged_in(gate, "echo a.b.c")
    done = gate.command("release", "--reason", FOUND)
    assert done.returncode == 1
    assert "Access let you not in (HTTP 403): no policy of the agent's names you." in done.stderr
    assert "a.b.c" not in done.stderr
    assert gate.posts == []
