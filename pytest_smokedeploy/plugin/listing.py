"""What in a folder's checks would refuse a run, without a run: pytest collects them, and nothing else."""

import io
import os
import re
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Final

import pytest

from pytest_smokedeploy.judging import process_environment
from pytest_smokedeploy.plugin import hooks
from pytest_smokedeploy.support.errors import MisuseError

#: What makes a run the gate of a workflow would refuse one that only lists.
_OF_A_RUN: Final = ("GITHUB_ACTIONS", "SMOKEDEPLOY_ENVIRONMENT")
#: By which pytest loads no plug-in but those that are named.
AUTOLOAD: Final = "PYTEST_DISABLE_PLUGIN_AUTOLOAD"
#: Where pytest says why it collects nothing, and in which file.
_CAUSE: Final = re.compile(r"(?:INTERNALERROR> |E  +|ERROR: |.*: error: )(?!usage: )(\S.*)")
_PLACE: Final = re.compile(r"(\S+\.py:\d+): |E  +File \"(.+)\", line (\d+)")
_COLLECTED: Final = frozenset(
    {pytest.ExitCode.OK, pytest.ExitCode.INTERRUPTED, pytest.ExitCode.NO_TESTS_COLLECTED}
)


class _Reader:
    """Keeps what the gate makes of the collected checks."""

    def __init__(self) -> None:
        self.found: list[MisuseError] = []

    def pytest_configure(self, config: pytest.Config) -> None:
        """Have the gate look from the first file on, as it does in a run."""
        hooks.awake(config)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Ask it what it found."""
        self.found = hooks.awake(session.config).unfit(session)


def unfit(folder: Path, no_autoload: str | None = None) -> list[MisuseError]:
    """Everything about the checks of a folder that refuses a run of them, in its words.

    Args:
        folder: the smoke tests'.
        no_autoload: the run's PYTEST_DISABLE_PLUGIN_AUTOLOAD; None: as it is here.

    """
    if not folder.is_dir():
        words = f"There is no folder {folder} here."
        remedy = f"Call this in the folder that holds {folder}; `smokedeploy init` lays one."
        return [MisuseError(words, remedy=remedy)]
    reader, said = _Reader(), io.StringIO()
    options = ("--collect-only", "-q", "-p", "smokedeploy")
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(said), redirect_stderr(said):
        # A run has none of the variables that steer it, and is given this one by its workflow.
        for name in (*_OF_A_RUN, *filter(process_environment.steers, dict(os.environ))):
            patch.delenv(name, raising=False)
        if no_autoload is not None:
            patch.setenv(AUTOLOAD, no_autoload)
        try:
            status = pytest.main([*options, str(folder)], plugins=[reader])
        except SystemExit as error:
            said.write(f"E   it ends the process (SystemExit: {error.code})")
            status = pytest.ExitCode.INTERNAL_ERROR
    if reader.found or status in _COLLECTED:
        return reader.found
    given = f"{AUTOLOAD}={no_autoload} " if no_autoload else ""
    remedy = f"Look at `{given}pytest -p smokedeploy {folder} --collect-only`."
    remedy += f" Where pytest's settings are the project's, an empty {folder}/pytest.ini takes their place."
    return [
        MisuseError(f"The checks in {folder} can't be collected: {_cause(said.getvalue())}.", remedy=remedy)
    ]


def _cause(said: str) -> str:
    """The last cause that pytest names, and the last place before it."""
    lines = said.splitlines()
    causes = [found[1] for found in map(_CAUSE.match, lines) if found]
    places = [found[1] or f"{found[2]}:{found[3]}" for found in map(_PLACE.match, lines) if found]
    cause = causes[-1] if causes else "".join(lines[-1:]) or "pytest said nothing"
    return f"{places[-1]}: {cause}".rstrip(".") if places else cause.rstrip(".")
