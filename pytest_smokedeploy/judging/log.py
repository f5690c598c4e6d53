"""The start-up log: what each line is, which milestones it meets, and what it violates.

Rests on the model's section "Observability Requirements". A line is what a template of the log language
says it is, and undocumented otherwise (EXT-4); a forbidden word only gives it its clause.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from pytest_smokedeploy.log_language import Entry, Language
from pytest_smokedeploy.model import CLAUSE, MILESTONES, RANK, Finding

Kind = Literal["milestone", "forbidden", "documented", "excepted", "undocumented", "blank"]
Phase = Literal["starting", "idle", "stopping"]

_SHOWN: Final = 300
#: Engines and agents cut what is longer into several lines, in the middle of a word if need be.
_LONG: Final = 16 * 1024
_CARRIED: Final = 200
#: Undocumented lines among which the nearest to a missing milestone is looked for.
_COMPARED: Final = 200
_LEFT: Final = "Find out on the server what paused or ended it: the engine's own events tell."
_LATE: Final = "See what delays the start-up, or raise deadlines.startup_seconds in smokedeploy.yml."


@dataclass(frozen=True, slots=True)
class Line:
    """One line: the server's time (RFC 3339), stream, and text as it came."""

    time: str
    stream: str
    text: str


@dataclass(frozen=True, slots=True)
class LineMatch:
    """What one line is: its kind, the clauses it meets or the one it violates, and why."""

    kind: Kind
    clauses: tuple[str, ...]
    line: Line
    why: str = ""

    @property
    def clause(self) -> str:
        """The first clause, "" where there is none."""
        return self.clauses[0] if self.clauses else ""


class StartupLog:
    """The log of one start-up, fed line by line.

    Args:
        language: what a line may be.

    Attributes:
        phase: `starting` until idle, `idle` until the stop is asked, then `stopping`.
        matches: every line with what it is, in order.

    """

    def __init__(self, language: Language) -> None:
        self.phase: Phase = "starting"
        self.matches: list[LineMatch] = []
        self.exit_code: int | None = None
        self._language = language
        self._seen: dict[str, Line] = {}
        # Milestones' parts and excepted lines that came: each comes once a start.
        self._came: set[Entry] = set()
        self._violated: dict[str, str] = {}
        self._quiet_seconds: float | None = None
        self._remedies: dict[str, str] = {}
        self._overdue: float | None = None
        self._cut = ""
        self._carried: dict[str, str] = {}
        self._counted: dict[str, str] = {}
        self._uncounted: dict[str, str] = {}

    # -- what happens ----------------------------------------------------------------------

    def feed(self, line: Line) -> LineMatch:
        """Take the next line and say what it is."""
        match = self._match(line)
        self.matches.append(match)
        if match.kind == "forbidden":
            self._violate(match.clause, f"{match.why}: {line.text[:_SHOWN]!r}")
        return match

    def stopping(self) -> None:
        """The stop has been asked: from here on lines belong to the shutdown."""
        self.phase = "stopping"

    def quiet(self, seconds: float) -> None:
        """The quiet window (seconds) after idle has passed."""
        self._quiet_seconds = seconds

    def overdue(self, seconds: float) -> None:
        """`seconds` have passed since the container's start, and idle was not reached."""
        self._overdue = seconds

    def late(self, match: LineMatch, seconds: float, allowed: float) -> None:
        """A line of the start-up came `seconds` after the container's start, later than `allowed` (OBS-6)."""
        what = "idle" if "OBS-6" in match.clauses else "a line before idle"
        words = f"{what} came {seconds:.1f} s after the container's start, by the server's times"
        line = f"{match.line.text[:160]!r} at {match.line.time}"
        self._violate("OBS-6", f"{words}; {allowed:g} s are allowed: {line}", _LATE)

    def restarted(self, words: str) -> None:
        """The container is not the one that started, or started again (DET-1)."""
        self._violate("DET-1", words)

    def not_running(self, said: str, at: str) -> None:
        """A status read at the time `at` said `said`: the runtime did not stay idle (OBS-6)."""
        self._violate("OBS-6", f"while it was watched a status read{at} said {said}"[:400], _LEFT)

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
        return [match.line for match in self.matches if match.kind == "undocumented"]

    @property
    def lines(self) -> list[Line]:
        """Every line, as it came."""
        return [match.line for match in self.matches]

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
        seen = f"none in {len(self.matches)} lines and {self._quiet_seconds:g} quiet seconds after idle"
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
        """Words about a milestone that never came, with the line that is nearest to one of its templates."""
        words = f"no such line among {len(self.matches)}"
        if self._overdue is not None:
            words += f" within {self._overdue:g} s of the container's start (deadlines.startup_seconds)"
        if 0 < (came := sum(entry.clause == clause for entry in self._came)) < self._language.parts[clause]:
            return f"{words}; {came} of its {self._language.parts[clause]} lines came"
        compared = map(self._language.read, (line.text for line in self.undocumented[:_COMPARED]))
        if near := self._language.nearest(compared, clause):
            template = near.entry.template.text
            words += f"; the nearest is {near.message[:_SHOWN]!r}, which is not {template!r}"
        return words

    def _match(self, line: Line) -> LineMatch:
        before = self._carried.pop(line.stream, "")
        if len(line.text) >= _LONG:
            self._carried[line.stream] = line.text[-_CARRIED:]
        reading = self._language.read(line.text)
        if not reading.message and (self.phase != "idle" or self.matches[-1].clause == "OBS-6"):
            # One right behind idle is that line's own end; a later one is a line like any other.
            return LineMatch("blank", (), line)
        milestones = tuple(entry for entry in reading.entries if entry.kind == "milestone")
        if repeated := self._repeated(milestones):
            return LineMatch("forbidden", ("DET-1",), line, repeated)
        if milestones and self.phase != "idle":
            return self._milestone(milestones, line)
        if match := self._documented(reading.entries, line):
            return match
        # Engines cut long lines, so the end of the one before belongs to this one.
        if named := self._language.lists.named(before + line.text):
            return LineMatch("forbidden", (named[0],), line, f"nothing documents a line with {named[1]!r}")
        if self.phase == "idle":
            # Idle means silence: whatever speaks now runs in the background.
            return LineMatch("forbidden", ("RUN-3",), line, "a line after idle, before the stop was asked")
        return LineMatch("undocumented", (), line)

    def _repeated(self, entries: tuple[Entry, ...]) -> str:
        """Why milestones that a line meets are not the start-up's own (DET-1), or ""."""
        for entry in entries:
            if entry.clause == "RUN-1":
                continue  # a statement may come again
            part = self._language.parts[entry.clause] > 1
            if entry in self._came if part else entry.clause in self._seen:
                return f"the milestone {entry.clause} came twice: the start-up ran again"
            later = [c for c in self._seen if c in MILESTONES and RANK[c] > RANK[entry.clause]]
            if later:
                return f"the milestone {entry.clause} came after {later[0]}"
        return ""

    def _milestone(self, entries: tuple[Entry, ...], line: Line) -> LineMatch:
        self._came.update(entries)
        clauses = tuple(dict.fromkeys(entry.clause for entry in entries))
        for clause in clauses:
            came = len({entry.part for entry in self._came if entry.clause == clause})
            if came == self._language.parts[clause]:
                self._seen.setdefault(clause, line)
        if "OBS-6" in clauses and self.phase == "starting":
            self.phase = "idle"
        return LineMatch("milestone", clauses, line)

    def _documented(self, entries: tuple[Entry, ...], line: Line) -> LineMatch | None:
        """A documented or excepted line; between idle and the stop nothing is."""
        kinds = {entry.kind: entry for entry in entries} if self.phase != "idle" else {}
        if "documented" in kinds or ("shutdown" in kinds and self.phase == "stopping"):
            return LineMatch("documented", (), line)
        if (entry := kinds.get("excepted")) is None:
            return None
        if entry in self._came:
            return LineMatch("forbidden", (entry.clause,), line, "an excepted line came twice (log.excepted)")
        self._came.add(entry)
        return LineMatch("excepted", (entry.clause,), line)


def _remedy(clause: str) -> str:
    """What to do about a violated clause."""
    if clause in MILESTONES or clause == "RUN-1":
        return "See by `smokedeploy log startup.log` where it parts from the templates (log.milestones)."
    if clause == "DET-1":
        return "Look in startup.log for a restart, and at the container's restart policy."
    return "Read startup.log around that line; do not deploy again before a person has looked."
