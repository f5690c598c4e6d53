"""The timer of a lease: how long a container may run before the agent stops it itself (extension `lease`)."""

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
    """Ends the one lease there is when it runs out.

    While the agent lives it counts monotonic seconds, so that a clock that is set does not end a lease;
    after a restart only the clock can tell.

    Args:
        run_out: ends what the lease was for; called again after a while where it raises.

    Attributes:
        lease: the lease that is watched.

    """

    def __init__(self, run_out: Callable[[Lease], None]) -> None:
        self.lease: Lease | None = None
        self._run_out = run_out
        self._timer = threading.Timer(0.0, run_out)
        self._closed = False
        self._lock = threading.RLock()

    def arm(self, lease: Lease | None) -> None:
        """Watch this lease from now on, in place of any other."""
        with self._lock:
            if lease != self.lease:
                self._timer.cancel()
                self.lease = lease
                if lease is not None:
                    self._start(lease, moment(lease.expires_at) - time.time())

    def disarm(self, key: str) -> None:
        """Watch the lease of the deploy `key` no longer."""
        with self._lock:
            if self.lease is not None and self.lease.key == key:
                self.arm(None)

    def close(self) -> None:
        """Stop the timer; a lease that is left is on the disk."""
        with self._lock:
            self._closed = True
            self._timer.cancel()

    def _start(self, lease: Lease, seconds: float) -> None:
        if not self._closed:
            self._timer = threading.Timer(max(seconds, 0.0), self._end, (lease,))
            self._timer.daemon = True
            self._timer.start()

    def _end(self, lease: Lease) -> None:
        try:
            self._run_out(lease)
            again = False
        except Exception as error:  # noqa: BLE001 - a thread that dies would let the container run on
            if not isinstance(error, SmokedeployError):
                _LOG.exception("what a lease was for could not be ended")
            again = True
        with self._lock:
            if self.lease is lease and again:
                self._start(lease, _AGAIN_SECONDS)
            elif self.lease is lease:
                self.lease = None
