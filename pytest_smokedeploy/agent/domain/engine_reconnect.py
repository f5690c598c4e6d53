"""An engine that goes away under a living agent and comes back: what it left is settled, unasked."""

from __future__ import annotations

import logging
import threading
from typing import Final

from pytest_smokedeploy.agent.domain.audit import AGENT
from pytest_smokedeploy.agent.domain.flow import Flow
from pytest_smokedeploy.agent.domain.reconcile import resettle
from pytest_smokedeploy.agent.engines.base import Engine
from pytest_smokedeploy.support.errors import SmokedeployError

#: How often an engine that is away is asked whether it is back, and a settling that failed is tried again.
_AGAIN_SECONDS: Final = 0.5
_LOG: Final = logging.getLogger("smokedeploy.agent")


class EngineReconnect:
    """A thread that waits for the engine to go away, and settles once it is back.

    Args:
        engine: the engine.
        flow: what is settled.

    """

    def __init__(self, engine: Engine, flow: Flow) -> None:
        self._engine = engine
        self._flow = flow
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="engine-reconnect", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Watch no longer; what is not settled by now the next agent settles."""
        self._closing.set()

    def _watch(self) -> None:
        while self._engine.away(self._closing):
            why = "the engine is away; what runs is not known until it is back"
            _LOG.warning(why)
            self._flow.store.tell("engine.away", who=AGENT, why=why)
            self._settle()

    def _settle(self) -> None:
        said = ""
        while not self._closing.is_set():
            try:
                self._engine.ping()
                resettle(self._flow)
            except Exception as error:  # noqa: BLE001 - a thread that dies would leave it unsettled
                if not isinstance(error, SmokedeployError):
                    _LOG.exception("what the engine left could not be settled")
                elif str(error) != said:
                    said = str(error)
                    _LOG.warning("not settled yet: %s", said)
                self._closing.wait(_AGAIN_SECONDS)
            else:
                return
