"""The rehearsal's agent, a process of its own: it tells its port, and leaves when its standard input ends."""

from __future__ import annotations

import json
import select
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, cast

from pytest_smokedeploy.support.errors import SmokedeployError

_UP_SECONDS: Final = 30.0
_DOWN_SECONDS: Final = 20.0


class AgentProcess:
    """Our agent, or the one that the world names.

    Args:
        command: what to run.
        environ: its whole environment.
        log: file for its standard error.

    Attributes:
        pid: its process id.

    """

    def __init__(self, command: Sequence[str], environ: Mapping[str, str], log: Path) -> None:
        self._log = log
        with log.open("wb") as file:
            self._process = subprocess.Popen(  # noqa: S603 - see the class
                command,
                env=dict(environ),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=file,
                # Ctrl-C at the terminal is the gate's to hear; the agent must outlive it to stop.
                start_new_session=True,
                bufsize=0,  # what is read by the byte must not wait in a buffer that select cannot see
            )
        self.pid = self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def port(self) -> int:
        """The port of its first line, once it listens.

        Raises:
            SmokedeployError: it did not come up in time, or said something else.

        """
        out = cast("Any", self._process.stdout)
        deadline, line = time.monotonic() + _UP_SECONDS, b""
        while not line.endswith(b"\n"):
            ready = select.select([out], [], [], max(0.0, deadline - time.monotonic()))[0]
            byte = out.read(1) if ready else b""
            if not byte:
                said = self._log.read_text(encoding="utf-8", errors="replace").strip()
                raise SmokedeployError(f"The rehearsal's agent did not come up: {said[-600:] or 'no word'}")
            line += byte
        return int(json.loads(line)["port"])

    def stop(self) -> None:
        """End it in order: its standard input ends, and it stops what it runs."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        try:
            self._process.wait(_DOWN_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
