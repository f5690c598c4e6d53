"""Ends a run in the way of its plan, at the moment of its plan."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from benchmarks.soak.plan import (
    AGENT,
    CANCELS,
    DISKS,
    ENGINE,
    KILLS,
    NETWORK,
    OUTPUT,
    SIGNALS,
    SUSPENDED,
    Plan,
)
from benchmarks.soak.server import GRACE, LEASE, Server
from tests.support.small_disk import fill

#: GitHub's cancel: SIGINT, 7.5 s, SIGTERM, 2.5 s, SIGKILL (FACTS: GitHub Actions).
_CANCEL: Final = ((signal.SIGINT, 7.5), (signal.SIGTERM, 2.5))
_ENDS: Final = {"agent killed": signal.SIGKILL, "agent ended": signal.SIGTERM}
_ENGINE_ENDS: Final = {"engine ended": signal.SIGTERM, "engine killed": signal.SIGKILL}


@dataclass
class Ending:
    """How one run is ended.

    Attributes:
        plan, server, process: the run's.
        evidence: its folder.
        output: our end of its standard output, where that is closed.
        hurt: when it happened, seconds of the epoch; 0.0 where the run ended before.
        engine_back: when the engine answered again.
        failed: why it could not be done as planned, a fault of the soak.

    """

    plan: Plan
    server: Server
    evidence: Path
    process: subprocess.Popen[bytes]
    output: socket.socket | None = None
    hurt: float = 0.0
    engine_back: float = 0.0
    failed: str = ""
    _thread: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        self._thread = threading.Thread(target=self._run, daemon=True)
        if self.plan.way in _DOES:
            self._thread.start()

    def join(self) -> None:
        """Wait until it is over: agent and engine are back."""
        if self._thread.ident is not None:
            self._thread.join()

    def now(self) -> None:
        """Note that it happens now."""
        self.hurt = self.hurt or time.time()

    def _run(self) -> None:
        try:
            if self.server.calls.wait(self.plan.call, self._over) and not self._wait(self.plan.delay):
                self.now()
                _DOES[self.plan.way](self)
        except Exception as error:  # noqa: BLE001 - told as a fault of the soak
            self.failed = repr(error)

    def _over(self) -> bool:
        return self.process.poll() is not None

    def _wait(self, seconds: float) -> bool:
        """Wait, and no longer than the gate lives; returns whether it is over."""
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    # -- the gate --------------------------------------------------------------------------

    def signals(self) -> None:
        """Send the signal, once or twice."""
        name, _, twice = self.plan.way.partition(" ")
        self.process.send_signal(signal.Signals[name])
        if twice and not self._wait(self.plan.gap):
            self.process.send_signal(signal.Signals[name])

    def kills(self) -> None:
        """Send SIGKILL to it, or to its group."""
        if self.plan.way == KILLS[0]:
            self.process.kill()
        elif not self._over():
            os.killpg(self.process.pid, signal.SIGKILL)

    def suspends(self) -> None:
        """Suspend it until its container is stopped, or should be for long."""
        self.process.send_signal(signal.SIGSTOP)
        until = time.time() + LEASE + 3 * GRACE
        self.server.pause(2 + self.plan.gap)
        while self.server.running() and time.time() < until:
            self.server.pause(0.5)
        self.process.send_signal(signal.SIGCONT)

    def cancels(self) -> None:
        """Do as GitHub's runner does."""
        for number, seconds in _CANCEL:
            self.process.send_signal(number)
            if self._wait(seconds):
                return
        self.process.kill()

    def closes(self) -> None:
        """Read its output no more."""
        if self.output is not None:
            self.output.shutdown(socket.SHUT_RDWR)

    def fills(self) -> None:
        """Fill the disk of its evidence, or that of the agent's state."""
        if self.plan.way == DISKS[0]:
            fill(self.evidence)
        else:
            self.server.filled()

    # -- agent and engine ------------------------------------------------------------------

    def ends_agent(self) -> None:
        """End or suspend the agent for a while."""
        agent = self.server.agent
        if self.plan.killed:
            self.process.kill()
        if (number := _ENDS.get(self.plan.way)) is None:
            agent.send(signal.SIGSTOP)
            self.server.pause(self.plan.gap)
            agent.send(signal.SIGCONT)
        else:
            agent.end(number)
            self.server.pause(self.plan.gap)
            agent.start()

    def ends_engine(self) -> None:
        """End the engine for a while."""
        if self.plan.killed:
            self.process.kill()
        self.server.engine.end(_ENGINE_ENDS[self.plan.way])
        self.server.pause(self.plan.gap)
        self.server.engine.start()
        self.engine_back = time.time()


_DOES: Final[dict[str, Callable[[Ending], None]]] = {
    **dict.fromkeys(SIGNALS, Ending.signals),
    **dict.fromkeys(KILLS, Ending.kills),
    SUSPENDED: Ending.suspends,
    **dict.fromkeys(CANCELS, Ending.cancels),
    OUTPUT: Ending.closes,
    **dict.fromkeys(DISKS, Ending.fills),
    **dict.fromkeys(AGENT, Ending.ends_agent),
    **dict.fromkeys(ENGINE, Ending.ends_engine),
}
#: Ways that the network fails in (`network.failing`), or none: nothing is done here.
ELSEWHERE: Final = frozenset(NETWORK)
