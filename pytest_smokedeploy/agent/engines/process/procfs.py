"""Counters of a session's processes, read from /proc; None on systems without it."""

import os
from pathlib import Path
from typing import Final

from pytest_smokedeploy.contract import Activity

_PROC: Final = Path("/proc")
#: Places after the command's closing bracket in /proc/PID/stat (proc(5)): session, and the four times.
_SESSION: Final = 3
_TIMES: Final = slice(11, 15)


def session_activity(session: int) -> Activity | None:
    """Counters of all processes of one session, their children that were waited for included.

    A process that left the session is not counted, nor is one that nobody waited for once it is gone.

    Args:
        session: the session's id, the pid of the process that leads it.

    Returns:
        Processor seconds and processes; the network is null: it is shared with the whole machine.
        None where /proc tells nothing.

    """
    ticks, processes = 0, 0
    for file in _PROC.glob("[0-9]*/stat"):
        try:
            stat = file.read_bytes()
        except OSError:
            continue  # it left meanwhile
        # The command stands in brackets and may itself hold brackets and spaces.
        fields = stat[stat.rindex(b")") + 2 :].split()
        if int(fields[_SESSION]) == session:
            ticks += sum(map(int, fields[_TIMES]))
            processes += 1
    if not processes:
        return None
    return Activity(cpu_seconds=ticks / os.sysconf("SC_CLK_TCK"), processes=processes)
