"""Reads from and ends a process that the rehearsal started."""

import re
import select
import subprocess
import time
from typing import IO


def read_until(pipe: IO[bytes], pattern: bytes, seconds: float) -> tuple[re.Match[bytes] | None, bytes]:
    """Where an unbuffered `pipe` matches `pattern`, and what was read.

    Args:
        pipe: standard output or standard error of the process.
        pattern: a regular expression.
        seconds: how long to wait; after that, or at the pipe's end, the match is None.

    """
    deadline, read = time.monotonic() + seconds, b""
    while not (found := re.search(pattern, read)):
        left = deadline - time.monotonic()
        chunk = pipe.read(4096) if left > 0 and select.select([pipe], [], [], left)[0] else b""
        if not chunk:
            return None, read
        read += chunk
    return found, read


def end(process: subprocess.Popen[bytes], seconds: float) -> None:
    """Wait for the end of `process`, and kill it after `seconds`."""
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
