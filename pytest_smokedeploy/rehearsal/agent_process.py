"""The rehearsal's agent, a process of its own: it prints its port, and ends with its standard input."""

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Final, cast

from pytest_smokedeploy.rehearsal import child
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
        found, _ = child.read_until(cast("IO[bytes]", self._process.stdout), rb"^(.*)\n", _UP_SECONDS)
        if found is None:
            said = self._log.read_text(encoding="utf-8", errors="replace").strip()
            raise SmokedeployError(f"The rehearsal's agent did not come up: {said[-600:] or 'no word'}")
        return int(json.loads(found[1])["port"])

    def stop(self) -> None:
        """End it in order: its standard input ends, and it stops what it runs."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        child.end(self._process, _DOWN_SECONDS)
