"""What is written past pytest's capturing, and the mask on what pytest's reporter writes."""

import os
import sys
from collections.abc import Callable, Iterable
from contextlib import nullcontext, suppress
from typing import Any, TypeAlias

Config: TypeAlias = Any


def show(config: Config, line: str) -> None:
    """Write one line past pytest's capturing, where its terminal reporter is loaded."""
    section(config, "", [line])


def section(config: Config, title: str, lines: Iterable[str]) -> None:
    """Write lines past pytest's capturing, under a title unless it is "".

    Raises:
        OSError: nobody reads them any more.

    """
    reporter, capture = map(config.pluginmanager.getplugin, ("terminalreporter", "capturemanager"))
    if reporter is None:
        return
    with capture.global_and_fixture_disabled() if capture else nullcontext():
        reporter.ensure_newline()
        if title:
            reporter.section(title)
        for line in lines:
            reporter.write_line(line)
        reporter.flush()


def discard(config: Config) -> None:
    """Send what is still written to standard output nowhere, the interpreter's own last flush too."""
    if capture := config.pluginmanager.getplugin("capturemanager"):
        # It would put back what it took the place of.
        capture.stop_global_capturing()
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def redact_output(config: Config, mask: Callable[[str], str]) -> None:
    """Pass every text that pytest's reporter writes from now on through `mask`.

    A warning, a subtest's output, a test file that can't be read or a hook's error pass no report of a check.
    """
    if config.pluginmanager.getplugin("terminalreporter") is None:
        return
    writer = config.get_terminal_writer()
    write = writer.write

    def masked(msg: str, **more: Any) -> None:  # noqa: ANN401 - pytest's own
        write(mask(msg), **more)

    writer.write = masked
