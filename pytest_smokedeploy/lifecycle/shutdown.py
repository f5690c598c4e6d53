"""The observations of the stop, and their findings (STP-1, STP-2, STP-3, EXT-3)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from pytest_smokedeploy.model import CLAUSE, MEANS, Finding

_NOTHING, _FIRST = "nothing was deployed", "Look at the first stage that failed."
_STOPPED: Final = "It is stopped now. Find out why its stop did not succeed at once, before any further run."


@dataclass(slots=True)
class Shutdown:
    """The stop and the status reads after it.

    Attributes:
        asked: a stop was sent.
        failed: why a stop call was not answered with success, or "".
        late: for how long the stop was not confirmed though no call failed, or "".
        belied: a stop was answered with success, and the status after it said running.
        running: the last status read in time: False is stopped, True running, the name of a state neither,
            None no answer.
        second_look: the status read after that, likewise.
        exit_code: the runtime's exit code, None where it is not known.
        words: the status reads in words, for a person.
        last: the last status answer.
        open: the deploy call may still start the container: no status before its end confirms the stop.

    """

    asked: bool = False
    failed: str = ""
    late: str = ""
    belied: bool = False
    running: object = None
    second_look: object = None
    exit_code: int | None = None
    words: str = ""
    last: Mapping[str, object] = field(default_factory=dict)
    open: bool = False

    @property
    def confirmed(self) -> bool:
        """Whether a status read said stopped; nothing else confirms a stop."""
        return self.running is False and not self.open

    @property
    def told(self) -> str:
        """The outcome of the stop in words: the failed call, and the last status."""
        if self.failed and not self.confirmed:
            return self.failed
        wrong = self.failed or self.late
        return f"{wrong.rstrip('.')}; at last {self.words}" if wrong else self.words

    def stopped(self) -> Finding:
        """STP-1: the stop was answered, and a status read says stopped."""
        expected = "a status read with running false after the stop"
        if not self.asked:
            return Finding("STP-1", None, expected, _NOTHING, None, remedy=_FIRST)
        if self.belied:
            seen = f"the stop was answered with success and the status said running; at last {self.words}"
            return self._violated("STP-1", expected, seen)
        if self.confirmed:
            return Finding("STP-1", True, expected, self.words)
        if self.failed:
            return Finding("STP-1", None, expected, self.failed, None, MEANS["STP-1"])
        return self._violated("STP-1", expected, self.words)

    def breaches(self) -> list[Finding]:
        """The violation of STP-2 where a stop failed or was late, also if a later one succeeded."""
        if not (self.failed or self.late):
            return []
        return [self._violated("STP-2", "the stop answered with success, and confirmed in time", self.told)]

    def _violated(self, clause: str, expected: str, seen: str) -> Finding:
        if self.confirmed:
            meaning = "A stop can't be relied on here."
            return Finding(clause, False, expected, seen, meaning=meaning, remedy=_STOPPED)
        return Finding(clause, False, expected, seen)

    def stays_stopped(self) -> Finding:
        """STP-3: a later status read says stopped too."""
        expected = CLAUSE["STP-3"].text
        if not self.asked or not self.confirmed:
            seen = self.words or "the stop was not confirmed"
            return Finding("STP-3", None, expected, seen, None, MEANS["STP-3"])
        if self.second_look is False:
            return Finding("STP-3", True, expected, "a second look says that it is stopped")
        return Finding("STP-3", False, expected, self.words)

    def was_confirmed(self) -> Finding:
        """EXT-3."""
        expected = CLAUSE["EXT-3"].text
        if not self.asked:
            return Finding("EXT-3", None, expected, _NOTHING, None, remedy=_FIRST)
        return Finding("EXT-3", self.confirmed and self.second_look is False, expected, self.words)
