"""``smokedeploy init``: copies the smoke tests and the workflow into a repository."""

import argparse
import shutil
from pathlib import Path
from typing import Final

from pytest_smokedeploy import __version__
from pytest_smokedeploy.settings.model import DEPLOY_WORKFLOW
from pytest_smokedeploy.support.errors import SmokedeployError
from pytest_smokedeploy.support.output import say

_TESTS: Final = "smoke_tests"
#: What differs from this repository's own files: the gate comes from the index, no migrations are there yet.
_OTHERWISE: Final = {
    DEPLOY_WORKFLOW: ("pip install --quiet .", f"pip install --quiet pytest-smokedeploy=={__version__}"),
    f"{_TESTS}/smokedeploy.yml": ("  migrations: migrations\n", ""),
}
_PACKAGE: Final = Path(__file__).parents[1]
_LEFT_OUT: Final = {"__pycache__", "migrations"}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the repository's root."""
    parser.add_argument("folder", type=Path, nargs="?", default=Path(), help="its root (default: here)")


def run(parsed: argparse.Namespace) -> bool:
    """Copy the smoke tests and the deploy workflow; nothing that is there is replaced.

    Raises:
        SmokedeployError: a file of the same name is there, or a copy is missing; then nothing is written.

    """
    into: Path = parsed.folder
    tests, workflow = _sources()
    sources = {
        f"{_TESTS}/{file.relative_to(tests).as_posix()}": file
        for file in sorted(tests.rglob("*"))
        if file.is_file() and not _LEFT_OUT & set(file.parts)
    } | {DEPLOY_WORKFLOW: workflow}
    if taken := [name for name in sources if (into / name).exists()]:
        words = f"{', '.join(taken)} stands here already, and nothing was written."
        raise SmokedeployError(words, remedy="Move it away, or take over what you need by hand.")
    for name, source in sources.items():
        target = into / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
    for name, (ours, theirs) in _OTHERWISE.items():
        text = (into / name).read_text(encoding="utf-8")
        (into / name).write_text(text.replace(ours, theirs), encoding="utf-8")
    for name in sources:
        say(f"smokedeploy init: {name}")
    say("smokedeploy init: now write smoke_tests/smokedeploy.yml, then `smokedeploy check`")
    return True


def _sources() -> tuple[Path, Path]:
    """Smoke tests and workflow inside the installed wheel, or in the checkout it was installed from."""
    for tests, workflow in (
        (_PACKAGE / _TESTS, _PACKAGE / "workflows" / Path(DEPLOY_WORKFLOW).name),
        (_PACKAGE.parent / _TESTS, _PACKAGE.parent / DEPLOY_WORKFLOW),
    ):
        if tests.is_dir() and workflow.is_file():
            return tests, workflow
    words = "The copies of smoke tests and workflow are missing from this installation."
    raise SmokedeployError(words, remedy="Install the wheel anew.")
