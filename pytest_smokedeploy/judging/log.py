"""The start-up log: what each line is, which milestones it meets, and what it violates.

Rests on the model's section "Observability Requirements". A line is what a template of the log language
says it is, and undocumented otherwise (EXT-4); a forbidden word only gives it its clause.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from pytest_smokedeploy.log_language import Entry, Language
from pytest_smokedeploy.model import CLAUSE, MILESTONES, RANK, STATED, Basis, Finding

Kind = Literal["milestone", "forbidden", "documented", "excepted", "undocumented", "blank"]
Phase = Literal["starting", "idle", "stopping"]

#: Characters of a line that a message shows (chosen).
_SHOWN: Final = 300
#: Engines and agents cut a line of more bytes in two, in the middle of a word if need be.
_LONG: Final = 16 * 1024
#: Characters from the end of such a line that are read with the next one (chosen).
_CARRIED: Final = 200
#: Undocumented lines that are compared with a missing milestone's templates (chosen).
_COMPARED: Final = 200
_LEFT: Final = "Find out on the server what paused or ended it: the engine's own events tell."
_UNRECORDED: Final = "See in the agent's log why, and what else the engine does."
_WROTE: Final = "Read startup.log around that line, and find out what in the runtime wrote it."
_ENDED: Final = "Read the last lines of startup.log, and find out why the runtime ended."
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
        violated: violated clauses with words, in the order found; undocumented lines are not among them.
        broken: why the stream broke off before its end, or "": what came since is not known.
        exit_code: the container's, once it is gone and the engine told it.
        quiet_seconds: length of the quiet window after idle, once it has passed.
        overdue_seconds: seconds from the container's start that passed without idle, where they did.
        counted: what the silence rests on beside the log, by clause: the engine's counters.
        recorded: what OBS-6 and DET-1 rest on beside the log, or "": the engine's record.
        unrecorded: why a promised record of the engine does not prove DET-1, or "".
        uncounted: clauses whose counters were told and then were not, so that nothing is established.

    """

    def __init__(self, language: Language) -> None:
        self.phase: Phase = "starting"
        self.matches: list[LineMatch] = []
        self.violated: dict[str, str] = {}
        self.broken = ""
        self.exit_code: int | None = None
        self.quiet_seconds: float | None = None
        self.overdue_seconds: float | None = None
        self.counted: Mapping[str, str] = {}
        self.uncounted: Mapping[str, str] = {}
        self.recorded = self.unrecorded = ""
        self._language = language
        self._seen: dict[str, Line] = {}
        # Milestones' parts and excepted lines that came: each comes once a start.
        self._came: set[Entry] = set()
        self._remedies: dict[str, str] = {}
        self._carried: dict[str, str] = {}

    # -- what happens ----------------------------------------------------------------------

    def feed(self, line: Line) -> LineMatch:
        """Take the next line and return what it is."""
        match = self._match(line)
        self.matches.append(match)
        if match.kind == "forbidden":
            wrote = "" if match.clause == "DET-1" else _WROTE
            self.violate(match.clause, f"{match.why}: {line.text[:_SHOWN]!r}", wrote)
        return match

    def stopping(self) -> None:
        """The stop has been asked: from here on lines belong to the shutdown."""
        self.phase = "stopping"

    def violate(self, clause: str, words: str, remedy: str = "") -> None:
        """A clause is violated, by a line or by what was seen beside the log; the first words are kept."""
        for one in (clause, "RUN-5") if clause == "OBS-7" else (clause,):
            self.violated.setdefault(one, words)
            self._remedies.setdefault(one, remedy)

    def late(self, match: LineMatch, seconds: float, allowed: float) -> None:
        """A line of the start-up came `seconds` after the container's start, later than `allowed` (OBS-6)."""
        what = "idle" if "OBS-6" in match.clauses else "a line before idle"
        words = f"{what} came {seconds:.1f} s after the container's start, by the server's times"
        line = f"{match.line.text[:160]!r} at {match.line.time}"
        self.violate("OBS-6", f"{words}; {allowed:g} s are allowed: {line}", _LATE)

    def not_running(self, said: str, at: str) -> None:
        """A status read at the time `at` said `said`: the runtime did not stay idle (OBS-6)."""
        self.violate("OBS-6", f"while it was watched a status read{at} said {said}"[:400], _LEFT)

    def end(self, exit_code: int | None) -> None:
        """The container is gone."""
        self.exit_code = exit_code
        if self.phase != "stopping":
            when = "after" if self.phase == "idle" else "before"
            self.violate("OBS-6", f"the runtime left {when} idle, with exit code {exit_code}", _ENDED)

    def cut(self, words: str) -> None:
        """The stream broke: what has not been seen by now cannot be established."""
        self.broken = self.broken or words

    # -- what it means ---------------------------------------------------------------------

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
        """What the log shows of one clause of the stage observe."""
        holds, seen, remedy = self._judged(clause)
        basis = None if holds is None else Basis.SEEN
        return Finding(clause, holds, CLAUSE[clause].text, seen, basis, remedy=remedy)

    # -- inside ----------------------------------------------------------------------------

    def _judged(self, clause: str) -> tuple[bool | None, str, str]:
        """Whether a clause holds, what was seen of it, and what to do."""
        quiet = self.quiet_seconds
        if clause in self.violated:
            return False, self.violated[clause], self._remedies[clause]
        if clause in self._seen and (clause != "OBS-6" or quiet is not None):
            line = self._seen[clause]
            silence = f", then quiet for {quiet:g} s{self.recorded}" if clause == "OBS-6" else ""
            return True, f"{line.text[:_SHOWN]!r} at {line.time}{silence}", ""
        if self.broken:
            remedy = "See to it that the agent gives a whole log."
            return None, f"no whole log: {self.broken}", remedy
        if self.violated:
            by = min(self.violated, key=RANK.__getitem__)
            return None, f"the observation ended at {by}: {self.violated[by]}", f"Look at {by} first."
        if clause in STATED:
            return False, self._lacking(clause), ""
        if quiet is None:
            return None, "the quiet window after idle did not pass", "Look at OBS-6 first."
        if clause in self.uncounted:
            remedy = "See why the agent tells no counters."
            return None, self.uncounted[clause], remedy
        if clause == "DET-1":
            if self.unrecorded:
                return None, self.unrecorded, _UNRECORDED
            return True, f"each milestone once and in order; one container, one start{self.recorded}", ""
        counted = f", {self.counted[clause]}" if clause in self.counted else ""
        return True, f"none in {len(self.matches)} lines and {quiet:g} quiet seconds after idle{counted}", ""

    def _lacking(self, clause: str) -> str:
        """Words about a milestone that never came, with the line that is nearest to one of its templates."""
        words, seconds = f"no such line among {len(self.matches)}", self.overdue_seconds
        if seconds is not None:
            words += f" within {seconds:g} s of the container's start (deadlines.startup_seconds)"
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
        if not reading.message and (self.phase != "idle" or "OBS-6" in self.matches[-1].clauses):
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
            return LineMatch(
                "forbidden", (named[0],), line, f"a line with {named[1]!r}, which no template allows"
            )
        if self.phase == "idle":
            # An idle runtime writes nothing, so what writes now runs in the background.
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
