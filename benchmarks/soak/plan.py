"""Which run ends in which way at which moment: made from seed and number alone."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final

HEALTHY: Final = "healthy"
SIGNALS: Final = ("SIGINT", "SIGTERM", "SIGINT twice", "SIGTERM twice")
KILLS: Final = ("SIGKILL", "SIGKILL of the group")
SUSPENDED: Final = "SIGSTOP past the lease"
#: The same with each runtime: one that ends at once, one that takes 4 s, one that ignores SIGTERM.
CANCELS: Final = {
    "GitHub's cancel": "quick",
    "GitHub's cancel, slow runtime": "slow",
    "GitHub's cancel, deaf runtime": "deaf",
}
OUTPUT: Final = "closed output"
DISKS: Final = ("full disk", "full disk of the agent")
AGENT: Final = ("agent killed", "agent stopped", "agent ended")
ENGINE: Final = ("engine ended", "engine killed")
NETWORK: Final = ("cut", "stalled", "truncated", "dripped", "away")
WAYS: Final = (
    *(HEALTHY, HEALTHY, *SIGNALS, *KILLS, SUSPENDED, *CANCELS, OUTPUT, *DISKS),
    *(*AGENT, *ENGINE, *NETWORK),
)
#: Calls that a healthy run makes of the agent, and the first of them that asks for the deploy.
CALLS, DEPLOY = 20, 5


@dataclass(frozen=True)
class Plan:
    """One run.

    Attributes:
        number: from 1.
        way: how it ends, one of WAYS.
        call: the call at the edge after which it does, counted from 1; 0 is the start of the process.
        delay: seconds after that.
        gap: seconds to the second signal, or until the agent, the engine or the network is back.
        runtime: how the runtime takes a SIGTERM: ``quick``, ``slow`` or ``deaf``.
        byte: of the answer to that call, at which the network fails.
        killed: the gate is killed too, where the way is the agent's or the engine's.
        rescued: `smokedeploy stop` follows; else the run is left to its lease.

    """

    number: int
    way: str
    call: int
    delay: float
    gap: float
    runtime: str
    byte: int
    killed: bool
    rescued: bool


def planned(seed: int, number: int) -> Plan:
    """The run of this number: each way comes once in as many runs, in every second of them with a rescue."""
    block, place = divmod(number - 1, len(WAYS))
    order = list(enumerate(WAYS))
    random.Random(f"{seed} block {block}").shuffle(order)  # noqa: S311 - to be repeated, not to be secret
    index, way = order[place]
    dice = random.Random(f"{seed} run {number}")  # noqa: S311 - likewise
    # In two of three runs once the deploy is asked for.
    call = dice.randint(dice.choice((0, DEPLOY, DEPLOY)), CALLS)
    delay = dice.uniform(0, 2.0) if call == 0 else dice.choice((0.0, dice.uniform(0, 0.5)))
    return Plan(
        number=number,
        way=way,
        call=call,
        delay=round(delay, 3),
        gap=round(_gap(dice, way), 3),
        runtime=CANCELS.get(way) or dice.choice(("quick", "quick", "slow")),
        byte=dice.choice((0, dice.randint(1, 300), dice.randint(1, 1500))),
        killed=dice.random() < 1 / 2 and way in (*AGENT, *ENGINE),
        rescued=(block + index) % 2 == 0,
    )


def _gap(dice: random.Random, way: str) -> float:
    short, long, past = dice.uniform(0, 2), dice.uniform(3, 12), dice.uniform(32, 40)
    if way in AGENT:
        return dice.choice((short, short, long, past))
    if way in ENGINE or way == "away":
        return dice.choice((short, long))
    return short
