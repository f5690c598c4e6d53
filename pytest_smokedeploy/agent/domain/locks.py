"""Locks that the processes of one STATE_PATH share; the system frees them with the process that has them."""

import fcntl
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from pytest_smokedeploy.agent.domain.files import StateError, kept

#: Seconds that the state's lock is waited for (chosen: a hundred times what a slow disk takes for a write).
#: Whoever has it longer hangs, or was suspended.
LOCK_SECONDS = 2.0
_LOOK_SECONDS: Final = 0.02


class StateLock:
    """One writer at a time, of all threads and processes; within itself no wait.

    It is held while files are written and for nothing else, so that nobody waits for an engine by it.

    Args:
        file: what is locked; made where it is missing.

    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._thread = threading.RLock()
        self._held = False

    @contextmanager
    def __call__(self) -> Iterator[None]:
        """Hold it during the block.

        Raises:
            StateError: another one has it for longer than `LOCK_SECONDS`, or it can't be had at all.

        """
        until = time.monotonic() + LOCK_SECONDS
        if not self._thread.acquire(timeout=LOCK_SECONDS):
            raise self._busy()
        try:
            if self._held:
                yield
                return
            with _opened(self._file) as handle:
                if not taken(handle, self._file, until):
                    raise self._busy()
                self._held = True
                try:
                    yield
                finally:
                    self._held = False
        finally:
            self._thread.release()

    def _busy(self) -> StateError:
        words = f"{self._file} was not free within {LOCK_SECONDS:g} s: a process holds it, or its disk hangs."
        return StateError(words, remedy=f"Look who it is (`fuser -v {self._file}`); end it, or let it go on.")


@contextmanager
def exclusive(file: Path) -> Iterator[None]:
    """Lock `file` during the block; whoever has it is waited for.

    Raises:
        StateError: it can't be locked.

    """
    with _opened(file) as handle:
        with kept(f"{file} can't be locked"):
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def is_free(file: Path) -> bool:
    """Whether nobody is in `exclusive` with this file.

    Raises:
        StateError: that can't be told.

    """
    with _opened(file) as handle:
        return _free(handle, file, fcntl.LOCK_SH)


@contextmanager
def _opened(file: Path) -> Iterator[int]:
    with kept(f"{file.parent} can't be written"):
        handle = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        yield handle
    finally:
        os.close(handle)


def taken(handle: int, file: Path, until: float) -> bool:
    """Lock an open file, tried until then; whether it is locked.

    Args:
        handle: the file's.
        file: its name, for the words of an error.
        until: monotonic seconds.

    Raises:
        StateError: it can't be locked at all.

    """
    while not _free(handle, file):
        if time.monotonic() >= until:
            return False
        time.sleep(_LOOK_SECONDS)
    return True


def _free(handle: int, file: Path, how: int = fcntl.LOCK_EX) -> bool:
    with kept(f"{file} can't be locked"):
        try:
            fcntl.flock(handle, how | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True
