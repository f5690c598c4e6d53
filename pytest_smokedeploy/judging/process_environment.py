"""Variables by which somebody steers the gate's process past its command line: refused, whoever set them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from pytest_smokedeploy.errors import MisuseError

#: What pytest and Python may be told through the environment: nothing that chooses code to run or to skip.
_HARMLESS: Final = frozenset(
    {
        "PYTEST_CURRENT_TEST",
        "PYTEST_DEBUG_TEMPROOT",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD",
        "PYTEST_VERSION",
        "PYTHONDONTWRITEBYTECODE",
        "PYTHONFAULTHANDLER",
        "PYTHONHASHSEED",
        "PYTHONIOENCODING",
        "PYTHONNOUSERSITE",
        "PYTHONSAFEPATH",
        "PYTHONUNBUFFERED",
        "PYTHONUTF8",
    }
)
#: Read by pytest, by Python, by the shell that starts them, and by the loader of both.
_STEERS: Final = re.compile(
    r"PYTEST_\w+|PYTHON[A-Z]\w*|BASH_ENV|SHELLOPTS|BASHOPTS|BASH_FUNC_exec\W*|LD_PRELOAD|LD_AUDIT"
)


def steers(name: str) -> bool:
    """Whether pytest, Python, the shell or the loader takes the variable `name` for an instruction."""
    return name not in _HARMLESS and bool(_STEERS.fullmatch(name))


def misuses(names: Iterable[str]) -> list[MisuseError]:
    """A refusal for each variable of a dispatched run's real environment that steers it (FLR-1)."""
    return [
        MisuseError(
            f"{name} is set in the gate's environment: it can decide in the gate's place what runs.",
            clause="FLR-1",
            remedy="Take it out of the workflow, of what its steps write to GITHUB_ENV, and of the runner.",
        )
        for name in sorted(filter(steers, names))
    ]
