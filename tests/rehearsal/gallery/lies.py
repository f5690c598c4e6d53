"""Ways in which an agent lies or breaks its contract, for worlds to be made of."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from pytest_smokedeploy.rehearsal import Exchange, World

Body = dict[str, Any]
JSON = {"content-type": "application/json"}
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")


def _sent(exchange: Exchange, body: object) -> None:
    exchange.body, exchange.headers = json.dumps(body).encode(), dict(JSON)


def deployed(change: Callable[[Body], object]) -> World:
    """What the agent tells of a deploy that is done, at once or when it is looked up, changed."""

    def tamper(exchange: Exchange) -> None:
        if exchange.path.startswith("/v1/deploy") and exchange.status == 200:
            body = json.loads(exchange.body)
            if body.get("status") == "deployed":
                change(body)
                _sent(exchange, body)

    return World(tamper=tamper)


def status(change: Callable[[Body, int], object]) -> World:
    """The status of a running container, changed; `change` gets how often it was told (from 1)."""
    told = [0]

    def tamper(exchange: Exchange) -> None:
        if exchange.path != "/v1/status":
            return
        body = json.loads(exchange.body)
        if body["running"]:
            told[0] += 1
            change(body, told[0])
            _sent(exchange, body)

    return World(tamper=tamper)


def both(**fields: Any) -> World:
    """The receipt and the status of what runs, telling the same lie."""
    receipt, told = deployed(lambda body: body.update(fields)), status(lambda body, _: body.update(fields))

    def tamper(exchange: Exchange) -> None:
        for world in (receipt, told):
            if world.tamper:
                world.tamper(exchange)

    return World(tamper=tamper)


def stopped(change: Callable[[Body, int], object]) -> World:
    """The status after the first stop, changed; `change` gets how often it was asked since (from 1)."""
    asked = [-1]

    def tamper(exchange: Exchange) -> None:
        if exchange.path == "/v1/stop":
            asked[0] = max(asked[0], 0)
        elif exchange.path == "/v1/status" and asked[0] >= 0:
            asked[0] += 1
            body = json.loads(exchange.body)
            change(body, asked[0])
            _sent(exchange, body)

    return World(tamper=tamper)


def raw(path: str, body: bytes, code: int = 200, kind: str = "application/json", **headers: str) -> World:
    """The agent does what it is told, and `body` comes in place of its answer once something ran."""
    running = [False]

    def tamper(exchange: Exchange) -> None:
        running[0] = running[0] or exchange.path == "/v1/deploy"
        if exchange.path == path and running[0]:
            exchange.status, exchange.body, exchange.headers = code, body, {"content-type": kind, **headers}

    return World(tamper=tamper)


def at_once(world: World) -> World:
    """`world` with an agent that lists no `async`: it answers a deploy once the deploy is done."""

    def tamper(exchange: Exchange) -> None:
        if exchange.path == "/v1/status" and exchange.status == 200:
            body = json.loads(exchange.body)
            body["extensions"] = [name for name in body["extensions"] if name != "async"]
            _sent(exchange, body)
        if world.tamper:
            world.tamper(exchange)

    return replace(world, tamper=tamper)


def late(path: str, seconds: float) -> World:
    """The answer at `path` is held back for `seconds` the first time after the deploy."""
    held: list[str] = []
    running = [False]

    def tamper(exchange: Exchange) -> None:
        running[0] = running[0] or exchange.path == "/v1/deploy"
        if exchange.path == path and running[0] and not held:
            held.append(path)
            threading.Event().wait(seconds)

    return World(tamper=tamper)


def hang(_exchange: Exchange) -> None:
    """No answer, for longer than anybody waits for one here."""
    threading.Event().wait(15)


def told(code: int, body: bytes) -> Callable[[Exchange], None]:
    """`code` and `body` in the agent's place."""

    def tell(exchange: Exchange) -> None:
        exchange.status, exchange.body, exchange.headers = code, body, dict(JSON)

    return tell


def first(path: str, act: Callable[[Exchange], None]) -> World:
    """The first call of `path` never reaches the agent: `act` answers it."""
    met: list[str] = []

    def intercept(exchange: Exchange) -> bool:
        if exchange.path != path or met:
            return False
        met.append(path)
        act(exchange)
        return True

    return World(intercept=intercept)


def clock(hours: float) -> World:
    """An agent whose clock is `hours` ahead, wherever it tells a time."""

    def shifted(text: bytes) -> bytes:
        return _TIME.sub(lambda found: moved(found[0], hours=hours), text.decode()).encode()

    def tamper(exchange: Exchange) -> None:
        exchange.body = shifted(exchange.body)

    return World(tamper=tamper, relay=shifted)


def log_of(days: float) -> World:
    """An agent that gives a log of `days` ago, of another start."""
    return World(
        relay=lambda piece: _TIME.sub(lambda found: moved(found[0], days=-days), piece.decode()).encode()
    )


def moved(time: str, **by: float) -> str:
    """An RFC 3339 time, later by the days, hours or seconds of `by`."""
    return (datetime.fromisoformat(time) + timedelta(**by)).isoformat().replace("+00:00", "Z")
