"""What a command prints; a reader that leaves is no error."""

import os
import sys
from typing import TextIO

from pytest_smokedeploy.support.redaction import one_line


def say(line: str, to: TextIO | None = None) -> None:
    """Print one line to `to` (default: stdout), whatever an agent's answer or a file's name put into it."""
    write(one_line(line), to)


def write(line: str, to: TextIO | None = None) -> None:
    """Print `line` as it is; a reader that has left (``| head -1``) does not change how the command ends."""
    to = to or sys.stdout
    try:
        print(line, file=to, flush=True)
    except BrokenPipeError:
        # What is printed from now on goes nowhere, the interpreter's own last flush too.
        os.dup2(os.open(os.devnull, os.O_WRONLY), to.fileno())
