"""What is written past pytest's capturing, and the mask on what pytest's reporter writes."""

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any, TypeAlias

Config: TypeAlias = Any


def show(config: Config, line: str) -> None:
    """Write one line past pytest's capturing, where its terminal reporter is loaded."""
    reporter, capture = map(config.pluginmanager.getplugin, ("terminalreporter", "capturemanager"))
    if reporter is None:
        return
    with capture.global_and_fixture_disabled() if capture else nullcontext():
        reporter.ensure_newline()
        reporter.write_line(line)
        reporter.flush()


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
