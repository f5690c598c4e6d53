"""What is lent to a deploy: leases given, renewed, and ended when they run out (extension `lease`)."""

from __future__ import annotations

import time
from collections.abc import Callable

from pytest_smokedeploy.agent.domain.audit import AGENT
from pytest_smokedeploy.agent.domain.container import Container, key_of
from pytest_smokedeploy.agent.domain.deploys import Deploy
from pytest_smokedeploy.agent.domain.hold import Holds
from pytest_smokedeploy.agent.domain.lease_timer import LeaseTimer, at, moment
from pytest_smokedeploy.agent.domain.policy import RefusedError
from pytest_smokedeploy.agent.domain.state import Lease, State, Store
from pytest_smokedeploy.agent.engines.base import utc_now


class LeaseManager:
    """Gives, renews and ends leases.

    Args:
        store: where they are kept.
        container: what is lent.
        holds: a lease that ran out leaves the hold to a person.
        most: seconds a container may run in all, however often it is renewed.
        under_way: the deploy in flight, or None.

    """

    def __init__(
        self,
        store: Store,
        container: Container,
        holds: Holds,
        most: int,
        under_way: Callable[[], Deploy | None],
    ) -> None:
        self._store = store
        self._container = container
        self._holds = holds
        self._most = most
        self._under_way = under_way
        self._watch = LeaseTimer(self._run_out)

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
            lease = Lease(
                key=deploy.key, deploy_id=deploy.request.deploy_id, expires_at=at(until), ends_at=at(ends)
            )
        self._store.update(lease=lease)
        self._watch.arm(lease)
        return lease

    def left_over(self, deploy: Deploy) -> None:
        """What a failed deploy left is stopped like one whose lease ran out: tried until it is."""
        now = utc_now()
        left = Lease(
            key=deploy.key, deploy_id=deploy.request.deploy_id, expires_at=now, ends_at=now, leftover=True
        )
        self._store.keep(lease=left)
        self._watch.arm(left)

    def resume(self, lease: Lease | None) -> None:
        """Watch a lease that the last agent gave."""
        self._watch.arm(lease)

    def end(self, key: str) -> None:
        """The container of the deploy `key` does not run any more."""
        self._store.forget(key)
        self._watch.disarm(key)

    def renew(self, deploy_id: str, seconds: int) -> str:
        """Lend the container for `seconds` from now, up to the total; returns until when.

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
        until = ""

        def act(state: State) -> State:
            nonlocal until
            lease = state.lease
            if lease is None or lease.key != key or lease.leftover:
                raise RefusedError(409, "this deploy has no lease to renew.")
            until = at(min(time.time() + seconds, moment(lease.ends_at)))
            return state.model_copy(update={"lease": lease.model_copy(update={"expires_at": until})})

        self._watch.arm(self._store.change(act).lease)
        return until

    def _run_out(self, lease: Lease) -> None:
        """Stop what was lent; called again where it raises."""
        why = f"its lease ran out at {lease.expires_at}"
        deploy = self._under_way()
        if deploy is not None and deploy.key == lease.key and not lease.leftover:
            deploy.cancel(why)
            deploy.ended.result()
        with self._container.acting:
            if self._watch.lease != lease:
                return  # renewed, or ended, at the same moment
            stopped = self._container.stop(lease.key)
            if lease.leftover:
                words = "nothing of what a failed deploy left runs any more"
            else:
                words = f"{why}; {'the container was stopped' if stopped else 'nothing of it ran any more'}"
            self._store.tell("lease.ran_out", who=AGENT, why=words, deploy_id=lease.key)
            if not lease.leftover:
                self._holds.for_a_person(lease.key, f"{words[0].upper()}{words[1:]}.")
            self.end(lease.key)

    def close(self) -> None:
        """End the watch; a lease that is left is on the disk."""
        self._watch.close()
