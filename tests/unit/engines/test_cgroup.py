"""Counters from control groups of either version; a stranger's group is never read."""

import pytest

from pytest_smokedeploy.agent.engines.docker.cgroup import container_activity

ID = "0123456789ab" * 5


@pytest.fixture
def machine(tmp_path):
    def make(lines, files):
        proc = tmp_path / "proc" / "7"
        proc.mkdir(parents=True)
        (proc / "cgroup").write_text("".join(f"{line}\n" for line in lines))
        for name, text in files.items():
            file = tmp_path / "cgroup" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        return lambda: container_activity(7, ID, tmp_path / "proc", tmp_path / "cgroup")

    return make


def test_version_two(machine):
    path = f"system.slice/docker-{ID}.scope"
    files = {f"{path}/cpu.stat": "usage_usec 1500000\nuser_usec 9\n", f"{path}/pids.current": "3\n"}
    activity = machine([f"0::/{path}"], files)()
    assert (activity.cpu_seconds, activity.processes, activity.network_tx_bytes) == (1.5, 3, None)


def test_version_one(machine):
    lines = [f"4:pids:/docker/{ID}", f"3:cpu,cpuacct:/docker/{ID}", f"0::/docker/{ID}"]
    files = {
        f"cpuacct/docker/{ID}/cpuacct.usage": "2500000000\n",
        f"pids/docker/{ID}/pids.current": "2\n",
    }
    activity = machine(lines, files)()
    assert (activity.cpu_seconds, activity.processes) == (2.5, 2)


@pytest.mark.parametrize("lines", [["0::/docker/another"], ["0::/"], ["garbage"], []])
def test_a_process_that_is_not_the_containers_tells_nothing(machine, lines):
    assert machine(lines, {"docker/another/cpu.stat": "usage_usec 1\n"})() is None


def test_a_process_that_is_not_there_tells_nothing(tmp_path):
    assert container_activity(7, ID, tmp_path, tmp_path) is None
