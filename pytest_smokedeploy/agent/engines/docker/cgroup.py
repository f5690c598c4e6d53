"""A container's counters from its control group, where the engine runs on this machine.

Docker's own statistics come once a second: whoever asks waits for the next beat, and a status read
with them takes a second. The kernel's files, which Docker reads too, tell at once.
"""

from pathlib import Path
from typing import Final

from pytest_smokedeploy.contract import Activity

_PROC: Final = Path("/proc")
_ROOT: Final = Path("/sys/fs/cgroup")


def container_activity(pid: int, container: str, proc: Path = _PROC, root: Path = _ROOT) -> Activity | None:
    """Processor seconds and processes of the container whose first process is `pid`.

    Args:
        pid: as the engine tells it.
        container: the container's id; a group without it in its name is another's.
        proc: the machine's /proc.
        root: where its control groups are mounted.

    Returns:
        None where the engine's process is not to be seen from here: it runs elsewhere.

    """
    try:
        groups = _groups(proc / str(pid) / "cgroup", container, root)
        # Version 2 has one group for all; a machine on version 1 may list it too, without counters.
        if "cpuacct" in groups:
            pids = groups["pids"]
            cpu = int((groups["cpuacct"] / "cpuacct.usage").read_text("ascii")) / 1e9
        else:
            pids = groups[""]
            used = dict(line.split() for line in (pids / "cpu.stat").read_text("ascii").splitlines())
            cpu = int(used["usage_usec"]) / 1e6
        processes = int((pids / "pids.current").read_text("ascii"))
    except (OSError, KeyError, ValueError):
        return None
    return Activity(cpu_seconds=cpu, processes=processes)


def _groups(file: Path, container: str, root: Path) -> dict[str, Path]:
    """Controller to the group's folder, of those groups that are the container's."""
    rows = [line.split(":", 2) for line in file.read_text("utf-8").splitlines()]
    mine = [(names, path.lstrip("/")) for _, names, path in rows if container in path]
    return {name: root / name / path for names, path in mine for name in names.split(",")}
