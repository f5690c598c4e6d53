"""``smokedeploy init``: lays the smoke tests and the workflow into somebody's repository."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

from pytest_smokedeploy import __version__
from pytest_smokedeploy.support.errors import SmokedeployError

TESTS: Final = "smoke_tests"
WORKFLOW: Final = Path(".github/workflows/deploy.yml")
#: What this repository's own workflow installs, and what a stranger's does.
_OWN_INSTALL: Final = "pip install --quiet ."
_THEIR_INSTALL: Final = f"pip install --quiet pytest-smokedeploy=={__version__}"
#: Where the copies lie: inside the installed wheel, or in the checkout it was installed from.
_PACKAGE: Final = Path(__file__).parents[1]
_LEFT_OUT: Final = ("__pycache__", "migrations")


def lay(into: Path) -> list[Path]:
    """Lay the smoke tests and the deploy workflow into a repository; nothing that is there is replaced.

    Args:
        into: the repository's root.

    Returns:
        What was written, relative to `into`.

    Raises:
        SmokedeployError: a file of the same name is there, or a copy is missing; then nothing is written.

    """
    tests, workflow = _sources()
    pairs = [
        (source, into / TESTS / source.relative_to(tests))
        for source in sorted(tests.rglob("*"))
        if source.is_file() and not set(_LEFT_OUT) & set(source.parts)
    ]
    pairs.append((workflow, into / WORKFLOW))
    taken = [str(target.relative_to(into)) for _, target in pairs if target.exists()]
    if taken:
        words = f"{', '.join(taken)} stands here already, and nothing was written."
        raise SmokedeployError(words, remedy="Move it away, or take over what you need by hand.")
    for source, target in pairs:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
    _for_strangers(into)
    return [target.relative_to(into) for _, target in pairs]


def _for_strangers(into: Path) -> None:
    """The gate comes from the index, and no migrations are theirs yet."""
    workflow = into / WORKFLOW
    text = workflow.read_text(encoding="utf-8")
    workflow.write_text(text.replace(_OWN_INSTALL, _THEIR_INSTALL), encoding="utf-8")
    settings = into / TESTS / "smokedeploy.yml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace("  migrations: migrations\n", ""), encoding="utf-8")


def _sources() -> tuple[Path, Path]:
    for tests, workflow in (
        (_PACKAGE / TESTS, _PACKAGE / "workflows" / WORKFLOW.name),
        (_PACKAGE.parent / TESTS, _PACKAGE.parent / WORKFLOW),
    ):
        if tests.is_dir() and workflow.is_file():
            return tests, workflow
    words = "The copies of smoke tests and workflow are missing from this installation."
    raise SmokedeployError(words, remedy="Install the wheel anew.")
