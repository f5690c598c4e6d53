"""What a command prints."""

from __future__ import annotations

from typing import TextIO

from pytest_smokedeploy.support.redaction import one_line


def say(line: str, to: TextIO | None = None) -> None:
    """Print one line to `to` (default: stdout), whatever an agent's answer or a file's name put into it."""
    print(one_line(line), file=to)
