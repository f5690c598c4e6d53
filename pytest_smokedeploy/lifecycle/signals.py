"""Signals end the run in order, and never cut a stop short (DESIGN 5, layer 3)."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any


class Interrupted(KeyboardInterrupt):
    """Raised by the first of SIGINT, SIGTERM and SIGHUP."""


class Signals:
    """Raises Interrupted once, at the first signal; every later one is only recorded.

    Args:
        note: records the name of each signal (``"SIGINT"``).

    """

    def __init__(self, note: Callable[[str], None]) -> None:
        self._note = note
        self._pid = os.getpid()
        self._before: dict[signal.Signals, Any] = {}
        self._held = 0
        self._raised = False
        self._pending = ""
        self._rang = False

    def install(self) -> None:
        """Install the handlers; only in the main thread, since Python allows it nowhere else."""
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                self._before[number] = signal.signal(number, self._handle)

    def restore(self) -> None:
        """Restore the handlers from before."""
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before.clear()

    def finish(self) -> None:
        """Only record signals from here on: the session is ending anyway."""
        self._raised = True

    @contextmanager
    def shield(self) -> Iterator[None]:
        """Defer signals inside; the first is raised at the end, unless one was raised before.

        SIGALRM as well: pytest-timeout ends a check by it, and must not end a stop.
        """
        self._held += 1
        alarm: Any = None
        try:
            if self._held == 1 and threading.current_thread() is threading.main_thread():
                self._rang = False
                alarm = signal.signal(signal.SIGALRM, self._ring)
            yield
        finally:
            self._held -= 1
            if alarm is not None:
                signal.signal(signal.SIGALRM, alarm)
        if self._pending and not self._held and not self._raised:
            self._raised = True
            raise Interrupted(self._pending)
        if self._rang and callable(alarm):
            self._rang = False
            signal.raise_signal(signal.SIGALRM)

    def _ring(self, _number: int, _frame: FrameType | None) -> None:
        self._rang = True

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        name = signal.Signals(number).name
        if os.getpid() != self._pid:
            # A forked child inherits the handler, and has no run to end.
            os._exit(128 + number)
        self._note(name)
        if self._held:
            self._pending = self._pending or name
        elif not self._raised:
            self._raised = True
            raise Interrupted(name)
