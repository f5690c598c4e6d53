"""The picture of a run: where its seconds went and where it broke, in shares of its length."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Any, Final

#: Marks closer than this are drawn as one; percent of the run's length (chosen: a label's width on a phone).
_NEAR: Final = 12.0
#: Groups of milestones that a row's label names (chosen: what fits beside each other on a phone).
_NAMED: Final = 2
#: The least width of a bar, in percent, so that it is seen.
_LEAST: Final = 0.6


#: What each kind of bar and point means, in the order of the key.
KEY: Final[Mapping[str, str]] = {
    "passed": "passed, done or confirmed",
    "failed": "failed, or not confirmed",
    "other": "neither passed nor failed",
    "quiet": "the quiet window after idle",
    "mark": "milestones of the log",
    "look": "the second look after the stop",
    "cross": "where a stage broke: its first failed check",
}


@dataclass(frozen=True, slots=True)
class Bar:
    """A span of a row: left edge and width in percent of the run, its kind, and what it is in words."""

    left: float
    width: float
    kind: str
    words: str


@dataclass(frozen=True, slots=True)
class Point:
    """A moment of a row: its place in percent of the run, its label, what it is in words, and its kind."""

    left: float
    label: str
    words: str
    kind: str = "mark"


@dataclass(frozen=True, slots=True)
class TimelineRow:
    """A row of the picture under its label."""

    label: str
    bars: tuple[Bar, ...] = ()
    points: tuple[Point, ...] = ()


@dataclass(frozen=True, slots=True)
class Timeline:
    """The rows of a picture over `seconds`."""

    seconds: float
    rows: tuple[TimelineRow, ...]

    @property
    def key(self) -> tuple[tuple[str, str], ...]:
        """Each kind of bar and point that the picture has, and what it means."""
        there = {bar.kind for row in self.rows for bar in row.bars}
        there |= {point.kind for row in self.rows for point in row.points}
        return tuple((kind, words) for kind, words in KEY.items() if kind in there)

    @property
    def lines(self) -> tuple[str, ...]:
        """The same in words, a line each."""
        bars = [[bar.words for bar in row.bars] for row in self.rows]
        points = [[point.words for point in row.points] for row in self.rows]
        return tuple(words for pair in zip(bars, points, strict=True) for words in (*pair[0], *pair[1]))


class _Scale:
    """Places moments of the gate's clock and of the server's within a run."""

    def __init__(self, began: datetime, ended: datetime, shift: float) -> None:
        self.seconds = max((ended - began).total_seconds(), 0.001)
        self._began, self._shift = began, shift

    def second(self, at: datetime, *, server: bool = False) -> float:
        """Seconds from the run's start, within the run."""
        seconds = (at - self._began).total_seconds() + (self._shift if server else 0.0)
        return min(max(seconds, 0.0), self.seconds)

    def share(self, seconds: float) -> float:
        """Seconds in percent of the run, as it is drawn."""
        return round(100 * seconds / self.seconds, 2)

    def bar(self, began: float, ended: float, kind: str, words: str) -> Bar:
        left = min(self.share(began), 100 - _LEAST)
        width = min(max(self.share(ended - began), _LEAST), round(100 - left, 2))
        return Bar(left, width, kind, f"{words}: {ended - began:.1f} s, from {began:.1f} s on")


def timeline(document: Mapping[str, Any]) -> Timeline | None:
    """The picture of a run, None where no check began.

    The agent's steps and the log's milestones carry the server's times. They are shifted so that the first
    step begins with the stage `deploy`, since two clocks need not agree.
    """
    spans = [(stage, *_span(stage["checks"])) for stage in document["stages"]]
    begun = [(stage, began, ended) for stage, began, ended in spans if began and ended]
    if not begun:
        return None
    told = document["receipt"].get("steps")
    steps = [step for step in told if isinstance(step, Mapping)] if isinstance(told, list) else []
    deploy = next((began for stage, began, _ in begun if stage["stage"] == "deploy"), None)
    first = next((at for step in steps if (at := _time(step.get("started_at")))), None)
    shift = (deploy - first).total_seconds() if deploy and first else 0.0
    ends = [ended for _, _, ended in begun]
    ends += [at for event in document["stop"]["events"] if (at := _time(event.get("at")))]
    scale = _Scale(min(began for _, began, _ in begun), max(ends), shift)
    rows = []
    for stage, began, ended in begun:
        name, outcome = str(stage["stage"]), str(stage["outcome"])
        kind = outcome if outcome in {"passed", "failed"} else "other"
        words = f"stage {name}, {outcome}"
        bars = (scale.bar(scale.second(began), scale.second(ended), kind, words),)
        label = f"{name} {(ended - began).total_seconds():.1f} s"
        rows.append(TimelineRow(label, bars, tuple(_broke(scale, stage["checks"]))))
        if name == "deploy" and first:
            rows.append(TimelineRow(_named(steps), tuple(_steps(scale, steps))))
        if name == "observe":
            rows += _log(scale, document["log"], server=bool(first))
    return Timeline(round(scale.seconds, 1), (*rows, *_stop(scale, document["stop"])))


def _time(value: object) -> datetime | None:
    try:
        at = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return at if at.tzinfo else None


def _span(checks: Sequence[Mapping[str, Any]]) -> tuple[datetime | None, datetime | None]:
    """When the first of these checks began, and the last ended; blocked ones left out."""
    ran = [check for check in checks if check["outcome"] not in {"blocked", "not run"}]
    began = [at for check in ran if (at := _time(check["started_at"]))]
    ended = [at for check in ran if (at := _time(check["finished_at"]))]
    return (min(began), max(ended)) if began and ended else (None, None)


def _broke(scale: _Scale, checks: Iterable[Mapping[str, Any]]) -> Iterable[Point]:
    """Where the first check of a stage failed."""
    for check in checks:
        if check["outcome"] == "failed" and (at := _time(check["finished_at"])):
            seconds = scale.second(at)
            words = f"failed at {seconds:.1f} s: {check['title']}"
            yield Point(scale.share(seconds), "", words, "cross")
            return


def _named(steps: Iterable[Mapping[str, Any]]) -> str:
    """The steps by name; one that had nothing to do is left out."""
    return ", ".join(str(step.get("step")) for step in steps if step.get("outcome") != "absent")


def _steps(scale: _Scale, steps: Iterable[Mapping[str, Any]]) -> Iterable[Bar]:
    for step in steps:
        began, ended = _time(step.get("started_at")), _time(step.get("finished_at"))
        if began and ended:
            spent = scale.second(began, server=True), scale.second(ended, server=True)
            kind = "failed" if step.get("outcome") == "failed" else "passed"
            yield scale.bar(*spent, kind, f"step {step.get('step')}, {step.get('outcome')}")


def _log(scale: _Scale, log: Mapping[str, Any], *, server: bool) -> list[TimelineRow]:
    """Milestones and the quiet window."""
    met = [
        (scale.second(at, server=server), str(row["clause"]))
        for row in log["milestones"]
        if (at := _time(row.get("time") if server else row.get("at")))
    ]
    if not met:
        return []
    bars = []
    idle = next((seconds for seconds, clause in met if clause == "OBS-6"), None)
    if idle is not None and log["quiet_seconds"]:
        ended = min(idle + float(log["quiet_seconds"]), scale.seconds)
        bars.append(scale.bar(idle, ended, "quiet", "quiet window after idle"))
    points = tuple(_marks(scale, sorted(met, key=itemgetter(0))))
    label = ", ".join(point.label for point in points[:_NAMED])
    quiet = f"; quiet {log['quiet_seconds']} s" if bars else ""
    return [TimelineRow(f"{label}{quiet}", tuple(bars), points)]


def _marks(scale: _Scale, met: Sequence[tuple[float, str]]) -> Iterable[Point]:
    """A mark a milestone; neighbours that would overlap are one mark under their first and last name."""
    together: list[list[tuple[float, str]]] = [[met[0]]]
    for here in met[1:]:
        if scale.share(here[0]) - scale.share(together[-1][0][0]) < _NEAR:
            together[-1].append(here)
        else:
            together.append([here])
    for marks in together:
        (first, name), (_, last) = marks[0], marks[-1]
        label = name if len(marks) == 1 else f"{name} to {last}"
        words = ", ".join(f"{clause} at {seconds:.1f} s" for seconds, clause in marks)
        yield Point(scale.share(first), f"{label} at {first:.1f} s", f"milestones: {words}")


def _stop(scale: _Scale, stop: Mapping[str, Any]) -> list[TimelineRow]:
    """From the first time the stop was sent to its confirmation, and the second look."""
    events = [(str(event["event"]), _time(event.get("at"))) for event in reversed(stop["events"])]
    at = {name: scale.second(when) for name, when in events if when}
    if "stop.sent" not in at:
        return []
    sent, confirmed = at["stop.sent"], at.get("stop.confirmed")
    ended = confirmed if confirmed is not None else scale.seconds
    kind, words = ("passed", "stop confirmed") if confirmed is not None else ("failed", "stop not confirmed")
    points = []
    if (look := at.get("stop.stayed")) is not None:
        points.append(Point(scale.share(look), "", f"second look at {look:.1f} s: still stopped", "look"))
    label = f"stop {ended - sent:.1f} s{', then a second look' if points else ''}"
    return [TimelineRow(label, (scale.bar(sent, ended, kind, words),), tuple(points))]
