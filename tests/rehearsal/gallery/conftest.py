"""Worlds that the tests ask for, each run once."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.rehearsal.gallery.catalogue import CASES
from tests.rehearsal.gallery.gate import Ended
from tests.rehearsal.gallery.judge import rehearse


@pytest.fixture(scope="session")
def ended() -> Iterator[Callable[[str], Ended]]:
    """ended(name): how the gate ended in that world."""
    with tempfile.TemporaryDirectory(prefix="worlds-") as folder:

        @cache
        def run(name: str) -> Ended:
            return rehearse(CASES[name], name, Path(folder) / str(list(CASES).index(name)))

        yield run
