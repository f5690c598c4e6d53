"""Sends the stop, and believes nothing but a status read (STP-1, FLR-2)."""

from __future__ import annotations

import threading
import time

from pytest_smokedeploy.client import AgentClient, Reading
from pytest_smokedeploy.contract import DeployRequest, Extension
from pytest_smokedeploy.errors import AgentError
from pytest_smokedeploy.lifecycle.book import Book
from pytest_smokedeploy.lifecycle.shutdown import Shutdown
from pytest_smokedeploy.settings import RunConfig

#: How long the second look waits: a container that a policy restarts is back within this.
LOOK_AGAIN_SECONDS = 1.0
#: How long a deploy call that was left in flight may still take to settle after the stop.
SETTLE_SECONDS = 10.0


class Stopper:
    """One stop of one deploy; `stop` and `look_again` never raise what the world does wrong."""

    def __init__(
        self, run: RunConfig, client: AgentClient, book: Book, deploy_id: str, extensions: frozenset[str]
    ) -> None:
        self.oddities: list[str] = []
        self._run = run
        self._client = client
        self._book = book
        self._deploy_id = deploy_id
        self._named = Extension.RECEIPT in extensions
        self._ours = True

    def stop(self, why: str) -> Shutdown:
        """Send the stop, then read the status once."""
        shutdown = Shutdown(asked=True)
        self._book.announce(f"shutdown: stop asked of {self._run.endpoint_host} ({why})")
        began = time.monotonic()
        self._send(shutdown, why)
        # A deploy that Ctrl-C left in flight may overtake the stop; it is over before the look.
        overtaken = self._client.settle(0.0) is False
        if overtaken:
            self._client.settle(SETTLE_SECONDS)
        self._look(shutdown)
        if overtaken and shutdown.running is True and self._ours:
            self._send(shutdown, "the deploy was still in flight at the first stop")
            self._look(shutdown)
        seconds = round(time.monotonic() - began, 3)
        self._book.stop_confirmed(confirmed=shutdown.confirmed, words=shutdown.words, seconds=seconds)
        word = "confirmed" if shutdown.confirmed else "NOT confirmed"
        self._book.announce(f"shutdown: {word}: {shutdown.failed or shutdown.words}")
        for breach in shutdown.breaches():
            self._book.finding(breach)
        return shutdown

    def look_again(self, shutdown: Shutdown) -> Shutdown:
        """STP-3: what a later look says; a container that came back is no stopped container."""
        if not shutdown.confirmed:
            return shutdown
        threading.Event().wait(LOOK_AGAIN_SECONDS)
        first = shutdown.words
        shutdown.comeback = self._status(shutdown, "a second look after the stop")
        shutdown.words = f"{first}; then {shutdown.words}"
        if shutdown.comeback is not False:
            self._book.stop_confirmed(confirmed=False, words=shutdown.words)
        return shutdown

    def _send(self, shutdown: Shutdown, why: str) -> None:
        settings = self._run.settings
        self._book.note("stop.sent", deploy_id=self._deploy_id, why=why)
        seconds = settings.deadlines.stop_seconds
        try:
            if settings.shutdown.by == "image" and settings.shutdown.image:
                # The one second deploy there may be; what it says is not believed, the status is.
                request = DeployRequest(image=settings.shutdown.image, environment=self._run.environment)
                reading = self._client.deploy(request, seconds=settings.deadlines.deploy_seconds)
            else:
                reading = self._client.stop(self._deploy_id if self._named else None, seconds=seconds)
                self._odd("POST /v1/stop", reading)
        except AgentError as error:
            shutdown.failed = str(error)
            self._book.note("stop.failed", status=error.status, words=str(error))
            return
        shutdown.failed = ""
        self._book.note("stop.answered", status=reading.status, answer=reading.raw)

    def _look(self, shutdown: Shutdown) -> None:
        shutdown.running = self._status(shutdown, "GET /v1/status after the stop")

    def _status(self, shutdown: Shutdown, why: str) -> object:
        try:
            reading = self._client.status()
        except AgentError as error:
            shutdown.words = f"{why}: {error}"
            return None
        self._odd(why, reading)
        self._book.note("status.read", why=why, answer=reading.raw, problems=list(reading.problems))
        running = reading.raw.get("running")
        # Somebody else's container under the same agent is not ours to stop.
        other = reading.raw.get("deploy_id")
        self._ours = not self._named or other in (None, self._deploy_id)
        code = reading.raw.get("exit_code")
        if isinstance(code, int) and not isinstance(code, bool):
            shutdown.exit_code = code
        shutdown.words = f"{why} says running {running!r}"
        return running

    def _odd(self, why: str, reading: Reading) -> None:
        self.oddities += [f"{why}: {problem}" for problem in reading.problems]
