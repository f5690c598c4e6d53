"""What the engine told of the container between two looks, and an agent that does not tell it as it must."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from pytest_smokedeploy.rehearsal import Exchange, World
from tests.rehearsal.gallery.case import INCOMPLETE, Case, replies, sound
from tests.rehearsal.gallery.lies import moved
from tests.rehearsal.gallery.runtime import bad

PATH = "/v1/events"
OTHER = "00000000-0000-4000-8000-000000000000"


def record(change: Callable[[dict[str, Any]], object], first: int = 1) -> World:
    """The engine's record, changed from the answer number `first` on."""
    asked = [0]

    def tamper(exchange: Exchange) -> None:
        if exchange.path != PATH:
            return
        asked[0] += 1
        if asked[0] >= first:
            body = json.loads(exchange.body)
            change(body)
            exchange.body, exchange.headers = json.dumps(body).encode(), {"content-type": "application/json"}

    return World(tamper=tamper)


def more(*actions: str, first: int = 1, **fields: Any) -> World:
    """The record with these events right behind the start."""

    def change(body: dict[str, Any]) -> None:
        time = moved(body["events"][1]["time"], seconds=0.001)
        body["events"][2:2] = [{"time": time, "action": action, **fields} for action in actions]

    return record(change, first)


def without(action: str) -> World:
    """The record without these events."""
    return record(lambda body: body.update(events=[e for e in body["events"] if e["action"] != action]))


def dated(seconds: float, first: int = 1, start: int = 0) -> World:
    """The record with its events from number `start` on that much later."""

    def change(body: dict[str, Any]) -> None:
        for event in body["events"][start:]:
            event["time"] = moved(event["time"], seconds=seconds)

    return record(change, first)


def endless(body: dict[str, Any]) -> None:
    """The record without the container's end."""
    del body["events"][2:]


YEARS = 700 * 86400.0


def raw(body: bytes) -> World:
    """`body` in place of the record."""
    return replies(PATH, 200, body)


def _unlisted(exchange: Exchange) -> None:
    """An agent without the extension."""
    if exchange.path == "/v1/status":
        body = json.loads(exchange.body)
        body["extensions"].remove("events")
        exchange.body, exchange.headers = json.dumps(body).encode(), {"content-type": "application/json"}


def refused(code: int, reason: str) -> World:
    """The call is refused, or fails."""
    return replies(PATH, code, json.dumps({"status": "error", "reason": reason}).encode())


def _removed(body: dict[str, Any]) -> None:
    body["events"].append(body["events"][-1] | {"action": "destroy"})


def _swapped(body: dict[str, Any]) -> None:
    body["events"][:2] = body["events"][1::-1]


def _first(body: dict[str, Any]) -> None:
    body["events"][0] |= {"time": moved(body["events"][0]["time"], seconds=-1)}


CASES: dict[str, Case] = {
    # -- what happened before the stop was asked
    "paused for a moment": bad("OBS-6", more("pause", "unpause"), words="was paused: pause at"),
    "paused, and not unpaused": bad("OBS-6", more("pause")),
    "paused right before the stop": bad("OBS-6", more("pause", "unpause", first=2)),
    "an exec by hand": bad("EXT-4", more("exec_create", "exec_start", "exec_die"), words="exec_create"),
    "an exec right before the stop": bad("EXT-4", more("exec_create", "exec_start", "exec_die", first=2)),
    "a copy out of it": bad("EXT-4", more("archive-path")),
    "out of memory, the engine told": bad("EXT-4", more("oom"), words="lacked memory"),
    "a signal by hand": bad("OBS-6", more("kill"), words="before the stop was asked"),
    "it died, the engine told": bad("OBS-6", more("die", exit_code=1), words="die (1)"),
    "a second start, the engine told": bad("DET-1", more("die", "start"), words="more than one start"),
    "a restart by hand": bad("DET-1", more("kill", "die", "stop", "start", "restart")),
    "a restart right before the stop": bad("DET-1", more("kill", "die", "stop", "start", first=2)),
    "a second create": bad("DET-1", more("create")),
    "removed by hand": bad("EXT-4", record(_removed)),
    # -- an agent that does not tell it, or not as it must
    "the record has no create": Case("DET-1", INCOMPLETE, without("create"), words="no create"),
    "the record has no start": Case("DET-1", INCOMPLETE, without("start"), words="no start"),
    "the record has no event": Case(
        "DET-1", INCOMPLETE, record(lambda b: b.update(events=[])), words="no create and no"
    ),
    "a record with a gap": Case(
        "DET-1", INCOMPLETE, record(lambda b: b.update(incomplete="it forgot some")), words="it forgot some"
    ),
    "a gap at the end": Case(
        "DET-1", INCOMPLETE, record(lambda b: b.update(incomplete="late"), 2), words="late"
    ),
    "no end after the stop": Case("DET-1", INCOMPLETE, record(endless), words="no die"),
    "the container's end alone is missing": Case("DET-1", INCOMPLETE, without("die"), words="no die"),
    "events from before the deploy": bad("EXT-4", dated(-YEARS), words="before the deploy began"),
    "events that are still to come": bad("EXT-4", dated(YEARS), words="its record was read by"),
    "created and started after the deploy": bad("EXT-4", dated(60), words="after the deploy was done"),
    "an end that is still to come": bad("EXT-4", dated(60, start=2), words="its record was read by"),
    "an end before the stop, told after it": bad(
        "OBS-6", dated(-2.8, 2, 2), words="before the stop was asked"
    ),
    "events out of order": Case("DET-1", INCOMPLETE, record(_swapped), words="order"),
    "another record after the stop": bad("EXT-4", record(_first, 2), words="before the stop"),
    "another deploy's record": Case("DET-1", INCOMPLETE, record(lambda b: b.update(deploy_id=OTHER))),
    "another exit code by the engine": bad(
        "EXT-4", record(lambda b: b["events"][-1].update(exit_code=9), 2), words="9 by the engine"
    ),
    "events that are no list": bad("EXT-4", record(lambda b: b.update(events={}))),
    "an event without a time": bad("EXT-4", record(lambda b: b["events"][0].pop("time"))),
    "an action that is none": bad("EXT-4", record(lambda b: b["events"][1].update(action=7))),
    "the record is a list": Case("DET-1", INCOMPLETE, raw(b"[]")),
    "the record is no JSON": Case("DET-1", INCOMPLETE, raw(b"create, start")),
    "the record is gone": Case("DET-1", INCOMPLETE, refused(404, "no such call")),
    "the engine does not tell": Case(
        "DET-1",
        INCOMPLETE,
        refused(500, "engine gone"),
        words="engine gone",
    ),
    # -- an agent without it
    "no engine's record": sound(World(tamper=_unlisted)),
}
