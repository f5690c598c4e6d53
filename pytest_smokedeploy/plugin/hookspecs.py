"""The plug-in's own hook."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_smokedeploy.rehearsal import Stack
    from pytest_smokedeploy.settings import Options


def pytest_smokedeploy_rehearsal(folder: Path, options: Options) -> Stack | None:
    """Make the world of a rehearsal, not yet started; the first answer wins.

    A conftest may rehearse its own runtime, or a world with a fault in it. It cannot reach a live
    run, and a rehearsal is never evidence (EXT-1).
    """


pytest_smokedeploy_rehearsal.pytest_spec = {"firstresult": True}  # type: ignore[attr-defined]
