"""The five steps on a real engine: in order, once each, told alike by receipt and engine."""

import subprocess

import pytest

from pytest_smokedeploy.support.errors import EngineError
from tests.integration.engines.conftest import IDLE, FailedError, until
from tests.support.needs import needs_docker

pytestmark = needs_docker
STEPS = ["pull", "stop", "remove", "start", "running"]
NEW = ["create", "start"]


def outcomes(receipt):
    assert [step["step"] for step in receipt["steps"]] == STEPS
    times = [moment for step in receipt["steps"] for moment in (step["started_at"], step["finished_at"])]
    assert times == sorted(times)
    return [step["outcome"] for step in receipt["steps"]]


def test_no_container_is_there(bench):
    bench.push("v1")
    bench.mark()
    receipt = bench.deploy()
    assert bench.events() == ["pull", *NEW]
    assert outcomes(receipt) == ["done", "absent", "absent", "done", "done"]
    state = bench.engine.inspect()
    assert (state.running, state.ours, state.container_id) == (True, True, receipt["container_id"])
    image = bench.docker("image", "inspect", "--format", "{{json .RepoDigests}}", receipt["image"])
    assert receipt["image_digest"] == state.digest
    assert f"{bench.repository}@{state.digest}" in image
    how = bench.docker("inspect", "--format", "{{json .HostConfig.RestartPolicy}}", bench.name)
    assert '"Name":"no"' in how


def test_a_running_one_is_stopped_and_removed(bench):
    bench.push("v1"), bench.push("v2", f"echo second\n{IDLE}")
    first = bench.deploy()
    until(lambda: "up" in bench.docker("logs", bench.name), "the trap is set")
    bench.mark()
    second = bench.deploy("v2")
    assert bench.events() == ["pull", "kill", "die", "stop", "destroy", *NEW]
    assert outcomes(second) == ["done"] * 5
    assert first["container_id"] != second["container_id"]


def test_one_that_ignores_sigterm_is_killed(bench):
    bench.push("v1", "trap '' TERM; echo up; while :; do sleep 1; done"), bench.push("v2")
    bench.deploy()
    until(lambda: "up" in bench.docker("logs", bench.name), "the trap is set")
    bench.mark()
    receipt = bench.deploy("v2")
    assert bench.events() == ["pull", "kill", "kill", "die", "stop", "destroy", *NEW]
    assert outcomes(receipt) == ["done"] * 5


def test_a_stopped_one_is_removed_only(bench):
    bench.push("v1")
    bench.deploy()
    bench.docker("stop", "-t", "0", bench.name)
    bench.mark()
    receipt = bench.deploy()
    assert bench.events() == ["pull", "destroy", *NEW]
    assert outcomes(receipt) == ["done", "absent", "done", "done", "done"]


def test_one_that_someone_else_is_removing_is_waited_for(bench):
    bench.push("v1")
    bench.deploy()
    bench.mark()
    other = subprocess.Popen(["docker", "rm", "-f", bench.name], stdout=subprocess.DEVNULL)
    try:
        receipt = bench.deploy()
    finally:
        assert other.wait(60) == 0
    events = bench.events()
    assert [event for event in events if event in {"pull", "destroy", *NEW}] == ["pull", "destroy", *NEW]
    assert [step["step"] for step in receipt["steps"]] == STEPS


def test_a_paused_one_is_stopped_too(bench):
    bench.push("v1")
    bench.deploy()
    bench.docker("pause", bench.name)
    bench.deploy()
    assert bench.engine.inspect().running


def test_a_foreign_container_is_neither_stopped_nor_removed(bench):
    image = bench.push("v1")
    bench.docker("pull", "-q", image)
    foreign = bench.docker("run", "-d", "--network", "none", "--name", bench.name, image)
    with pytest.raises(FailedError, match=r"did not make; it is left alone") as caught:
        bench.deploy()
    assert caught.value.step == "stop"
    for act in (lambda: bench.engine.stop(0), bench.engine.remove):
        with pytest.raises(EngineError, match="left alone"):
            act()
    assert list(bench.engine.logs(None, follow=True)) == []
    assert bench.docker("inspect", "--format", "{{.Id}} {{.State.Running}}", bench.name) == f"{foreign} true"


def test_a_stop_ends_in_a_stopped_container_and_twice_is_no_error(bench):
    bench.push("v1")
    bench.deploy()
    bench.mark()
    bench.flow.stop(None, "tests")
    bench.flow.stop(None, "tests")
    assert bench.engine.inspect().running is False
    assert bench.events().count("stop") == 1
