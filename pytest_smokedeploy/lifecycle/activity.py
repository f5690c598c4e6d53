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


@dataclass(frozen=True, slots=True)
class Silence:
    """What the counters say of a quiet window.

    Attributes:
        violated: clause -> words, for what runs or sends beyond the limits.
        rests_on: clause -> words, for what a proof of it rests on.

    """

    violated: Mapping[str, str]
    rests_on: Mapping[str, str]


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
    counted = {
        "RUN-3": _cpu(first.cpu_seconds, last.cpu_seconds, seconds, limits.cpu_share),
        "RUN-2": _processes(first.processes, last.processes, limits.processes),
        "OBS-9": _sent(last.network_tx_bytes, limits.sent_bytes),
    }
    violated = {clause: words for clause, (words, holds) in counted.items() if not holds}
    return Silence(violated, {clause: words for clause, (words, _) in counted.items()})


def _cpu(before: float | None, after: float | None, seconds: float, share: float) -> tuple[str, bool]:
    if before is None or after is None:
        return _ALONE.format("processor time"), True
    used = after - before
    words = f"{used:.2f} s of processor time in the {seconds:.2f} s after idle"
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


def _sent(sent: int | None, most: int) -> tuple[str, bool]:
    if sent is None:
        return _ALONE.format("bytes sent"), True
    # From the container's start: a call out before idle counts as well as one after it.
    words = f"{sent} bytes sent since the start"
    if sent <= most:
        return f"and by the engine's counters: {words}", True
    return f"{words}, over {most} (activity.sent_bytes), and no line says so", False
