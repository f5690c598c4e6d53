"""The world of a rehearsal, as a hook makes it; an error of the hook is a misuse and no internal error."""

from __future__ import annotations

from pathlib import Path
from traceback import extract_tb
from typing import TYPE_CHECKING, Any

from pytest_smokedeploy.support.errors import MisuseError, SmokedeployError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_smokedeploy.rehearsal import Stack
    from pytest_smokedeploy.settings import Options

_HOOK = "pytest_smokedeploy_rehearsal"


def made(hook: Callable[..., Any], folder: Path, options: Options) -> Stack:
    """Call `hook` (``pytest_smokedeploy_rehearsal``); returns its answer, a stack that is not started.

    Raises:
        MisuseError: it raised; the words name its file and line. Exit status 4.

    """
    try:
        stack: Stack = hook(folder=folder, options=options)
    except SmokedeployError:
        raise
    except Exception as error:
        lines = [row for row in extract_tb(error.__traceback__) if row.name == _HOOK]
        place = f"{lines[-1].filename}:{lines[-1].lineno}: " if lines else ""
        words = f"{place}{_HOOK} raised {type(error).__name__}: {str(error).rstrip('.') or 'without a word'}."
        remedy = "Mend that hook, which makes the world of a rehearsal."
        if isinstance(error, ImportError):
            remedy = "Install pytest-smokedeploy with its extra `rehearsal`."
        raise MisuseError(words, remedy=remedy) from error
    return stack
