"""Sends the stop, and believes nothing but a status read (STP-1, FLR-2)."""

from __future__ import annotations

import threading
import time

from pytest_smokedeploy.client import AgentClient
from pytest_smokedeploy.contract import DeployRequest
from pytest_smokedeploy.lifecycle.recorder import FactRecorder
from pytest_smokedeploy.lifecycle.shutdown import Shutdown
from pytest_smokedeploy.lifecycle.verification import belied, rests, running_words
from pytest_smokedeploy.settings import RunConfig
from pytest_smokedeploy.support.errors import AgentError, AgentFailedError

#: Seconds between two looks at a stop, and two askings: a container that a policy restarts is back within it.
LOOK_AGAIN_SECONDS = 1.0
#: How long a deploy call that was left in flight may still take to settle after the stop.
SETTLE_SECONDS = 10.0


class Stopper:
    """One stop of one deploy; `stop` and `look_again` never raise what the world does wrong.

    Args:
        run: the run's settings.
        client: the agent.
        facts: takes every fact.
        deploy_id: the deploy.
        named: the agent knows it by its id: then the stop names it, and stops nobody else's container.

    """

    def __init__(
        self, run: RunConfig, client: AgentClient, facts: FactRecorder, deploy_id: str, *, named: bool
    ) -> None:
        self._run = run
        self._client = client
        self._facts = facts
        self._deploy_id = deploy_id
        self._name = run.settings.agent.container_name
        self._named = named
        self._ours = True
        self._open = False
        self._refused = False

    def stop(self, why: str, open_seconds: float = 0.0) -> Shutdown:
        """Send the stop until a status read shows the container stopped, for twice `stop_seconds` at most.

        A stop that was not answered with success, or not confirmed within `stop_seconds`, fails the run
        for good (STP-2): what is sent after it only stops the container.

        Args:
            why: for people.
            open_seconds: how long a deploy without an answer may still be under way at an agent that
                knows no ids, and so cancels nothing: until then it is looked at again and again.

        """
        shutdown = Shutdown(asked=True)
        self._facts.announce(f"shutdown: stop asked of {self._run.endpoint_host} ({why})")
        began = time.monotonic()
        self._open = open_seconds > 0
        self._send(shutdown, why)
        # A deploy that Ctrl-C left in flight may overtake the stop; it is over before the look.
        overtaken = not self._client.settle_deploy(0.0)
        answered = overtaken and self._client.settle_deploy(SETTLE_SECONDS)
        self._look(shutdown)
        if overtaken and shutdown.running is True and self._ours:
            self._send(shutdown, "the deploy was still in flight at the first stop")
            self._look(shutdown)
        if open_seconds > 0 and not self._named and not answered:
            self._stand_by(shutdown, open_seconds, in_flight=overtaken)
        else:
            self._insist(shutdown, began)
        seconds = round(time.monotonic() - began, 3)
        self._facts.stop_confirmed(confirmed=shutdown.confirmed, words=shutdown.words, seconds=seconds)
        word = "confirmed" if shutdown.confirmed else "NOT confirmed"
        word += ", and not in time" if shutdown.confirmed and (shutdown.failed or shutdown.late) else ""
        self._facts.announce(f"shutdown: {word}: {shutdown.told}")
        for breach in shutdown.breaches():
            self._facts.finding(breach)
        return shutdown

    def look_again(self, shutdown: Shutdown) -> Shutdown:
        """STP-3: what a later look says; a container that came back is no stopped container."""
        if not shutdown.confirmed:
            return shutdown
        threading.Event().wait(LOOK_AGAIN_SECONDS)
        first = shutdown.words
        shutdown.second_look = self._status(shutdown, "a second look after the stop")
        shutdown.words = f"{first}; then {shutdown.words}"
        if shutdown.second_look is not False:
            self._facts.stop_confirmed(confirmed=False, words=shutdown.words)
        else:
            self._facts.note("stop.stayed", words=shutdown.words)
        return shutdown

    def _insist(self, shutdown: Shutdown, began: float) -> None:
        """Send the stop again until it is seen, or twice the time for it has passed."""
        deadlines = self._run.settings.deadlines
        in_time = deadlines.stop_seconds
        if self._run.settings.shutdown.image is not None and not self._open:
            in_time += deadlines.deploy_seconds  # a stop-only image is pulled and started first
        while not shutdown.confirmed and not self._refused and self._ours:
            # An agent that says `stopped` of what its status shows running contradicts itself.
            shutdown.belied = shutdown.belied or (shutdown.running is True and not shutdown.failed)
            left = began + 2 * in_time - time.monotonic() - LOOK_AGAIN_SECONDS
            if left <= 0:
                break
            threading.Event().wait(LOOK_AGAIN_SECONDS)
            self._send(shutdown, "the stop is not confirmed yet", min(in_time, left))
            self._look(shutdown)
        if (seconds := time.monotonic() - began) > in_time or not shutdown.confirmed:
            shutdown.late = f"it was not confirmed within {min(seconds, in_time):.1f} s of the first asking"

    def _send(self, shutdown: Shutdown, why: str, seconds: float | None = None) -> None:
        """Ask for the stop, by the way that the settings name; where it fails, by the plain call too.

        What failed once stays failed, whatever a later call answers.
        """
        image = self._run.settings.shutdown.image
        # A deploy under way is cancelled by the plain call alone; a second deploy would be refused.
        if image is not None and not self._open:
            failed = self._send_image(image, why)
            if not failed:
                return
            shutdown.failed = shutdown.failed or failed
        self._facts.note("stop.sent", deploy_id=self._deploy_id, why=why)
        self._refused = False
        try:
            named = self._deploy_id if self._named else None
            seconds = seconds or self._run.settings.deadlines.stop_seconds
            reading = self._client.stop(named, seconds=seconds)
        except AgentError as error:
            # Nothing was done, and asking again changes nothing; a call that met no connection may meet one.
            self._refused = error.definite and error.status is not None
            shutdown.failed = shutdown.failed or error.message
            self._facts.note("stop.failed", status=error.status, words=str(error))
            return
        self._facts.odd("POST /v1/stop", reading)
        if isinstance(name := reading.raw.get("container_name"), str) and name != self._name:
            self._facts.oddities.append(f"POST /v1/stop: it stopped the container {name[:80]!r}")
        self._facts.note("stop.answered", status=reading.status, answer=reading.raw)

    def _send_image(self, image: str, why: str) -> str:
        """The one second deploy there may be; returns why it failed. The status alone tells what it did."""
        self._facts.note("stop.sent", deploy_id=self._deploy_id, why=why, image=image)
        request = DeployRequest(image=image, environment=self._run.environment)
        try:
            # It takes the place of whatever runs, so it is asked first whose that is.
            other = self._client.status().raw.get("deploy_id")
            if self._named and other not in (None, self._deploy_id):
                return f"the deploy {str(other)[:40]} is another's, and a stop-only image would end it."
            reading = self._client.deploy(request, seconds=self._run.settings.deadlines.deploy_seconds)
        except AgentError as error:
            self._facts.note("stop.failed", status=error.status, words=str(error))
            # It leaves at once, and an agent may rightly tell that as a failed step.
            return "" if isinstance(error, AgentFailedError) and self._nothing_runs() else str(error)
        self._facts.note("stop.answered", status=reading.status, answer=reading.raw)
        return ""

    def _nothing_runs(self) -> bool:
        try:
            return rests(self._client.status().raw)
        except AgentError:
            return False

    def _stand_by(self, shutdown: Shutdown, seconds: float, *, in_flight: bool) -> None:
        """Stop what a deploy without an answer still starts, until it can start nothing any more."""
        self._facts.note("stop.standing_by", seconds=round(seconds, 1))
        self._facts.announce(f"shutdown: the deploy was never answered; watching for {seconds:.0f} s")
        deadline = time.monotonic() + seconds
        over = False
        while not over and (left := deadline - time.monotonic()) > 0:
            over = in_flight and self._client.settle_deploy(0.0)
            threading.Event().wait(min(left, LOOK_AGAIN_SECONDS))
            self._look(shutdown)
            if shutdown.running is True:
                self._send(shutdown, "the deploy without an answer started its container")
                self._look(shutdown)
        shutdown.open = in_flight and not self._client.settle_deploy(0.0)

    def _look(self, shutdown: Shutdown) -> None:
        shutdown.running = self._status(shutdown, "GET /v1/status after the stop")

    def _status(self, shutdown: Shutdown, why: str) -> object:
        try:
            reading = self._client.status()
        except AgentError as error:
            shutdown.words = f"{why}: {error}"
            return None
        self._facts.read(why, reading)
        # Somebody else's container under the same agent is not ours to stop.
        other = reading.raw.get("deploy_id")
        self._ours = not self._named or other in (None, self._deploy_id)
        code = reading.raw.get("exit_code")
        if isinstance(code, int) and not isinstance(code, bool):
            if shutdown.exit_code not in (None, code):
                self._facts.oddities.append(f"exit code {shutdown.exit_code}, and then {code}")
            shutdown.exit_code = code
        shutdown.last = reading.raw
        # Only a status of our own agent's own container tells that it is stopped.
        name = reading.raw.get("container_name")
        if isinstance(name, str) and name != self._name:
            shutdown.words = f"{why} tells of the container {name[:80]!r}, not of {self._name!r}"
            return None
        for breach in belied(self._run, reading.raw):
            self._facts.finding(breach)
            shutdown.words = f"{why} is another agent's: {breach.seen}"
            return None
        whose = "" if self._ours else f" (the deploy {str(other)[:40]}, which is not this run's)"
        shutdown.words = f"{why} says {running_words(reading.raw)}{whose}"
        if rests(reading.raw):
            return False
        running = reading.raw.get("running")
        # Neither running nor stopped: paused, restarting, being removed, never started.
        return running if running is not False else str(reading.raw["state"])
