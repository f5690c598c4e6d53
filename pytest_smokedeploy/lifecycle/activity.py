"""What runs without a word: the engine's counters before and after the quiet window (RUN-2, RUN-3, OBS-9)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pydantic import ValidationError

from pytest_smokedeploy.contract import Activity
from pytest_smokedeploy.settings import ActivityLimits

#: Where a clause rests on the log and on nothing beside it.
_ALONE: Final = "by the log alone: the agent does not count {}"
_LOST: Final = "the agent counted it once idle, and told no count after the quiet window"


@dataclass(frozen=True, slots=True)
class Silence:
    """What the counters say of a quiet window.

    Attributes:
        violated: clause -> words, for what runs or sends beyond the limits.
        rests_on: clause -> words, for what a proof of it rests on.
        lost: clause -> words, for what was counted once idle and not any more: nothing is proven by it.

    """

    violated: Mapping[str, str]
    rests_on: Mapping[str, str]
    lost: Mapping[str, str]


def counters(status: Mapping[str, object]) -> Activity | None:
    """The counters of a status answer; None where it tells none, or none by the contract."""
    try:
        return Activity.model_validate(status.get("activity"))
    except ValidationError:
        return None


def judge(first: Activity | None, last: Activity | None, seconds: float, limits: ActivityLimits) -> Silence:
    """Hold two looks at the counters, `seconds` apart, against the limits.

    Args:
        first: once the runtime was idle.
        last: after the quiet window.
        seconds: wall time between the two looks.
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
        # A little less is what a process took that is gone since; this much is another's count.
        return (
            f"{before:.2f} s of processor time once idle, and {after:.2f} s after: a count that fell",
            False,
        )
    if used <= share * seconds:
        return f"and by the engine's counters: {words}", True
    return f"{words}, over {share:.0%} (activity.cpu_share): something loops without a word", False


def _processes(before: int | None, after: int | None, more: int) -> tuple[str, bool]:
    if before is None or after is None:
        return _ALONE.format("processes"), True
    words = f"{before} processes at idle, {after} after the quiet window"
    if after - before <= more:
        return f"and by the engine's counters: {words}", True
    return f"{words}, over {more} more (activity.processes): something starts them without a word", False


def _sent(before: int | None, sent: int | None, most: int) -> tuple[str, bool]:
    if sent is not None and before is not None and sent < before:
        return f"{before} bytes sent once idle, and {sent} after the quiet window: a count that fell", False
    if sent is None:
        return _ALONE.format("bytes sent"), True
    # From the container's start: a call out before idle counts as well as one after it.
    words = f"{sent} bytes sent since the start"
    if sent <= most:
        return f"and by the engine's counters: {words}", True
    return f"{words}, over {most} (activity.sent_bytes), and no line says so", False
