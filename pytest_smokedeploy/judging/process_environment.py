"""Environment variables that change what the gate's process runs; each one set is refused (FLR-1)."""

import re
from collections.abc import Iterable
from typing import Final

from pytest_smokedeploy.support.errors import MisuseError

#: Read by pytest, by Python, by the shell that starts them, and by the loader of both.
_STEERS: Final = re.compile(
    r"PYTEST_\w+|PYTHON[A-Z]\w*|BASH_ENV|SHELLOPTS|BASHOPTS|BASH_FUNC_exec\W*|LD_PRELOAD|LD_AUDIT"
)
#: Those that choose no code to run or to skip.
_HARMLESS: Final = re.compile(
    r"PYTEST_(?:CURRENT_TEST|DEBUG_TEMPROOT|DISABLE_PLUGIN_AUTOLOAD|VERSION)|"
    r"PYTHON(?:DONTWRITEBYTECODE|FAULTHANDLER|HASHSEED|IOENCODING|NOUSERSITE|SAFEPATH|UNBUFFERED|UTF8)"
)
#: Those by which programs and libraries are found: a runner has them, and a workflow may not set them.
_FINDS: Final = re.compile(r"PATH|LD_LIBRARY_PATH|DYLD_\w+|GCONV_PATH")


def steers(name: str) -> bool:
    """Whether pytest, Python, the shell or the loader runs other code because of the variable `name`."""
    return bool(_STEERS.fullmatch(name)) and not _HARMLESS.fullmatch(name)


def replaces(name: str) -> bool:
    """Whether a workflow that sets the variable `name` can put other code in the gate's place."""
    return steers(name) or bool(_FINDS.fullmatch(name))


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
