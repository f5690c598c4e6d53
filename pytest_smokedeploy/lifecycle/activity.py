"""Judges the engine's counters around the quiet window (RUN-2, RUN-3, OBS-9)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pydantic import ValidationError

from pytest_smokedeploy.contract import Activity
from pytest_smokedeploy.settings import ActivityLimits

#: Basis of a clause that no counter supports, and of one that a counter does.
_ALONE: Final = "by the log alone: the agent does not count {}"
_COUNTED: Final = "and by the engine's counters: {}"
_LOST: Final = "the agent counted it once idle, and told no count after the quiet window"


@dataclass(frozen=True, slots=True)
class Silence:
    """The judgement of the counters over a quiet window.

    Attributes:
        violated: clause -> words; a counter is beyond its limit.
        rests_on: clause -> words; the basis of the clause's proof.
        lost: clause -> words; the counter was there once idle and is missing after, so nothing is proven.

    """

    violated: Mapping[str, str]
    rests_on: Mapping[str, str]
    lost: Mapping[str, str]


def counters(status: Mapping[str, object]) -> Activity | None:
    """The counters of a status answer; None where it has none, or none by the contract."""
    try:
        return Activity.model_validate(status.get("activity"))
    except ValidationError:
        return None


def judge(first: Activity | None, last: Activity | None, seconds: float, limits: ActivityLimits) -> Silence:
    """Compare two reads of the counters, `seconds` apart, with the limits.

    Args:
        first: the read once the runtime was idle.
        last: the read after the quiet window.
        seconds: wall time between the two reads.
        limits: the settings' `activity`.

    """
    first, last = first or Activity(), last or Activity()
    cpu = (first.cpu_seconds, last.cpu_seconds)
    processes = (first.processes, last.processes)
    sent = (first.network_tx_bytes, last.network_tx_bytes)
    counted = {
        "RUN-3": _cpu(*cpu, seconds, limits.cpu_share),
        "RUN-2": _processes(*processes, limits.processes),
        "OBS-9": _sent(*sent, limits.sent_bytes),
    }
    looks = zip(counted, (cpu, processes, sent), strict=True)
    lost = {clause: _LOST for clause, (before, after) in looks if before is not None and after is None}
    violated = {clause: words for clause, (words, holds) in counted.items() if not holds}
    return Silence(violated, {clause: words for clause, (words, _) in counted.items()}, lost)


def _cpu(before: float | None, after: float | None, seconds: float, share: float) -> tuple[str, bool]:
    if before is None or after is None:
        return _ALONE.format("processor time"), True
    used = after - before
    words = f"{used:.2f} s of processor time in the {seconds:.2f} s after idle"
    if used < -share * seconds:
        # A process that ended takes its share away; a larger fall means another container's counter.
        words = f"{before:.2f} s of processor time once idle, and {after:.2f} s after: a count that fell"
        return words, False
    if used <= share * seconds:
        return _COUNTED.format(words), True
    return f"{words}, over {share:.0%} (activity.cpu_share): something loops without a word", False


def _processes(before: int | None, after: int | None, more: int) -> tuple[str, bool]:
    if before is None or after is None:
        return _ALONE.format("processes"), True
    words = f"{before} processes at idle, {after} after the quiet window"
    if after - before <= more:
        return _COUNTED.format(words), True
    return f"{words}, over {more} more (activity.processes): something starts them without a word", False


def _sent(before: int | None, sent: int | None, most: int) -> tuple[str, bool]:
    if sent is not None and before is not None and sent < before:
        return f"{before} bytes sent once idle, and {sent} after the quiet window: a count that fell", False
    if sent is None:
        return _ALONE.format("bytes sent"), True
    # From the container's start: a call out before idle counts as well as one after it.
    words = f"{sent} bytes sent since the start"
    if sent <= most:
        return _COUNTED.format(words), True
    return f"{words}, over {most} (activity.sent_bytes), and no line says so", False
