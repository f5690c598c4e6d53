"""What is written past pytest's capturing: live lines for a person, commands for GitHub's runner."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from typing import Any, TypeAlias

from pytest_smokedeploy.reports.github import annotation, resume, silence

Config: TypeAlias = Any


def announcer(config: Config) -> Callable[[str], None]:
    """Shows lines while a long stage runs, past pytest's capturing."""
    plugins = config.pluginmanager

    def announce(line: str) -> None:
        reporter, capture = plugins.getplugin("terminalreporter"), plugins.getplugin("capturemanager")
        if reporter is None:
            return
        with capture.global_and_fixture_disabled() if capture else nullcontext():
            reporter.ensure_newline()
            reporter.write_line(f"  {line}")
            reporter.flush()

    return announce


def redact_output(config: Config, mask: Callable[[str], str]) -> None:
    """Let `mask` take every text that pytest's reporter writes from now on, whoever made it.

    A warning, a subtest's output, a test file that can't be read or a hook's error pass no report of a check.
    """
    reporter = config.pluginmanager.getplugin("terminalreporter")
    if reporter is None:
        return
    writer = config.get_terminal_writer()
    write = writer.write

    def masked(msg: str, **more: Any) -> None:  # noqa: ANN401 - pytest's own
        write(mask(msg), **more)

    writer.write = masked


class Actions:
    """Speaks to GitHub's runner: holds its commands off while a run's log is shown, annotates at the end.

    Args:
        config: pytest's.
        environ: the environment; outside GitHub Actions nothing is said.

    """

    def __init__(self, config: Config, environ: Mapping[str, str]) -> None:
        self._reporter = config.pluginmanager.getplugin("terminalreporter")
        self._token = secrets.token_hex(16) if environ.get("GITHUB_ACTIONS") == "true" else ""

    def begin(self) -> None:
        """From here on no line of a log is a command."""
        self._say(silence(self._token))

    def end(self, document: Mapping[str, Any] | None) -> None:
        """The verdict as the run's one annotation, after everything else was written."""
        self._say(resume(self._token))
        if document is not None:
            self._say(annotation(document))
        self._token = ""

    def _say(self, line: str) -> None:
        if self._token and self._reporter is not None:
            self._reporter.ensure_newline()
            self._reporter.write_line(line)
            self._reporter.flush()
