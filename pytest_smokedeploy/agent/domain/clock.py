"""Moments by two clocks, of which the earlier one counts: a lease outlasts neither."""

import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Self

from pydantic import BaseModel, ConfigDict

_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")
#: Linux alone has CLOCK_BOOTTIME, which goes on while the machine sleeps.
_BOOT_CLOCK: Final = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
#: A wall clock set back by less is drift, and is not told (chosen: the resolution of what a person reads).
_TOLD_SECONDS: Final = 1.0


class Moment(BaseModel):
    """A moment by the wall clock and by the seconds since the machine's start.

    Attributes:
        wall: seconds since 1970; whoever administers the server may set this clock.
        boot: seconds of CLOCK_BOOTTIME, which nobody sets.
        boot_id: the start of the machine that `boot` counts from; "" where `boot` is not known. After
            another start the wall clock alone counts: no container of ours starts with the machine.

    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    wall: float
    boot: float = 0.0
    boot_id: str = ""

    def after(self, seconds: float) -> Self:
        """The moment `seconds` later."""
        return self.model_copy(update={"wall": self.wall + seconds, "boot": self.boot + seconds})

    def at_most(self, other: "Moment") -> Self:
        """By each clock the earlier of both."""
        boot = min(self.boot, other.boot) if self.boot_id == other.boot_id else self.boot
        return self.model_copy(update={"wall": min(self.wall, other.wall), "boot": boot})

    def seconds_from(self, now: "Moment") -> float:
        """Seconds from `now` to this moment, by the clock that comes to it first."""
        wall = self.wall - now.wall
        return min(wall, self.boot - now.boot) if self.boot_id == now.boot_id else wall

    def text(self, now: "Moment | None" = None) -> str:
        """RFC 3339; with `now` the wall time at which the first clock comes to it."""
        early = 0.0 if now is None else self.wall - now.wall - self.seconds_from(now)
        wall = self.wall - early if early >= _TOLD_SECONDS else self.wall
        return datetime.fromtimestamp(wall, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


#: Tells the moment it is now.
Clock = Callable[[], Moment]


def _boot_id() -> str:
    try:
        return _BOOT_ID.read_text("ascii").strip()
    except OSError:
        # No other process can know that it counts from the same start.
        return uuid.uuid4().hex


_STARTED: Final = _boot_id()


def now() -> Moment:
    """The moment it is now, by this machine's clocks."""
    return Moment(wall=time.time(), boot=time.clock_gettime(_BOOT_CLOCK), boot_id=_STARTED)
