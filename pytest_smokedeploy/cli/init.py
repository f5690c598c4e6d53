"""``smokedeploy init``: lays smoke tests and workflow into a repository; nothing that is there is touched."""

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from pytest_smokedeploy.cli import installed
from pytest_smokedeploy.judging import workflow_policy
from pytest_smokedeploy.judging.workflow_install import with_database
from pytest_smokedeploy.judging.workflow_steps import triggers
from pytest_smokedeploy.preconditions import workflow_file
from pytest_smokedeploy.settings.model import DEPLOY_WORKFLOW
from pytest_smokedeploy.support.errors import SmokedeployError
from pytest_smokedeploy.support.output import say

_TESTS: Final = "smoke_tests"
_SETTINGS: Final = f"{_TESTS}/smokedeploy.yml"
_SCHEMA: Final = f"{_TESTS}/smokedeploy.schema.json"
_PACKAGE: Final = Path(__file__).parents[1]
_LEFT_OUT: Final = {"__pycache__", "migrations"}
#: Where images are pushed to is not known; `check` refuses it until it is written.
_PLACEHOLDER: Final = "ghcr.io/your-organisation/runtime"
_NEXT: Final = (
    f"Write {_SETTINGS} and the steps in {_TESTS}/phase.yml, until `smokedeploy check` says NO to nothing.",
    f"Rehearse here, with the extra `rehearsal`: `pytest -p smokedeploy {_TESTS} --smokedeploy-rehearse`.",
    "Create the GitHub Environment dev with its secrets, and run the agent on the server.",
)
_GITHUB: Final = re.compile(r"(?:.*[@/])?github\.com[:/]([\w.-]+)/([\w.-]+?)(?:\.git)?/?")
#: What stands before the part of the workflow that another one takes over.
_HEAD: Final = "name: Smoke deploy\n\n"
_DIRECT: Final = re.compile(r"^[^#\n]*\bproof: *direct\b", re.MULTILINE)
_IGNORED: Final = "smoke-evidence/\n"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the repository's root."""
    parser.add_argument("folder", type=Path, nargs="?", default=Path(), help="its root (default: here)")


def run(parsed: argparse.Namespace) -> bool:
    """Lay what is missing, say what is left as it is, and what to do next.

    Raises:
        SmokedeployError: a copy is missing from this installation; nothing is written.

    """
    into: Path = parsed.folder
    image = _image(into)
    source, reachable = installed.requirement()
    if _asks_directly(into / _SETTINGS):
        source = with_database(source)
    texts = dict(_texts(image, source))
    laid = [name for name, text in texts.items() if _lay(into / name, text)]
    for name in texts:
        say(f"smokedeploy init: {'laid' if name in laid else 'left as it is:'} {name}")
    if _SETTINGS in laid and image != _PLACEHOLDER:
        say(f"smokedeploy init: image.repository is {image}, after git's remote `origin`; mend it if need be")
    if ".gitignore" not in laid and _IGNORED.strip() not in _words(into / ".gitignore"):
        say(f"smokedeploy init: add `{_IGNORED.strip()}` to .gitignore")
    root = installed.git(into, "rev-parse", "--show-toplevel")
    # With GIT_WORK_TREE set git names a folder that need not hold this one.
    if root and (top := Path(root).resolve()) in into.resolve().parents:
        below = into.resolve().relative_to(top)
        words = f"GitHub reads the workflows of {root} alone: move {DEPLOY_WORKFLOW} there, and write"
        words = f"{words} `defaults: {{run: {{working-directory: {below}}}}}` in the gate's job"
        say(f"smokedeploy init: {words}, and `{below}/` before the path of its artifact")
    read = workflow_file.read(into / DEPLOY_WORKFLOW)
    document = read.document
    wanted = document is None or workflow_policy.gate_of(document) is None
    if wanted:
        why = f" ({read.fault})" if read.fault else ""
        say(f"smokedeploy init: no job of your {DEPLOY_WORKFLOW} is the gate{why}; take this over into it:")
        sys.stdout.write(f"\n{texts[DEPLOY_WORKFLOW].partition(_HEAD)[2]}\n")
    if document and (others := sorted(set(triggers(document.data)) - {workflow_policy.BY_HAND})):
        words = f"{', '.join(others)} starts your {DEPLOY_WORKFLOW} too, and a person alone starts the gate's"
        say(f"smokedeploy init: {words} (TRG-3): give yours another name instead, and call init again")
    if not reachable and (wanted or DEPLOY_WORKFLOW in laid):
        words = f"it installs {source}, and this one came from a place that no workflow reaches"
        say(f"smokedeploy init: {words}; mend that line")
    for number, words in enumerate(_NEXT, 1):
        say(f"smokedeploy init: next, {number}. {words}")
    return True


def _words(file: Path) -> list[str]:
    """The words of a text, whatever its encoding; [] of what can't be read."""
    try:
        return file.read_text("utf-8", "replace").split()
    except OSError:
        return []


def _lay(file: Path, text: str) -> bool:
    """Write a file that is missing; whether it was."""
    if file.exists() or file.is_symlink():
        return False
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return True


def _texts(image: str, source: str) -> Iterator[tuple[str, str]]:
    """What is laid, by its path in the repository."""
    tests, workflow = _sources()
    for file in sorted(tests.rglob("*")):
        if file.is_file() and not _LEFT_OUT & set(file.parts):
            name, text = f"{_TESTS}/{file.relative_to(tests).as_posix()}", file.read_text("utf-8")
            yield name, _settings(text, image) if name == _SETTINGS else text
    yield _SCHEMA, (_PACKAGE / "schemas" / "settings.schema.json").read_text("utf-8")
    yield (
        DEPLOY_WORKFLOW,
        workflow.read_text("utf-8").replace("pip install --quiet .", f"pip install --quiet {source}"),
    )
    yield ".gitignore", _IGNORED


def _settings(text: str, image: str) -> str:
    """The settings of a project that has no migration yet, with the line by which editors know them."""
    text = text.replace("ghcr.io/example/runtime", image).replace("  migrations: migrations\n", "")
    return f"# yaml-language-server: $schema={Path(_SCHEMA).name}\n{text}"


def _asks_directly(settings: Path) -> bool:
    """Whether settings that are there want the gate's own connection to the database."""
    return settings.is_file() and _DIRECT.search(settings.read_text("utf-8", "replace")) is not None


def _image(folder: Path) -> str:
    """Where GitHub keeps the images of the repository that git's remote names, or the placeholder."""
    found = _GITHUB.fullmatch(installed.git(folder, "remote", "get-url", "origin"))
    return f"ghcr.io/{found[1]}/{found[2]}".lower() if found else _PLACEHOLDER


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
