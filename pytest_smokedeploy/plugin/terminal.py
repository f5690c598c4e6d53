"""What is written past pytest's capturing, and the mask on what pytest's reporter writes."""

import os
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import Any, Final, TypeAlias

Config: TypeAlias = Any

#: Seconds between two lines of progress where no line can be rewritten.
PROGRESS_SECONDS: Final = 10.0


def show(config: Config, line: str) -> None:
    """Write one line past pytest's capturing, where its terminal reporter is loaded."""
    section(config, "", [line])


def section(config: Config, title: str, lines: Iterable[str]) -> None:
    """Write lines past pytest's capturing, under a title unless it is "".

    Raises:
        OSError: nobody reads them any more.

    """
    if (reporter := config.pluginmanager.getplugin("terminalreporter")) is None:
        return
    with _uncaptured(config):
        reporter.ensure_newline()
        if title:
            reporter.section(title)
        for line in lines:
            reporter.write_line(line)
        reporter.flush()


class Progress:
    """Shows how far something is: in place on a terminal, elsewhere in a line every `PROGRESS_SECONDS`.

    It has no colour, so `NO_COLOR` changes nothing. Whatever else pytest's writer writes, a live log too,
    erases the line in place first.

    Args:
        config: pytest's.
        clock: monotonic seconds.

    """

    def __init__(self, config: Config, clock: Callable[[], float] = time.monotonic) -> None:
        self._config, self._clock = config, clock
        self._due = 0.0
        #: Columns of the line in place.
        self._columns = 0
        self._reporter = config.pluginmanager.getplugin("terminalreporter")
        if self._reporter is not None:
            writer = config.get_terminal_writer()
            self._write = writer.write
            writer.write = self._write_alone

    def show(self, line: str) -> None:
        """Show `line` in the place of the one before; "" erases that.

        Raises:
            OSError: nobody reads it any more.

        """
        if self._reporter is None:
            return
        if self._reporter.isatty and os.environ.get("TERM") != "dumb":
            with _uncaptured(self._config):
                self._in_place(line)
        elif line and self._clock() >= self._due:
            self._due = self._clock() + PROGRESS_SECONDS
            show(self._config, f"  {line}")

    def _in_place(self, line: str) -> None:
        if not line:
            self._erase()
            return
        self._reporter.ensure_newline()
        # A character a column, and none in the last one, behind which a terminal may begin a new line.
        text = f"  {line}".encode("ascii", "backslashreplace").decode()[: self._room()]
        blank, self._columns = max(self._columns - len(text), 0), max(self._columns, len(text))
        self._write(f"\r{text}{' ' * blank}", flush=True)
        self._columns = len(text)

    def _erase(self) -> None:
        if self._columns:
            blank, self._columns = min(self._columns, self._room()), 0
            self._write(f"\r{' ' * blank}\r", flush=True)

    def _room(self) -> int:
        return max(int(self._config.get_terminal_writer().fullwidth) - 1, 0)

    def _write_alone(self, msg: str, **more: Any) -> None:  # noqa: ANN401 - pytest's own
        self._erase()
        self._write(msg, **more)


def _uncaptured(config: Config) -> AbstractContextManager[None]:
    capture = config.pluginmanager.getplugin("capturemanager")
    return capture.global_and_fixture_disabled() if capture else nullcontext()


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
