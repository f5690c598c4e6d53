"""From where this package was installed, so that a workflow can install the same."""

import json
import subprocess
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit, urlunsplit

from pytest_smokedeploy import __version__

_NAME: Final = "pytest-smokedeploy"
_GIT_SECONDS: Final = 10


def requirement() -> tuple[str, bool]:
    """What pip installs this version by, as a shell writes it, and whether another machine can.

    A version where it came from an index; else the address, with the commit where git knows one (PEP 610).
    """
    told = _direct_url()
    if not told:
        return f"{_NAME}=={__version__}", told is None
    url = _bare(str(told.get("url")))
    if commit := told.get("vcs_info", {}).get("commit_id"):
        return f"'{_NAME} @ git+{url}@{commit}'", True
    place = urlsplit(url)
    if place.scheme != "file":
        return f"'{_NAME} @ {url}'", True
    folder = Path(unquote(place.path))
    origin, commit = _bare(git(folder, "remote", "get-url", "origin")), git(folder, "rev-parse", "HEAD")
    if commit and urlsplit(origin).scheme in {"https", "ssh"}:
        return f"'{_NAME} @ git+{origin}@{commit}'", True
    return f"{_NAME}=={__version__}", False


def _bare(url: str) -> str:
    """An address without who asks: a token in it would stand in the workflow, for everybody to read."""
    parts = urlsplit(url)
    user, at, host = parts.netloc.rpartition("@")
    # A user alone is part of where ssh goes.
    kept = f"{user.partition(':')[0]}{at}" if parts.scheme.endswith("ssh") else ""
    return urlunsplit(parts._replace(netloc=f"{kept}{host}"))


def git(folder: Path, *words: str) -> str:
    """What git says in a folder, "" where it is none of git's or there is no git."""
    command = ["git", "-C", str(folder), *words]
    try:
        done = subprocess.run(  # noqa: S603 - fixed words, and git by its path as a user has it
            command, capture_output=True, text=True, timeout=_GIT_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _direct_url() -> dict[str, Any] | None:
    """The record of an installation that did not come from an index, or None."""
    try:
        text = distribution(_NAME).read_text("direct_url.json")
    except PackageNotFoundError:
        return {}
    return None if text is None else dict(json.loads(text))
