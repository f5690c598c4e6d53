"""Gives, renews and ends leases: how long a deploy's container may run (extension `lease`)."""

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from pydantic import ValidationError

from pytest_smokedeploy.agent.domain import hold
from pytest_smokedeploy.agent.domain.container import LEASE_LABEL, Container, key_of
from pytest_smokedeploy.agent.domain.deploys import Deploy
from pytest_smokedeploy.agent.domain.policy import RefusedError
from pytest_smokedeploy.agent.domain.state import AGENT, Lease, Stopping, Store
from pytest_smokedeploy.agent.engines.base import ContainerState, utc_now
from pytest_smokedeploy.contract import parse_time
from pytest_smokedeploy.support.errors import SmokedeployError

#: A stop that failed is tried again after this many seconds: what runs on is the worst there is.
_AGAIN_SECONDS: Final = 5.0
_LOG: Final = logging.getLogger("smokedeploy.agent")


def at(moment: float) -> str:
    """A time of `time.time()` as RFC 3339."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def seconds_until(text: str) -> float:
    """Seconds from now to an RFC 3339 time, by the server's clock."""
    return parse_time(text).timestamp() - time.time()


def labelled(there: ContainerState) -> Lease | None:
    """The first lease of a container by its own label, where STATE_PATH does not tell; None without one."""
    until = there.labels.get(LEASE_LABEL, "")
    try:
        return Lease(key=key_of(there), expires_at=until, ends_at=until)
    except ValidationError:
        return None


class Leases:
    """Gives, renews and ends the one lease there is; ends it itself when it runs out.

    While the agent lives it counts monotonic seconds, so that a clock that is set does not end a lease;
    after a restart only the clock can tell.

    Args:
        store: where the lease is kept.
        container: the one container.
        most: seconds a container may run in all, however often it is renewed.
        under_way: the deploy in flight, or None.

    """

    def __init__(
        self, store: Store, container: Container, most: int, under_way: Callable[[], Deploy | None]
    ) -> None:
        self._store = store
        self._container = container
        self._most = most
        self._under_way = under_way
        self._lease: Lease | None = None
        self._timer: threading.Timer | None = None
        self._closed = False
        self._lock = threading.RLock()

    def give(self, deploy: Deploy) -> Lease | None:
        """The lease that a deploy asked for, from now on; None asked, none given.

        Raises:
            StateError: it can't be kept.

        """
        lease = None
        if (seconds := deploy.request.lease_seconds) is not None:
            now = time.time()
            ends = now + self._most
            until = min(max(now + seconds, deploy.leased_until), ends)
            lease = Lease(key=deploy.key, expires_at=at(until), ends_at=at(ends))
        self._store.update(lease=lease)
        self.arm(lease)
        return lease

    def left_over(self, key: str) -> None:
        """Stop what a failed deploy left like one whose lease ran out: tried until it is stopped."""
        now = utc_now()
        left = Lease(key=key, expires_at=now, ends_at=now, leftover=True)
        self._store.keep(lease=left)
        self.arm(left)

    def stop(self, key: str, by: str, why: str) -> bool:
        """Stop the container of the deploy `key`, and end its lease; returns whether it was alive.

        Raises:
            EngineError: it can't be stopped; the next agent, or the engine's return, makes it good.

        """
        # Kept before it is begun: a crash meanwhile is made good at the next start.
        self._store.keep(stopping=Stopping(key=key, by=by))
        if was_alive := self._container.stop(key):
            self._store.tell("container.stopped", who=by, why=why, deploy_id=key)
        self.end(key)
        return was_alive

    def end(self, key: str) -> None:
        """The container of the deploy `key` does not run any more."""
        self._store.forget(key)
        with self._lock:
            if self._lease is not None and self._lease.key == key:
                self.arm(None)

    def renew(self, deploy_id: str, seconds: int) -> str:
        """Extend the lease to `seconds` from now, up to the total; returns when it ends.

        Raises:
            RefusedError: 409; it is not this deploy that runs, or it has no lease.
            EngineError: the engine can't tell what runs.
            StateError: it can't be kept.

        """
        deploy = self._under_way()
        if deploy is not None and deploy.key == deploy_id:
            return self._renew_early(deploy, seconds)
        # Not while it is being stopped: what ran out does not come back.
        with self._container.acting:
            state = self._container.look()
            if state is None or not state.alive or key_of(state) != deploy_id:
                raise RefusedError(409, "it is not this deploy that runs; nothing is renewed.")
            return self._renew(deploy_id, seconds)

    def _renew_early(self, deploy: Deploy, seconds: int) -> str:
        if deploy.cancelled.is_set():
            raise RefusedError(409, "this deploy is being cancelled; nothing is renewed.")
        if deploy.request.lease_seconds is None:
            raise RefusedError(409, "this deploy has no lease to renew.")
        deploy.leased_until = time.time() + min(seconds, self._most)
        lease = self._store.read().lease
        if lease is None or lease.key != deploy.key:
            # Not started yet: the lease begins with the container, and lasts until then at the least.
            return at(deploy.leased_until)
        return self._renew(deploy.key, seconds)

    def _renew(self, key: str, seconds: int) -> str:
        with self._store.changing() as state:
            lease = state.lease
            if lease is None or lease.key != key or lease.leftover:
                raise RefusedError(409, "this deploy has no lease to renew.")
            # Both are the text of `at`, which sorts as the times do.
            until = min(at(time.time() + seconds), lease.ends_at)
            state.lease = lease.model_copy(update={"expires_at": until})
        self.arm(state.lease)
        return until

    def arm(self, lease: Lease | None) -> None:
        """Watch this lease from now on, in place of any other."""
        with self._lock:
            if lease != self._lease:
                self._lease = lease
                self._wait(0.0 if lease is None else seconds_until(lease.expires_at))

    def close(self, until: float) -> None:
        """Stop a lent container before the agent leaves; a stop that fails is tried again until then.

        Args:
            until: monotonic seconds. A lease that is left then is on the disk, for the next agent.

        """
        with self._lock:
            self._closed = True
            self._wait(0.0)
        while (lease := self._lease) is not None:
            why = "the agent was ended within its lease, and the container was stopped"
            try:
                if self.stop(lease.key, AGENT, why):
                    hold.for_a_person(self._store, lease.key, why)
            except SmokedeployError as error:
                _LOG.error("while the agent leaves: %s", error)
                if self._lease is None or time.monotonic() + _AGAIN_SECONDS > until:
                    return
                time.sleep(_AGAIN_SECONDS)

    def _wait(self, seconds: float) -> None:
        """Let the lease run out in `seconds`, where one is watched."""
        if self._timer is not None:
            self._timer.cancel()
        if self._lease is not None and not self._closed:
            self._timer = threading.Timer(max(seconds, 0.0), self._end, (self._lease,))
            self._timer.daemon = True
            self._timer.start()

    def _end(self, lease: Lease) -> None:
        try:
            self._run_out(lease)
        except Exception as error:  # noqa: BLE001 - a thread that dies would let the container run on
            if not isinstance(error, SmokedeployError):
                _LOG.exception("what a lease was for could not be ended")
            with self._lock:
                if self._lease is lease:
                    self._wait(_AGAIN_SECONDS)

    def _run_out(self, lease: Lease) -> None:
        """Stop the container of a lease that ran out; called again where it raises."""
        why = f"its lease ran out at {lease.expires_at}"
        deploy = self._under_way()
        if deploy is not None and deploy.key == lease.key and not lease.leftover:
            deploy.cancel(why)
        with self._container.acting:
            if self._lease != lease:
                return  # renewed, or ended, at the same moment
            stopped = self._container.stop(lease.key)
            if lease.leftover:
                words = "nothing of what a failed deploy left runs any more"
            else:
                words = f"{why}; {'the container was stopped' if stopped else 'nothing of it ran any more'}"
            self._store.tell("lease.ran_out", why=words, deploy_id=lease.key)
            if not lease.leftover:
                hold.for_a_person(self._store, lease.key, words)
            self.end(lease.key)
