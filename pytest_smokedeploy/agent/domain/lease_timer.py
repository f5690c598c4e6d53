"""Leases: how long a container may run before the agent stops it itself (extension `lease`)."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from pytest_smokedeploy.agent.domain.state import Lease
from pytest_smokedeploy.contract import parse_time
from pytest_smokedeploy.support.errors import SmokedeployError

#: A stop that failed is tried again after this many seconds: what runs on is the worst there is.
_AGAIN_SECONDS: Final = 5.0
_LOG: Final = logging.getLogger("smokedeploy.agent")


def at(moment: float) -> str:
    """A time of `time.time()` as RFC 3339."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def moment(text: str) -> float:
    """An RFC 3339 time as `time.time()` gives it."""
    return parse_time(text).timestamp()


class LeaseTimer:
    """A thread that ends the one lease there is when it runs out.

    While the agent lives it counts monotonic seconds, so that a clock that is set does not end a lease;
    after a restart only the clock can tell.

    Args:
        run_out: ends what the lease was for; called again after a while where it raises.

    """

    def __init__(self, run_out: Callable[[Lease], None]) -> None:
        self._run_out = run_out
        self._changed = threading.Condition()
        self._lease: Lease | None = None
        self._due = 0.0
        self._closed = False
        self._thread = threading.Thread(target=self._watch, name="lease", daemon=True)
        self._thread.start()

    def arm(self, lease: Lease | None) -> None:
        """Watch this lease from now on, in place of any other."""
        with self._changed:
            if lease == self._lease:
                return
            self._lease = lease
            if lease is not None:
                self._due = time.monotonic() + moment(lease.expires_at) - time.time()
            self._changed.notify_all()

    @property
    def lease(self) -> Lease | None:
        """The lease that is watched."""
        with self._changed:
            return self._lease

    def disarm(self, key: str) -> None:
        """Watch the lease of the deploy `key` no longer."""
        with self._changed:
            if self._lease is not None and self._lease.key == key:
                self._lease = None
                self._changed.notify_all()

    def close(self) -> None:
        """End the thread; a lease that is left is on the disk."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _watch(self) -> None:
        while (lease := self._wait()) is not None:
            try:
                self._run_out(lease)
            except Exception as error:  # noqa: BLE001 - a thread that dies would let the container run on
                if not isinstance(error, SmokedeployError):
                    _LOG.exception("what a lease was for could not be ended")
                with self._changed:
                    if self._lease is lease:
                        self._due = time.monotonic() + _AGAIN_SECONDS
                continue
            with self._changed:
                if self._lease is lease:
                    self._lease = None

    def _wait(self) -> Lease | None:
        """The lease that ran out, or None once closed."""
        with self._changed:
            while not self._closed:
                left = None if self._lease is None else self._due - time.monotonic()
                if self._lease is not None and left is not None and left <= 0:
                    return self._lease
                self._changed.wait(left)
            return None
