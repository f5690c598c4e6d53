"""Judges the engine's own record of the container: one create, one start, nothing else until the stop."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from pytest_smokedeploy.contract import EngineEvent, EventRecord, parse_time

#: What a sound start is; and all that a stop may add, in whatever order an engine tells it.
_START: Final = ("create", "start")
_STOP: Final = frozenset({"kill", "die", "stop"})
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


def judge_record(record: EventRecord, *, before: int, replaced: bool = False) -> RecordJudgement:
    """Judge the record of one deploy.

    Args:
        record: what the agent answered.
        before: how many of its first events happened before the stop was asked.
        replaced: whether a stop-only image took the container's place.

    """
    found, told = RecordJudgement(unproven=_lacking(record)), record.events
    actions = [event.action for event in told]
    # What ends the container within a restart belongs to the restart.
    again = "restart" in actions or any(actions.count(action) > 1 for action in (*_START, "die"))
    if again:
        found.violated["DET-1"] = f"the engine told of more than one start: {in_words(told)}"
    if paused := [event for event in told if event.action in _PAUSED]:
        found.violated["OBS-6"] = f"the engine told that it was paused: {in_words(paused)}"
    if not again and (ended := [event for event in told[:before] if event.action in _STOP]):
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


def _lacking(record: EventRecord) -> str:
    """Why the record proves nothing, or "": events may be missing, or are not in order."""
    if record.incomplete is not None:
        return f"the engine's record may lack events: {record.incomplete}"
    actions = [event.action for event in record.events]
    times = [parse_time(event.time) for event in record.events]
    if absent := [action for action in _START if action not in actions]:
        return f"the engine's record has no {' and no '.join(absent)}"
    if times != sorted(times) or actions.index("create") > actions.index("start"):
        return "the engine's record is not in the order of its times"
    return ""
