"""The one container, what STATE_PATH keeps of it, and the deploy in flight."""

import threading
import time

from pytest_smokedeploy.agent.domain.clock import Clock, now
from pytest_smokedeploy.agent.domain.container import Container
from pytest_smokedeploy.agent.domain.deploys import Deploy
from pytest_smokedeploy.agent.domain.leases import Leases
from pytest_smokedeploy.agent.domain.state import Store
from pytest_smokedeploy.agent.engines.base import Engine
from pytest_smokedeploy.agent.settings import ContainerSettings


class ContainerControl:
    """What an agent needs to settle and stop its container, whatever its other settings are.

    Args:
        settings: which container it is.
        engine: the engine.
        store: what outlives the agent.
        clock: the time by which leases run.

    Attributes:
        engine, store: as given.
        container: the one container.
        leases: the lease.
        settled: what was done with what the last agent left, in words.
        under_way: the deploy in flight, or None.
        closing: set once the agent leaves.

    """

    def __init__(self, settings: ContainerSettings, engine: Engine, store: Store, clock: Clock = now) -> None:
        self.engine = engine
        self.store = store
        self.container = Container(engine, settings.grace_seconds, settings.state)
        self.settled = ""
        self.under_way: Deploy | None = None
        self.closing = threading.Event()
        most = settings.lease_max_seconds
        self.leases = Leases(store, self.container, most, lambda: self.under_way, clock)

    def close(self, seconds: float) -> None:
        """Give a deploy in flight `seconds` to end, then cancel it; stop a lent container."""
        self.closing.set()
        until, deploy = time.monotonic() + seconds, self.under_way
        if deploy is not None:
            try:
                deploy.ended.result(seconds)
            except TimeoutError:
                deploy.cancel("the agent was shut down")
        self.leases.close(until)
