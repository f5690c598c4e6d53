"""How a followed log ends: with its own container's exit code, or in words that the engine failed."""

import json
import os
import threading

import pytest

from pytest_smokedeploy.agent.engines.base import ContainerSpec, LogEnd
from pytest_smokedeploy.agent.engines.docker import logs
from pytest_smokedeploy.agent.engines.docker.engine import DockerEngine
from pytest_smokedeploy.agent.engines.docker.own import LABEL
from pytest_smokedeploy.agent.http.log_feed import encoded
from tests.support.docker_proxy import DockerProxy
from tests.support.needs import needs_docker

pytestmark = needs_docker
WAITS = "echo up; while :; do sleep 0.1; done"


def run(bench, tag, script):
    image = bench.push(tag, script)
    bench.engine.pull(image)
    return bench.engine.start(ContainerSpec(image, {}, (), {LABEL: bench.name}))


def drained(log):
    """(lines, what it returned)."""
    lines = []
    while True:
        try:
            lines += [record.line for record in next(log)]
        except StopIteration as stop:
            return lines, stop.value


def rows(chunks):
    return [json.loads(line) for chunk in chunks for line in chunk.splitlines()]


@pytest.fixture
def proxied(bench, tmp_path, monkeypatch):
    """The bench's engine behind a line that can be cut, and little patience with it."""
    monkeypatch.setattr(logs, "_BACK_SECONDS", 0.5)
    address = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock").removeprefix("unix://")
    proxy = DockerProxy(tmp_path / "proxy.sock", address)
    yield DockerEngine(bench.name, proxy.host), proxy
    proxy.close()


@pytest.mark.parametrize("follow", [True, False])
def test_it_ends_with_its_own_exit_code(bench, follow):
    run(bench, "v1", "echo up; exit 3")
    bench.docker("wait", bench.name)
    assert drained(bench.engine.logs(None, follow=follow)) == (["up"], LogEnd(3))


def test_of_one_that_runs_a_log_not_followed_tells_no_end(bench):
    run(bench, "v1", WAITS)
    assert drained(bench.engine.logs(None, follow=False))[1] is None


def test_never_with_the_exit_code_of_whoever_took_the_name(bench):
    run(bench, "v1", WAITS)
    log = bench.engine.logs(None, follow=True)
    next(batch for batch in log if batch)
    bench.docker("rm", "-f", bench.name)
    run(bench, "v2", "echo another; exit 0")
    bench.docker("wait", bench.name)
    assert drained(log) == ([], LogEnd(None))


def test_an_engine_that_fails_is_told_and_is_no_end(bench, proxied):
    engine, proxy = proxied
    run(bench, "v1", WAITS)
    sent = encoded(lambda: engine.logs(None, follow=True), str)
    first = rows([next(sent)])
    assert first[0]["line"] == "up"
    proxy.cut()
    *_, last = rows(sent)
    assert last.keys() == {"error"}
    assert "the Docker engine at" in last["error"]


def test_an_engine_that_is_away_for_a_moment_is_waited_for(bench, proxied):
    engine, proxy = proxied
    run(bench, "v1", WAITS)
    log = engine.logs(None, follow=True)
    next(batch for batch in log if batch)
    proxy.cut()
    threading.Timer(0.1, proxy.mend).start()
    bench.docker("kill", bench.name)
    assert drained(log) == ([], LogEnd(137))
