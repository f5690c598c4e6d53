"""Gives, renews and ends leases: how long a deploy's container may run (extension `lease`)."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Final

from pytest_smokedeploy.agent.domain import hold
from pytest_smokedeploy.agent.domain.clock import Clock, Moment, now
from pytest_smokedeploy.agent.domain.container import LEASE_BOOT_LABEL, LEASE_LABEL, Container, key_of
from pytest_smokedeploy.agent.domain.deploys import Deploy
from pytest_smokedeploy.agent.domain.policy import RefusedError
from pytest_smokedeploy.agent.domain.state import AGENT, Lease, Stopping, Store
from pytest_smokedeploy.agent.engines.base import ContainerState
from pytest_smokedeploy.contract import parse_time
from pytest_smokedeploy.support.errors import SmokedeployError

#: The clocks may be set, or the machine sleep: they are looked at again after this many seconds. So is a
#: stop that failed tried again: what runs on is the worst there is.
_LOOK_SECONDS: Final = 1.0
_LOG: Final = logging.getLogger("smokedeploy.agent")


def labels_of(lease: Lease | None) -> dict[str, str]:
    """A container's labels that tell its first lease, for an agent whose state is lost.

    Without one they are blank: else those of the image would count.
    """
    if lease is None:
        return dict.fromkeys((LEASE_LABEL, LEASE_BOOT_LABEL), "")
    ends = lease.expires
    return {LEASE_LABEL: ends.text(), LEASE_BOOT_LABEL: f"{ends.boot_id} {ends.boot}"}


def lease_of(there: ContainerState, kept: Lease | None, most: float) -> Lease | None:
    """The lease of a container of ours: the one that was kept, or else the first, by its labels.

    Args:
        there: the container.
        kept: the lease under STATE_PATH.
        most: seconds that it may run in all, by its own start.

    """
    lease = kept if kept is not None and kept.key == key_of(there) else _labelled(there)
    if lease is None or there.started_at is None:
        return lease
    oldest = Moment(wall=parse_time(there.started_at).timestamp() + most)
    bounds = {"expires": lease.expires.at_most(oldest), "ends": lease.ends.at_most(oldest)}
    return lease.model_copy(update=bounds)


def _labelled(there: ContainerState) -> Lease | None:
    boot_id, _, boot = there.labels.get(LEASE_BOOT_LABEL, "").partition(" ")
    try:
        wall = parse_time(there.labels.get(LEASE_LABEL)).timestamp()
        until = Moment(wall=wall, boot=float(boot or 0), boot_id=boot_id)
    except ValueError:
        return None
    return Lease(key=key_of(there), expires=until, ends=until)


class Leases:
    """Gives, renews and ends the one lease there is; ends it itself when it runs out.

    A lease ends by the clock that comes to its end first (`Moment`). What ends a container waits for the
    engine and, at most `LOCK_SECONDS` at a time, for STATE_PATH.

    Args:
        store: where the lease is kept.
        container: the one container.
        most: seconds a container may run in all, however often it is renewed.
        under_way: the deploy in flight, or None.
        clock: tells the time.

    """

    def __init__(
        self,
        store: Store,
        container: Container,
        most: int,
        under_way: Callable[[], Deploy | None],
        clock: Clock = now,
    ) -> None:
        self._store = store
        self._container = container
        self._most = most
        self._under_way = under_way
        self._now = clock
        self._lease: Lease | None = None
        self._timer: threading.Timer | None = None
        self._closed = False
        self._lock = threading.RLock()
        self._granting = threading.RLock()
        #: The deploy whose container is being stopped, or was: it is lent no longer.
        self._ending = ""
        #: The lease whose container was stopped when it ran out, and what is to be written down of it.
        self._over: tuple[Lease, str] | None = None
        self._said = ""
        #: Whether a container that has a lease runs beside the one that is watched.
        self._beside = False

    @property
    def current(self) -> Lease | None:
        """The lease that is watched, or None."""
        return self._lease

    def of(self, there: ContainerState, kept: Lease | None) -> Lease | None:
        """The lease of a container of ours, which STATE_PATH keeps as `kept`."""
        return lease_of(there, kept, self._most)

    def seconds_left(self, lease: Lease) -> float:
        """Seconds until it runs out; 0 or less once it has."""
        return lease.expires.seconds_from(self._now())

    def text(self, lease: Lease) -> str:
        """When it runs out, by the server's clock as it is set now (RFC 3339)."""
        return lease.expires.text(self._now())

    def give(self, deploy: Deploy) -> Lease | None:
        """The lease that a deploy asked for, from now on; None asked, none given.

        Raises:
            StateError: it can't be kept.

        """
        lease = None
        with self._granting:
            if (seconds := deploy.request.lease_seconds) is not None:
                began, renewed = self._now(), deploy.leased_until
                ends, early = began.after(self._most), renewed.seconds_from(began) if renewed else 0.0
                until = began.after(max(seconds, early)).at_most(ends)
                lease = Lease(key=deploy.key, expires=until, ends=ends)
            self._store.update(lease=lease)
            self.arm(lease)
        return lease

    def left_over(self, key: str) -> None:
        """Stop what a failed deploy left like one whose lease ran out: tried until it is stopped."""
        moment = self._now()
        left = Lease(key=key, expires=moment, ends=moment, leftover=True)
        self._store.keep(lease=left)
        self.arm(left)

    def stop(self, key: str, by: str, why: str, hold_why: str = "") -> None:
        """Stop the container of the deploy `key`, and end its lease.

        Args:
            key: the deploy.
            by: who stops it.
            why: for the audit log, where it was alive.
            hold_why: leaves the hold to a person, where it was alive.

        Raises:
            EngineError: it can't be stopped; the next agent, or the engine's return, makes it good.

        """
        self._ending = key
        # Kept before it is begun: a crash meanwhile is made good at the next start.
        self._store.keep(stopping=Stopping(key=key, by=by))
        was_alive = self._container.stop(key)
        self._disarm(key)
        said = f"container.stopped by {by} ({key}): {why}"
        with self._store.lenient(said), self._store.changing() as state:
            if was_alive:
                self._store.audit("container.stopped", who=by, why=why, deploy_id=key)
            if was_alive and hold_why:
                hold.for_a_person(self._store, state, key, hold_why)
            state.forget(key)

    def end(self, key: str) -> None:
        """The container of the deploy `key` does not run any more."""
        self._disarm(key)
        self._store.forget(key)

    def _disarm(self, key: str) -> None:
        self._ending = key
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
        # Nobody who ends a lease waits for a renewal.
        state = self._container.look(deploy_id)
        if state is None or not state.ours or not state.alive:
            raise RefusedError(409, "it is not this deploy that runs; nothing is renewed.")
        with self._granting:
            return self._renew(deploy_id, seconds)

    def _renew_early(self, deploy: Deploy, seconds: int) -> str:
        if deploy.cancelled.is_set():
            raise RefusedError(409, "this deploy is being cancelled; nothing is renewed.")
        if deploy.request.lease_seconds is None:
            raise RefusedError(409, "this deploy has no lease to renew.")
        with self._granting:
            deploy.leased_until = self._now().after(min(seconds, self._most))
            lease = self._lease
            if lease is None or lease.key != deploy.key:
                # Not started yet: the lease begins with the container, and lasts until then at the least.
                return deploy.leased_until.text()
            return self._renew(deploy.key, seconds)

    def _renew(self, key: str, seconds: int) -> str:
        with self._store.changing() as state:
            lease = state.lease
            if lease is None or lease.key != key or lease.leftover:
                raise RefusedError(409, "this deploy has no lease to renew.")
            self._check_lent(key)
            until = self._now().after(seconds).at_most(lease.ends)
            renewed = state.lease = lease.model_copy(update={"expires": until})
        with self._lock:
            # It may have run out while it was kept: its end then takes it from the state as well.
            self._check_lent(key)
            self.arm(renewed)
        return self.text(renewed)

    def _check_lent(self, key: str) -> None:
        """Raise RefusedError, 409, once the lease ran out or its container is being stopped."""
        with self._lock:
            lease = self._lease
            if lease is None or lease.key != key or key == self._ending or self.seconds_left(lease) <= 0:
                words = "its lease ran out, or its container is being stopped; nothing is renewed."
                raise RefusedError(409, words)

    def started(self) -> bool:
        """Watch a container that was started by hand, whose lease had ended with its stop.

        Returns:
            Whether to ask again in a while: one that has a lease runs beside the one that is watched.

        Raises:
            EngineError: the engine can't tell what runs, or one can't be stopped.

        """
        again = False
        with self._container.acting:
            for there in self._container.alive():
                lease, current = self.of(there, None), self._lease
                # A deploy's own start has armed its lease before.
                if lease is None or (current is not None and current.key == lease.key):
                    continue
                if current is None:
                    self.arm(lease)
                    self._store.keep(lease=lease)
                elif self.seconds_left(lease) <= 0:
                    why = f"its lease ran out at {self.text(lease)}; it was started beside another by hand"
                    self.stop(lease.key, AGENT, why)
                else:
                    again = True
            self._beside = again
        return again

    def arm(self, lease: Lease | None) -> None:
        """Watch this lease from now on, in place of any other."""
        with self._lock:
            if lease != self._lease:
                self._lease = lease
                self._wait(0.0 if lease is None else self.seconds_left(lease))

    def close(self, until: float) -> None:
        """Stop a lent container before the agent leaves; a stop that fails is tried again until `until`.

        Args:
            until: monotonic seconds. A lease that is left then is on the disk, for the next agent.

        """
        with self._lock:
            self._closed = True
            self._wait(0.0)
        self._close_watched(until)
        if self._beside:
            self._close_others()

    def _close_others(self) -> None:
        """Stop what was started by hand beside the lent container, in one attempt."""
        try:
            for there in self._container.alive():
                if self.of(there, None) is not None:
                    self.stop(key_of(there), AGENT, "the agent was ended, and the container was stopped")
        except SmokedeployError as error:
            _LOG.error("while the agent leaves: %s", error)

    def _close_watched(self, until: float) -> None:
        while (lease := self._lease) is not None:
            try:
                if self.seconds_left(lease) <= 0:
                    self._run_out(lease)
                else:
                    why = "the agent was ended within its lease, and the container was stopped"
                    self.stop(lease.key, AGENT, why, hold_why=why)
            except Exception as error:  # noqa: BLE001 - whatever it was, it is tried again
                _LOG.error("while the agent leaves: %s", error)
                stopped = self._over is not None and self._over[0] == lease
                if stopped or time.monotonic() + _LOOK_SECONDS > until:
                    return
                time.sleep(_LOOK_SECONDS)

    def _wait(self, seconds: float) -> None:
        """Look at the lease again in `seconds` at the latest, where one is watched."""
        if self._timer is not None:
            self._timer.cancel()
        if self._lease is not None and not self._closed:
            wait = min(max(seconds, 0.0), _LOOK_SECONDS)
            self._timer = threading.Timer(wait, self._look, (self._lease,))
            self._timer.daemon = True
            self._timer.start()

    def _look(self, lease: Lease) -> None:
        with self._lock:
            if self._lease is not lease:
                return
            if (left := self.seconds_left(lease)) > 0:
                self._wait(left)
                return
            # From here on no renewal is taken.
            self._ending = lease.key
        try:
            self._run_out(lease)
        except Exception as error:  # noqa: BLE001 - a thread that dies would let the container run on
            if not isinstance(error, SmokedeployError):
                _LOG.exception("what a lease was for could not be ended")
            elif str(error) != self._said:
                self._said = str(error)
                _LOG.error("at the end of a lease, and tried again: %s", error)
            with self._lock:
                if self._lease is lease:
                    self._wait(_LOOK_SECONDS)

    def _run_out(self, lease: Lease) -> None:
        """Stop the container of a lease that ran out; called again where it raises."""
        why = f"its lease ran out at {self.text(lease)}"
        deploy = self._under_way()
        if deploy is not None and deploy.key == lease.key and not lease.leftover:
            deploy.cancel(why)
        with self._container.acting:
            if self._lease != lease:
                return  # ended at the same moment
            stopped = self._container.stop(lease.key)
            if self._over is None or self._over[0] != lease:
                became = "the container was stopped" if stopped else "nothing of it ran any more"
                left = "nothing of what a failed deploy left runs any more"
                self._over = (lease, left if lease.leftover else f"{why}; {became}")
            with self._store.changing() as state:
                words = self._over[1]
                self._store.audit("lease.ran_out", why=words, deploy_id=lease.key)
                if not lease.leftover:
                    hold.for_a_person(self._store, state, lease.key, words)
                state.forget(lease.key)
            self._over = None
            self._disarm(lease.key)
