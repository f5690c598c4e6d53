"""Judges the engine's own record of the container: one create, one start, nothing else until the stop."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from pytest_smokedeploy.contract import EngineEvent, EventRecord, last_instant, parse_time

#: What a sound start is; and all that a stop may add, in whatever order an engine tells it.
_START: Final = ("create", "start")
_END: Final = "die"
_STOP: Final = frozenset({"kill", _END, "stop"})
#: A stop-only image takes the container's place: the agent removes it.
_REPLACED: Final = _STOP | {"destroy"}
_PAUSED: Final = frozenset({"pause", "unpause"})
#: Events that a message shows (chosen); the evidence lists all.
_SHOWN: Final = 8


@dataclass(frozen=True, slots=True)
class RecordJudgement:
    """What the engine's record shows.

    Attributes:
        violated: DET-1 or OBS-6, and what violates it.
        oddities: what else nobody asked for (EXT-4), one line each.
        unproven: why the record proves nothing, or "".

    """

    violated: dict[str, str] = field(default_factory=dict)
    oddities: list[str] = field(default_factory=list)
    unproven: str = ""


@dataclass(frozen=True, slots=True)
class RecordTimes:
    """The times that an event's is held against, by the server's clock; None for one that nothing dates.

    Attributes:
        began: the deploy's beginning.
        done: the deploy's end.
        stop_asked: the earliest at which the stop may have been asked.
        read: the latest at which the record may have been read.

    """

    began: datetime | None = None
    done: datetime | None = None
    stop_asked: datetime | None = None
    read: datetime | None = None


def judge_record(
    record: EventRecord, times: RecordTimes, *, before: int, stopped: bool = False, replaced: bool = False
) -> RecordJudgement:
    """Judge the record of one deploy.

    Args:
        record: what the agent answered.
        times: what its events' times are held against.
        before: how many of its first events happened before the stop was asked.
        stopped: whether the stop was confirmed: then the container's end is part of a whole record.
        replaced: whether a stop-only image took the container's place.

    """
    found, told = RecordJudgement(unproven=_lacking(record, stopped=stopped)), record.events
    found.oddities.extend(_out_of_time(told, times))
    actions = [event.action for event in told]
    # What ends the container within a restart belongs to the restart.
    again = "restart" in actions or any(actions.count(action) > 1 for action in (*_START, _END))
    if again:
        found.violated["DET-1"] = f"the engine told of more than one start: {in_words(told)}"
    if paused := [event for event in told if event.action in _PAUSED]:
        found.violated["OBS-6"] = f"the engine told that it was paused: {in_words(paused)}"
    early = [event for event in told[before:] if _dated(event, times.began, times.stop_asked)]
    if not again and (ended := [event for event in (*told[:before], *early) if event.action in _STOP]):
        words = f"the engine told of its end before the stop was asked: {in_words(ended)}"
        found.violated.setdefault("OBS-6", words)
    known = {*_START, "restart", *_PAUSED, *(_REPLACED if replaced else _STOP)}
    for event in told:
        if event.action not in known:
            what = "oom, the runtime lacked memory," if event.action == "oom" else event.action
            found.oddities.append(f"the engine told of {what} at {event.time}, and nobody asked for it")
    return found


def in_words(events: Sequence[EngineEvent]) -> str:
    """Events on one line: action, exit code, time."""
    rows = [
        f"{event.action}{'' if event.exit_code is None else f' ({event.exit_code})'} at {event.time}"
        for event in events[:_SHOWN]
    ]
    more = [f"and {len(events) - _SHOWN} more"] if len(events) > _SHOWN else []
    return ", ".join(rows + more)


def _dated(event: EngineEvent, earliest: datetime | None, before: datetime | None) -> bool:
    """Whether an event is dated before `before`, and not before `earliest`."""
    moment = last_instant(event.time)
    return before is not None and moment < before and (earliest is None or earliest <= moment)


def _out_of_time(told: Sequence[EngineEvent], times: RecordTimes) -> Iterator[str]:
    """The events that the deploy can't have had when they are dated, on one line for each bound."""
    began, done, read = times.began, times.done, times.read
    if began and (early := [event for event in told if last_instant(event.time) < began]):
        yield f"the engine told of {in_words(early)}, before the deploy began at {_shown(began)}"
    starts = [event for event in told if event.action in _START]
    if done and (late := [event for event in starts if done < parse_time(event.time)]):
        yield f"the engine told of {in_words(late)}, after the deploy was done at {_shown(done)}"
    if read and (late := [event for event in told if read < parse_time(event.time)]):
        yield f"the engine told of {in_words(late)}, and its record was read by {_shown(read)}"


def _shown(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def _lacking(record: EventRecord, *, stopped: bool) -> str:
    """Why the record proves nothing, or "": events may be missing, or are not in order."""
    if record.incomplete is not None:
        return f"the engine's record may lack events: {record.incomplete}"
    actions = [event.action for event in record.events]
    times = [parse_time(event.time) for event in record.events]
    if absent := [action for action in _START if action not in actions]:
        return f"the engine's record has no {' and no '.join(absent)}"
    if times != sorted(times) or actions.index("create") > actions.index("start"):
        return "the engine's record is not in the order of its times"
    if stopped and _END not in actions:
        return f"the engine's record has no {_END} though a status read says that the container was stopped"
    return ""
