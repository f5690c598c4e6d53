"""Reads a start-up log line by line and tells what each line means for the model's clauses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from pytest_smokedeploy.model import CLAUSE, MILESTONES, RANK, Finding
from pytest_smokedeploy.startup_log.patterns import Patterns, near
from pytest_smokedeploy.startup_log.spelling import Spelled

Kind = Literal["milestone", "statement", "forbidden", "documented", "undocumented", "blank"]
Phase = Literal["starting", "idle", "stopping"]

_SHOWN: Final = 300
#: Engines and agents cut what is longer into several lines, in the middle of a word if need be.
_LONG: Final = 16 * 1024
_CARRIED: Final = 200
_LEFT: Final = "Find out on the server what paused or ended it: the engine's own events tell."
_LATE: Final = "See what delays the start-up, or raise deadlines.startup_seconds in smokedeploy.yml."


@dataclass(frozen=True, slots=True)
class Line:
    """One line: the server's time (RFC 3339), stream, and text as it came."""

    time: str
    stream: str
    text: str


@dataclass(frozen=True, slots=True)
class Met:
    """What one line met: its kind, the clause it speaks to ("" where none), and why."""

    kind: Kind
    clause: str
    line: Line
    why: str = ""


class StartupLog:
    """The log of one start-up, fed line by line.

    Args:
        patterns: what lines mean.

    Attributes:
        phase: `starting` until idle, `idle` until the stop is asked, then `stopping`.
        met: every line with what it met, in order.

    """

    def __init__(self, patterns: Patterns) -> None:
        self.phase: Phase = "starting"
        self.met: list[Met] = []
        self.exit_code: int | None = None
        self._patterns = patterns
        self._seen: dict[str, Line] = {}
        self._violated: dict[str, str] = {}
        self._quiet_seconds: float | None = None
        self._remedies: dict[str, str] = {}
        self._overdue: float | None = None
        self._cut = ""
        self._carried: dict[str, str] = {}
        self._counted: dict[str, str] = {}
        self._uncounted: dict[str, str] = {}

    # -- what happens ----------------------------------------------------------------------

    def feed(self, line: Line) -> Met:
        """Take the next line and say what it met."""
        met = self._meet(line)
        self.met.append(met)
        if met.kind == "forbidden":
            self._violate(met.clause, f"{met.why}: {line.text[:_SHOWN]!r}")
        return met

    def stopping(self) -> None:
        """The stop has been asked: from here on lines belong to the shutdown."""
        self.phase = "stopping"

    def quiet(self, seconds: float) -> None:
        """The quiet window (seconds) after idle has passed."""
        self._quiet_seconds = seconds

    def overdue(self, seconds: float) -> None:
        """`seconds` have passed since the container's start, and idle was not reached."""
        self._overdue = seconds

    def late(self, words: str) -> None:
        """By the server's times idle was not reached in time (OBS-6)."""
        self._violate("OBS-6", words, _LATE)

    def restarted(self, words: str) -> None:
        """The container is not the one that started, or started again (DET-1)."""
        self._violate("DET-1", words)

    def left(self, words: str) -> None:
        """It did not stay idle: a status read saw it not running (OBS-6)."""
        self._violate("OBS-6", words, _LEFT)

    def active(self, clause: str, words: str) -> None:
        """Something ran or sent without a line, by the engine's counters (RUN-2, RUN-3, OBS-9)."""
        self._violate(clause, words)

    def counted(self, words: Mapping[str, str]) -> None:
        """What the silence rests on beside the log, by clause: the engine's counters, or nothing."""
        self._counted = dict(words)

    def uncounted(self, words: Mapping[str, str]) -> None:
        """What was counted, and then was not: the silence of these clauses cannot be established."""
        self._uncounted = dict(words)

    def end(self, exit_code: int | None) -> None:
        """The container is gone."""
        self.exit_code = exit_code
        if self.phase == "idle":
            self._violate("OBS-6", f"the runtime left after idle, with exit code {exit_code}")
        elif self.phase == "starting":
            self._violate("OBS-6", f"the runtime left before idle, with exit code {exit_code}")

    def cut(self, words: str) -> None:
        """The stream broke: what has not been seen by now cannot be established."""
        self._cut = self._cut or words

    # -- what it means ---------------------------------------------------------------------

    @property
    def broken(self) -> str:
        """What broke the stream off before its end, or "": what would have come since is not known."""
        return self._cut

    @property
    def violated(self) -> dict[str, str]:
        """Violated clauses with words, in the order found; undocumented lines are not among them."""
        return dict(self._violated)

    @property
    def undocumented(self) -> list[Line]:
        """Lines that nothing documents (EXT-4)."""
        return [met.line for met in self.met if met.kind == "undocumented"]

    @property
    def lines(self) -> list[Line]:
        """Every line, as it came."""
        return [met.line for met in self.met]

    def documents(self, line: Line) -> bool:
        """Whether a line is a documented one, the shutdown's too, and nothing forbidden; it is not taken."""
        spelled = Spelled.of(line.text)
        documented = self._patterns.is_documented(spelled, stopping=True)
        return documented and self._patterns.forbidden_by(spelled) is None

    def missing(self) -> list[str]:
        """Milestones not seen yet."""
        return [clause for clause in MILESTONES if clause not in self._seen]

    def finding(self, clause: str) -> Finding:
        """What the log says of one clause of the stage observe."""
        text = CLAUSE[clause].text
        if clause in self._violated:
            remedy = self._remedies.get(clause) or _remedy(clause)
            return Finding(clause, False, text, self._violated[clause], remedy=remedy)
        if clause in self._seen and (clause != "OBS-6" or self._quiet_seconds is not None):
            line = self._seen[clause]
            quiet = f", then quiet for {self._quiet_seconds:g} s" if clause == "OBS-6" else ""
            return Finding(clause, True, text, f"{line.text[:_SHOWN]!r} at {line.time}{quiet}")
        if self._cut:
            remedy = "See to it that the agent gives a whole log, then start anew by hand."
            return Finding(clause, None, text, f"no whole log: {self._cut}", None, remedy=remedy)
        if self._violated:
            by = min(self._violated, key=RANK.__getitem__)
            seen = f"the observation ended at {by}: {self._violated[by]}"
            return Finding(clause, None, text, seen, None, remedy=f"Look at {by} first.")
        if clause in MILESTONES or clause == "RUN-1":
            return Finding(clause, False, text, self._lacking(clause), remedy=_remedy(clause))
        if self._quiet_seconds is None:
            seen = "the quiet window after idle did not pass"
            return Finding(clause, None, text, seen, None, remedy="Look at OBS-6 first.")
        if clause in self._uncounted:
            remedy = "See why the agent tells no counters, then start anew by hand."
            return Finding(clause, None, text, self._uncounted[clause], None, remedy=remedy)
        seen = f"none in {len(self.met)} lines and {self._quiet_seconds:g} quiet seconds after idle"
        if clause == "DET-1":
            seen = "each milestone once and in order; one container, one start"
        elif clause in self._counted:
            seen += f", {self._counted[clause]}"
        return Finding(clause, True, text, seen)

    # -- inside ----------------------------------------------------------------------------

    def _violate(self, clause: str, words: str, remedy: str = "") -> None:
        if clause not in self._violated:
            self._violated[clause], self._remedies[clause] = words, remedy
        if clause == "OBS-7":
            self._violated.setdefault("RUN-5", words)

    def _lacking(self, clause: str) -> str:
        """Words about a milestone that never came, with the line that sounds most like it."""
        words = f"no such line among {len(self.met)}"
        if self._overdue is not None:
            words += f" within {self._overdue:g} s of the container's start (deadlines.startup_seconds)"
        close = next(
            (m.line for m in self.met if m.kind == "undocumented" and near(clause, m.line.text)), None
        )
        return f"{words}; the nearest is {close.text[:_SHOWN]!r}" if close else words

    def _meet(self, line: Line) -> Met:
        spelled, before = Spelled.of(line.text), self._carried.pop(line.stream, "")
        if len(line.text) >= _LONG:
            self._carried[line.stream] = line.text[-_CARRIED:]
        if not spelled.text and (self.phase != "idle" or self.met[-1].clause == "OBS-6"):
            # One right behind idle is that line's own end; a later one is a line like any other.
            return Met("blank", "", line)
        if clause := self._patterns.forbidden_by(spelled, before):
            return Met("forbidden", clause, line, "a forbidden line")
        clause = self._patterns.milestone_of(spelled)
        # RUN-1's statement may come again, but not as a heartbeat.
        if clause and not (clause == "RUN-1" and self.phase == "idle"):
            return self._milestone(clause, line)
        if self.phase == "idle":
            # Idle means silence: whatever speaks now runs in the background.
            return Met("forbidden", "RUN-3", line, "a line after idle, before the stop was asked")
        documented = self._patterns.is_documented(spelled, stopping=self.phase == "stopping")
        return Met("documented" if documented else "undocumented", "", line)

    def _milestone(self, clause: str, line: Line) -> Met:
        if clause == "RUN-1":
            self._seen.setdefault(clause, line)
            return Met("statement", clause, line)
        if clause in self._seen:
            return Met(
                "forbidden", "DET-1", line, f"the milestone {clause} came twice: the start-up ran again"
            )
        later = [c for c in self._seen if c in MILESTONES and RANK[c] > RANK[clause]]
        self._seen[clause] = line
        if later:
            return Met("forbidden", "DET-1", line, f"the milestone {clause} came after {later[0]}")
        if clause == "OBS-6":
            self.phase = "idle" if self.phase == "starting" else self.phase
        return Met("milestone", clause, line)


def _remedy(clause: str) -> str:
    """What to do about a violated clause."""
    if clause in MILESTONES or clause == "RUN-1":
        return "Compare startup.log with the patterns under log.milestones in smokedeploy.yml."
    if clause == "DET-1":
        return "Look in startup.log for a restart, and at the container's restart policy."
    return "Read startup.log around that line; do not deploy again before a person has looked."
