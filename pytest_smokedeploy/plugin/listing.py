"""What in a folder's checks would refuse a run, without a run: pytest collects them, and nothing else."""

import io
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from pytest_smokedeploy.plugin import hooks
from pytest_smokedeploy.support.errors import MisuseError


class _Reader:
    """Keeps what the gate makes of the collected checks."""

    def __init__(self) -> None:
        self.found: list[MisuseError] | None = None

    def pytest_configure(self, config: pytest.Config) -> None:
        """Have the gate look from the first file on, as it does in a run."""
        hooks.awake(config)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Ask it what it found."""
        self.found = hooks.awake(session.config).unfit(session)


def unfit(folder: Path) -> list[MisuseError]:
    """Everything about the checks of a folder that refuses a run of them, in its words.

    Args:
        folder: the smoke tests'.

    """
    if not folder.is_dir():
        words = f"There is no folder {folder} here."
        return [MisuseError(words, remedy="Run it at the repository's root; `smokedeploy init` lays one.")]
    reader, said = _Reader(), io.StringIO()
    options = ("--collect-only", "-q", "-p", "no:cacheprovider", "-p", "smokedeploy")
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(said), redirect_stderr(said):
        # What makes a run the gate of a workflow would refuse one that only lists.
        for name in ("GITHUB_ACTIONS", "SMOKEDEPLOY_ENVIRONMENT"):
            patch.delenv(name, raising=False)
        pytest.main([*options, str(folder)], plugins=[reader])
    if reader.found is not None:
        return reader.found
    words = (said.getvalue().strip().splitlines() or ["pytest said nothing"])[-1]
    remedy = f"Look at `pytest -p smokedeploy {folder} --collect-only`."
    return [MisuseError(f"The checks in {folder} can't be collected: {words.rstrip('.')}.", remedy=remedy)]
