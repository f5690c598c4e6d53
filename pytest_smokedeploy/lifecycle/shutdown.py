"""What was seen of the stop (STP-1, STP-2, STP-3, EXT-3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from pytest_smokedeploy.model import CLAUSE, MEANS, Finding

_NOTHING, _FIRST = "nothing was deployed", "Look at the first stage that failed."
_REMEDY: Final = "Stop it by hand on the server now, then inspect before any further run."


@dataclass(slots=True)
class Shutdown:
    """The stop and the two looks after it.

    Attributes:
        asked: a stop was sent.
        failed: why the stop call was not answered with success, or "".
        running: what the first status read after the stop said, or None where it did not answer.
        comeback: what a later look said, or None.
        exit_code: the runtime's exit code, where it was told.
        words: what the looks said, for people.
        last: what the last look answered.
        open: the deploy call may still start the container: no look before its end confirms anything.

    """

    asked: bool = False
    failed: str = ""
    running: object = None
    comeback: object = None
    exit_code: int | None = None
    words: str = ""
    last: Mapping[str, object] = field(default_factory=dict)
    open: bool = False

    @property
    def confirmed(self) -> bool:
        """Whether a status read said that nothing runs; nothing else confirms a stop."""
        return self.running is False and not self.open

    def stopped(self) -> Finding:
        """STP-1: the stop was answered and a status read says it is so."""
        expected = "a status read with running false after the stop"
        if not self.asked:
            return Finding("STP-1", None, expected, _NOTHING, None, remedy=_FIRST)
        if self.confirmed:
            return Finding("STP-1", True, expected, self.words)
        if self.failed:
            return Finding("STP-1", None, expected, self.failed, None, MEANS["STP-1"], _REMEDY)
        return Finding("STP-1", False, expected, self.words, remedy=_REMEDY)

    def breaches(self) -> list[Finding]:
        """A violation of STP-2 where the agent could not be made to stop it."""
        if not self.failed:
            return []
        return [Finding("STP-2", False, "the stop answered with 200", self.failed, remedy=_REMEDY)]

    def stays_stopped(self) -> Finding:
        """STP-3: a later look says so too."""
        expected = CLAUSE["STP-3"].text
        if not self.asked or not self.confirmed:
            seen = self.words or "the stop was not confirmed"
            return Finding("STP-3", None, expected, seen, None, MEANS["STP-3"], _REMEDY)
        if self.comeback is False:
            return Finding("STP-3", True, expected, "a second look says running false")
        seen = f"a second look says running {self.comeback!r}"
        return Finding("STP-3", False, expected, seen, remedy=_REMEDY)

    def was_confirmed(self) -> Finding:
        """EXT-3."""
        expected = CLAUSE["EXT-3"].text
        if not self.asked:
            return Finding("EXT-3", None, expected, _NOTHING, None, remedy=_FIRST)
        holds = self.confirmed and self.comeback is False
        return Finding("EXT-3", holds, expected, self.words, remedy="" if holds else _REMEDY)
