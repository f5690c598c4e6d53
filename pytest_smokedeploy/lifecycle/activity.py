"""Judges the engine's counters around the quiet window (RUN-2, RUN-3, OBS-9)."""

from collections.abc import Mapping
from typing import Final, TypeAlias

from pydantic import ValidationError

from pytest_smokedeploy.contract import Activity
from pytest_smokedeploy.settings import ActivityLimits

#: What a clause rests on beside the log or is violated by, and whether it holds; None: not established.
Judged: TypeAlias = tuple[str, bool | None]
_LOST: Final = "the agent counted it once idle, and told no count after the quiet window"


def counters(status: Mapping[str, object]) -> Activity:
    """The counters of a status answer; an empty one where it has none, or none by the contract."""
    try:
        return Activity.model_validate(status.get("activity"))
    except ValidationError:
        return Activity()


def judge(first: Activity, last: Activity, seconds: float, limits: ActivityLimits) -> dict[str, Judged]:
    """Compare two reads of the counters, `seconds` apart, with the limits; returns the judgement by clause.

    Args:
        first: the read once the runtime was idle.
        last: the read after the quiet window.
        seconds: wall time between the two reads.
        limits: the settings' `activity`.

    """
    return {
        "RUN-3": _cpu(first.cpu_seconds, last.cpu_seconds, seconds, limits.cpu_share),
        "RUN-2": _processes(first.processes, last.processes, limits.processes),
        "OBS-9": _sent(first.network_tx_bytes, last.network_tx_bytes, limits.sent_bytes),
    }


def _cpu(before: float | None, after: float | None, seconds: float, share: float) -> Judged:
    if before is None or after is None:
        return _uncounted("processor time", before)
    used = after - before
    if used < -share * seconds:
        # A process that ended takes its share away; a larger fall means another container's counter.
        words = f"{before:.2f} s of processor time once idle, and {after:.2f} s after: a count that fell"
        return words, False
    limit = f"{share:.0%} (activity.cpu_share): something loops without a word"
    words = f"{used:.2f} s of processor time in the {seconds:.2f} s after idle"
    return _counted(words, limit, holds=used <= share * seconds)


def _processes(before: int | None, after: int | None, more: int) -> Judged:
    if before is None or after is None:
        return _uncounted("processes", before)
    limit = f"{more} more (activity.processes): something starts them without a word"
    words = f"{before} processes at idle, {after} after the quiet window"
    return _counted(words, limit, holds=after - before <= more)


def _sent(before: int | None, sent: int | None, most: int) -> Judged:
    if sent is None:
        return _uncounted("bytes sent", before)
    if before is not None and sent < before:
        return f"{before} bytes sent once idle, and {sent} after the quiet window: a count that fell", False
    # From the container's start: a call out before idle counts as well as one after it.
    limit = f"{most} (activity.sent_bytes), and no line says so"
    return _counted(f"{sent} bytes sent since the start", limit, holds=sent <= most)


def _uncounted(name: str, before: float | None) -> Judged:
    alone = f"by the log alone: the agent does not count {name}"
    return (alone, True) if before is None else (_LOST, None)


def _counted(words: str, limit: str, *, holds: bool) -> Judged:
    return f"and by the engine's counters: {words}" if holds else f"{words}, over {limit}", holds
