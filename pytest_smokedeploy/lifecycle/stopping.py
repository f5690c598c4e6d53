"""Sends the stop, which only a status read confirms (STP-1, FLR-2)."""

import threading
from contextlib import suppress
from dataclasses import dataclass

from pytest_smokedeploy.contract import DeployRequest
from pytest_smokedeploy.judging import rests
from pytest_smokedeploy.lifecycle.part import DeployPart
from pytest_smokedeploy.lifecycle.shutdown import Shutdown
from pytest_smokedeploy.lifecycle.verification import belied, running_words
from pytest_smokedeploy.support.errors import AgentError, AgentFailedError

#: Seconds between two status reads, and two stops (chosen: a restart policy restarts a container within it).
LOOK_AGAIN_SECONDS = 1.0
#: Seconds for which a deploy's call that was left in flight is awaited after the stop.
SETTLE_SECONDS = 10.0


@dataclass(eq=False, repr=False)
class Stopper(DeployPart):
    """One stop of one deploy; `stop` and `look_again` raise for no answer of an agent.

    Args:
        named: whether the agent knows it by its id: then the stop names it, and stops no other container.
        container_id: the container that the deploy started, None where it was not told.

    """

    named: bool
    container_id: str | None = None

    def __post_init__(self) -> None:
        self._name = self.run.settings.agent.container_name
        self._seen = Shutdown(asked=True)
        self._ours, self._open, self._refused = True, False, False
        self._read_at = 0.0

    def stop(self, why: str, open_seconds: float = 0.0) -> Shutdown:
        """Send the stop until a status read shows the container stopped, for twice `stop_seconds` at most.

        A stop that was not answered with success, or not confirmed within `stop_seconds`, fails the run
        for good (STP-2): later stops only stop the container.

        Args:
            why: for a person.
            open_seconds: seconds for which a deploy without an answer may still be under way at an agent
                that knows no ids, and so cancels nothing: until then its status is read again and again.

        """
        self.facts.announce(f"shutdown: stop asked of {self.run.endpoint_host} ({why})")
        began = self.clock()
        self._open = open_seconds > 0
        self._send(why)
        # A deploy that Ctrl-C left in flight may arrive after the stop; it is over before the status read.
        overtaken = not self.client.settle_deploy(0.0)
        answered = overtaken and self.client.settle_deploy(SETTLE_SECONDS)
        self._look()
        if overtaken and self._seen.running is True and self._ours:
            self._send("the deploy was still in flight at the first stop")
            self._look()
        if open_seconds > 0 and not self.named and not answered:
            self._stand_by(open_seconds, in_flight=overtaken)
        else:
            self._insist(began)
        seconds = round(self.clock() - began, 3)
        event, word = "stop.unconfirmed", "NOT confirmed"
        if self._seen.confirmed:
            late = self._seen.failed or self._seen.late
            event, word = "stop.confirmed", f"confirmed{', and not in time' if late else ''}"
        self.facts.note(event, words=self._seen.words, seconds=seconds)
        self.facts.announce(f"shutdown: {word}: {self._seen.told}")
        self.facts.findings(self._seen.breaches())
        return self._seen

    def look_again(self) -> None:
        """Read the status of a confirmed stop once more: the container must not come back (STP-3).

        A second after the read that confirmed it, or as soon as what was done since then is over.
        """
        if not self._seen.confirmed:
            return
        threading.Event().wait(max(0.0, self._read_at + LOOK_AGAIN_SECONDS - self.clock()))
        first = self._seen.words
        self._seen.second_look = self._status("a second look after the stop")
        self._seen.words = f"{first}; then {self._seen.words}"
        if self._seen.second_look is not False:
            self.facts.note("stop.unconfirmed", words=self._seen.words)
        else:
            self.facts.note("stop.stayed", words=self._seen.words)

    def _insist(self, began: float) -> None:
        """Send the stop again until it is confirmed, or twice its time has passed."""
        deadlines = self.run.settings.deadlines
        in_time = deadlines.stop_seconds
        if self.run.settings.shutdown.image is not None and not self._open:
            in_time += deadlines.deploy_seconds  # a stop-only image is pulled and started first
        while not self._seen.confirmed and not self._refused and self._ours:
            # An agent that answers `stopped` while its status says running contradicts itself.
            self._seen.belied = self._seen.belied or (self._seen.running is True and not self._seen.failed)
            left = began + 2 * in_time - self.clock() - LOOK_AGAIN_SECONDS
            if left <= 0:
                break
            threading.Event().wait(LOOK_AGAIN_SECONDS)
            # The last one too has time for an answer: none would read as a stop that failed.
            self._send("the stop is not confirmed yet", max(min(in_time, left), LOOK_AGAIN_SECONDS))
            self._look()
        if (seconds := self.clock() - began) > in_time or not self._seen.confirmed:
            self._seen.late = f"it was not confirmed within {min(seconds, in_time):.1f} s of the first asking"

    def _stand_by(self, seconds: float, *, in_flight: bool) -> None:
        """Stop what a deploy without an answer starts, until it can start nothing any more."""
        self.facts.note("stop.standing_by", seconds=round(seconds, 1))
        self.facts.announce(f"shutdown: the deploy was never answered; watching for {seconds:.0f} s")
        deadline, over = self.clock() + seconds, False
        while not over and (left := deadline - self.clock()) > 0:
            over = in_flight and self.client.settle_deploy(0.0)
            threading.Event().wait(min(left, LOOK_AGAIN_SECONDS))
            self._look()
            if self._seen.running is True:
                self._send("the deploy without an answer started its container")
                self._look()
        self._seen.open = in_flight and not self.client.settle_deploy(0.0)

    # -- the calls -------------------------------------------------------------------------

    def _send(self, why: str, seconds: float | None = None) -> None:
        """Send the stop as the settings say; where a stop-only image fails, the plain call too.

        A failure is kept, whatever a later call answers.
        """
        settings = self.run.settings
        # Only the plain call cancels a deploy under way; a second deploy would be refused.
        if settings.shutdown.image is not None and not self._open:
            failed = self._send_image(settings.shutdown.image, why)
            if not failed:
                return
            self._seen.failed = self._seen.failed or failed
        self.facts.note("stop.sent", deploy_id=self.deploy_id, why=why)
        self._refused = False
        try:
            named = self.deploy_id if self.named else None
            reading = self.client.stop(named, seconds=seconds or settings.deadlines.stop_seconds)
        except AgentError as error:
            # An agent that refused would refuse again; a call without a connection may get one.
            self._refused = error.definite and error.status is not None
            self._seen.failed = self._seen.failed or error.message
            self.facts.note("stop.failed", status=error.status, words=str(error))
            return
        self.facts.odd("POST /v1/stop", reading)
        if isinstance(name := reading.raw.get("container_name"), str) and name != self._name:
            self.facts.oddities.append(f"POST /v1/stop: it stopped the container {name[:80]!r}")
        self.facts.note("stop.answered", status=reading.status, answer=reading.raw)

    def _send_image(self, image: str, why: str) -> str:
        """Deploy the stop-only image; returns why it failed. Only the status shows whether it stopped."""
        self.facts.note("stop.sent", deploy_id=self.deploy_id, why=why, image=image)
        request = DeployRequest(image=image, environment=self.run.environment)
        try:
            # It replaces whatever container there is, so that must be this deploy's.
            other = self.client.status().raw.get("deploy_id")
            if self.named and other not in (None, self.deploy_id):
                return f"the deploy {str(other)[:40]} is another's, and a stop-only image would end it."
            reading = self.client.deploy(request, seconds=self.run.settings.deadlines.deploy_seconds)
        except AgentError as error:
            self.facts.note("stop.failed", status=error.status, words=str(error))
            # The image ends at once, and an agent may report that as a failed step.
            with suppress(AgentError):
                if isinstance(error, AgentFailedError) and rests(self.client.status().raw):
                    return ""
            return str(error)
        self.facts.note("stop.answered", status=reading.status, answer=reading.raw)
        return ""

    def _look(self) -> None:
        self._seen.running = self._status("the status after the stop")

    def _status(self, why: str) -> object:
        """Read the status; returns what `Shutdown.running` documents."""
        try:
            reading = self.facts.read(why, self.client.status())
        except AgentError as error:
            self._seen.words = f"{why}: {error}"
            return None
        self._read_at = self.clock()
        self._seen.last = raw = reading.raw
        other, code, name = raw.get("deploy_id"), raw.get("exit_code"), raw.get("container_name")
        # Another deploy's container under the same agent must not be stopped.
        self._ours = not self.named or other in (None, self.deploy_id)
        if isinstance(code, int) and not isinstance(code, bool):
            if self._seen.exit_code not in (None, code):
                self.facts.oddities.append(f"exit code {self._seen.exit_code}, and then {code}")
            self._seen.exit_code = code
        # Only the right agent's status of the right container confirms a stop.
        if isinstance(name, str) and name != self._name:
            said = f"the container {name[:80]!r} ({running_words(raw)}), not of {self._name!r}"
            self._seen.words = f"{why} tells of {said}"
            return None
        made = raw.get("container_id")
        # A stop-only image's container takes its place.
        if (
            self.run.settings.shutdown.image is None
            and made is not None
            and self.container_id not in (None, made)
        ):
            said = (
                f"the container {str(made)[:80]!r} ({running_words(raw)}), not of {self.container_id[:80]!r}"
            )
            self._seen.words = f"{why} tells of {said}, which was deployed"
            return None
        for breach in belied(self.run, raw):
            self.facts.finding(breach)
            self._seen.words = f"{why} is another agent's: {breach.seen}"
            return None
        whose = "" if self._ours else f" (the deploy {str(other)[:40]}, which is not this run's)"
        self._seen.words = f"{why} says {running_words(raw)}{whose}"
        if rests(raw):
            return False
        running = raw.get("running")
        # A state that neither runs nor is stopped: paused, restarting, removing, created.
        return running if running is not False else str(raw["state"])
