"""A world of the gallery: the healthy rehearsal plus one deviation, and how the gate must end in it.

Each case states the clause named first, the verdict, the exit status, and whether a deploy may
have been sent. That the container ended stopped is asked of every world.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pytest_smokedeploy.rehearsal import Exchange, World

HEALTHY = World().script()
IDLE = 'echo "idle: waiting for a signal"'
REFUSED, FAIL, INCOMPLETE = "REFUSED", "FAIL", "INCOMPLETE"


@dataclass(frozen=True)
class Case:
    """One world and its right end; `stopped` is False only where the stop itself is taken away."""

    clause: str
    verdict: str
    status: int
    world: World
    deploys: bool = True
    options: tuple[str, ...] = ()
    needs: str = ""
    words: str = ""
    settings: dict[str, Any] = field(default_factory=dict)
    stopped: bool = True


def runtime(old: str, new: str) -> World:
    """The reference runtime with one line changed."""
    assert old in HEALTHY, old
    return World(runtime=HEALTHY.replace(old, new))


def answer(path: str, change: Callable[[dict[str, Any], int], None], *, status: int | None = None) -> World:
    """An agent that lies at `path`; `change` gets the answer and how often the path was asked."""
    asked = [0]

    def tamper(exchange: Exchange) -> None:
        if exchange.path != path:
            return
        asked[0] += 1
        body = json.loads(exchange.body)
        change(body, asked[0])
        exchange.body = json.dumps(body).encode()
        exchange.headers = {"content-type": "application/json"}
        if status is not None:
            exchange.status = status

    return World(tamper=tamper)


def says(path: str, **fields: Any) -> World:
    """An agent that says `fields` at `path` once something runs, and always at other paths."""

    def change(body: dict[str, Any], _asked: int) -> None:
        if path != "/v1/status" or body["running"]:
            body.update(fields)

    return answer(path, change)


def lacks(path: str, name: str) -> World:
    """An agent that leaves `name` out at `path` once something runs."""
    return answer(path, lambda body, _: body.pop(name, None) if body.get("running", True) else None)


def replies(path: str, status: int, body: bytes, kind: str = "application/json") -> World:
    """Something in the agent's place answers `path`, and the agent never hears of it."""

    def intercept(exchange: Exchange) -> bool:
        if exchange.path != path:
            return False
        exchange.status, exchange.body, exchange.headers = status, body, {"content-type": kind}
        return True

    return World(intercept=intercept)


def github(part: str, status: int, body: Any) -> World:
    """GitHub's API answers `part` of its paths otherwise."""
    return World(github=lambda path, s, b: (status, body) if part in path else (s, b))
