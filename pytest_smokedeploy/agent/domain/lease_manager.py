"""Gives, renews and ends leases: how long a deploy's container may run (extension `lease`)."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from pytest_smokedeploy.agent.domain import hold
from pytest_smokedeploy.agent.domain.container import Container, key_of
from pytest_smokedeploy.agent.domain.deploys import Deploy
from pytest_smokedeploy.agent.domain.lease_timer import LeaseTimer, at, moment
from pytest_smokedeploy.agent.domain.policy import RefusedError
from pytest_smokedeploy.agent.domain.state import Lease, Stopping, Store
from pytest_smokedeploy.agent.engines.base import utc_now


@dataclass
class LeaseManager:
    """Gives, renews and ends leases.

    Args:
        store: where they are kept.
        container: the one container.
        most: seconds a container may run in all, however often it is renewed.
        under_way: the deploy in flight, or None.

    Attributes:
        timer: watches the one lease.

    """

    store: Store
    container: Container
    most: int
    under_way: Callable[[], Deploy | None]
    timer: LeaseTimer = field(init=False)

    def __post_init__(self) -> None:
        self.timer = LeaseTimer(self._run_out)

    def give(self, deploy: Deploy) -> Lease | None:
        """The lease that a deploy asked for, from now on; None asked, none given.

        Raises:
            StateError: it can't be kept.

        """
        lease = None
        if (seconds := deploy.request.lease_seconds) is not None:
            now = time.time()
            ends = now + self.most
            until = min(max(now + seconds, deploy.leased_until), ends)
            lease = Lease(key=deploy.key, expires_at=at(until), ends_at=at(ends))
        self.store.update(lease=lease)
        self.timer.arm(lease)
        return lease

    def left_over(self, key: str) -> None:
        """Stop what a failed deploy left like one whose lease ran out: tried until it is stopped."""
        now = utc_now()
        left = Lease(key=key, expires_at=now, ends_at=now, leftover=True)
        self.store.keep(lease=left)
        self.timer.arm(left)

    def stop(self, key: str, by: str, why: str) -> None:
        """Stop the container of the deploy `key`, and end its lease.

        Raises:
            EngineError: it can't be stopped; the next agent, or the engine's return, makes it good.

        """
        # Kept before it is begun: a crash meanwhile is made good at the next start.
        self.store.keep(stopping=Stopping(key=key, by=by))
        if self.container.stop(key):
            self.store.tell("container.stopped", who=by, why=why, deploy_id=key)
        self.end(key)

    def end(self, key: str) -> None:
        """The container of the deploy `key` does not run any more."""
        self.store.forget(key)
        self.timer.disarm(key)

    def renew(self, deploy_id: str, seconds: int) -> str:
        """Extend the lease to `seconds` from now, up to the total; returns when it ends.

        Raises:
            RefusedError: 409; it is not this deploy that runs, or it has no lease.
            EngineError: the engine can't tell what runs.
            StateError: it can't be kept.

        """
        deploy = self.under_way()
        if deploy is not None and deploy.key == deploy_id:
            return self._renew_early(deploy, seconds)
        # Not while it is being stopped: what ran out does not come back.
        with self.container.acting:
            state = self.container.look()
            if state is None or not state.alive or key_of(state) != deploy_id:
                raise RefusedError(409, "it is not this deploy that runs; nothing is renewed.")
            return self._renew(deploy_id, seconds)

    def _renew_early(self, deploy: Deploy, seconds: int) -> str:
        if deploy.cancelled.is_set():
            raise RefusedError(409, "this deploy is being cancelled; nothing is renewed.")
        if deploy.request.lease_seconds is None:
            raise RefusedError(409, "this deploy has no lease to renew.")
        deploy.leased_until = time.time() + min(seconds, self.most)
        lease = self.store.read().lease
        if lease is None or lease.key != deploy.key:
            # Not started yet: the lease begins with the container, and lasts until then at the least.
            return at(deploy.leased_until)
        return self._renew(deploy.key, seconds)

    def _renew(self, key: str, seconds: int) -> str:
        with self.store.changing() as state:
            lease = state.lease
            if lease is None or lease.key != key or lease.leftover:
                raise RefusedError(409, "this deploy has no lease to renew.")
            until = at(min(time.time() + seconds, moment(lease.ends_at)))
            state.lease = lease.model_copy(update={"expires_at": until})
        self.timer.arm(state.lease)
        return until

    def _run_out(self, lease: Lease) -> None:
        """Stop the container of a lease that ran out; called again where it raises."""
        why = f"its lease ran out at {lease.expires_at}"
        deploy = self.under_way()
        if deploy is not None and deploy.key == lease.key and not lease.leftover:
            deploy.cancel(why)
        with self.container.acting:
            if self.timer.lease != lease:
                return  # renewed, or ended, at the same moment
            stopped = self.container.stop(lease.key)
            if lease.leftover:
                words = "nothing of what a failed deploy left runs any more"
            else:
                words = f"{why}; {'the container was stopped' if stopped else 'nothing of it ran any more'}"
            self.store.tell("lease.ran_out", why=words, deploy_id=lease.key)
            if not lease.leftover:
                hold.for_a_person(self.store, lease.key, words)
            self.end(lease.key)
