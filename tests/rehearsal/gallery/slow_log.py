"""A log that comes late, or is read late: the runtime's own pace is judged, and no reader's."""

from __future__ import annotations

import threading
from dataclasses import replace

from pytest_smokedeploy.rehearsal import World
from tests.rehearsal.gallery.case import FAIL, INCOMPLETE, Case, at_the_stop, before_idle, sound
from tests.rehearsal.gallery.lies import late

#: Lines, some 400 KiB of them: several pieces of the answer, written in a moment.
FLOOD = f"seq -f 'event %020.0f {'-' * 60}' 3000"
DOCUMENTED = {"log": {"documented": [f"event {{number}} {'-' * 60}", "event {number}"]}}
#: Shorter than the flood takes on its way, and longer than the runtime takes.
SOON = {"deadlines": {"startup_seconds": 3}}
_PIECES = 7
#: The gate's own bound, cut short for whoever waits for it here.
BOUND = """from pytest_smokedeploy.lifecycle import observation

observation.READING_SECONDS = 1.0
"""


def slowed(world: World, seconds: float) -> World:
    """`world` with the first pieces of the flood held back for `seconds` each on their way.

    No more than some: in how many pieces it comes is the machine's to say.
    """
    held: list[int] = []

    def relay(piece: bytes) -> bytes:
        if b'"event ' in piece and len(held) < _PIECES:
            held.append(len(piece))
            threading.Event().wait(seconds)
        return piece

    return replace(world, relay=relay)


CASES: dict[str, Case] = {
    "a slow log before idle": sound(slowed(before_idle(FLOOD), 1), settings=SOON | DOCUMENTED),
    "a slow log at the stop": sound(slowed(at_the_stop(FLOOD), 2), settings=DOCUMENTED),
    "a log too slow to be read": Case(
        "OBS-6",
        INCOMPLETE,
        slowed(before_idle(FLOOD), 1),
        settings=SOON | DOCUMENTED,
        files={"conftest.py": BOUND},
        words="could not be read in time",
    ),
    # Idle 5 s after the start, seen as soon as the log is opened: the gate's own clock has counted 1 s.
    "idle too late, read at once": Case(
        "OBS-6",
        FAIL,
        replace(before_idle("sleep 5"), tamper=late("/v1/status", 4).tamper),
        settings=SOON,
        words="s after the container's start",
    ),
    "a flood past the deadline": Case(
        "OBS-6",
        FAIL,
        before_idle("while :; do echo 'event 1'; sleep 0.1; done"),
        settings=SOON | DOCUMENTED,
        words="a line before idle came 3.",
    ),
}
