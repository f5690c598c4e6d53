"""Faults of async, lease and hold: a lost answer never passes, and a pass that nobody took is none."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from pytest_smokedeploy.rehearsal import Exchange, World
from tests.rehearsal.gallery.case import FAIL, INCOMPLETE, REFUSED, Case, answer, replies, says
from tests.rehearsal.gallery.lies import stopped

POLL = "/v1/deploys/"
OTHER = "00000000-0000-4000-8000-000000000000"
HTML = "text/html"


def polls(status: int, body: bytes, kind: str = "application/json") -> World:
    """The progress of a deploy is answered otherwise; the agent works on, and never hears of it."""

    def intercept(exchange: Exchange) -> bool:
        if not exchange.path.startswith(POLL):
            return False
        exchange.status, exchange.body, exchange.headers = status, body, {"content-type": kind}
        return True

    return World(intercept=intercept)


def progress(**fields: Any) -> World:
    """The progress of a deploy says `fields`."""

    def tamper(exchange: Exchange) -> None:
        if exchange.path.startswith(POLL):
            exchange.body = json.dumps(json.loads(exchange.body) | fields).encode()
            exchange.headers = {"content-type": "application/json"}

    return World(tamper=tamper)


def lost(path: str, status: int = 524) -> World:
    """The agent did it, and its answer is lost on the way."""

    def tamper(exchange: Exchange) -> None:
        if exchange.path == path:
            exchange.status, exchange.body = status, f"error code: {status}".encode()
            exchange.headers = {"content-type": "text/plain"}

    return World(tamper=tamper)


def _running(change: Callable[[dict[str, Any], int], None], since: int) -> World:
    """The status changes from its read number `since` on, while something runs."""

    def act(body: dict[str, Any], asked: int) -> None:
        if asked >= since and body["running"]:
            change(body, asked)

    return answer("/v1/status", act)


def _renamed(body: dict[str, Any], _asked: int) -> None:
    body["container_name"] = "somebody"


def _anothers(body: dict[str, Any], _asked: int) -> None:
    body.update(running=True, state="running", deploy_id=OTHER)


def _no_tail(chunk: bytes) -> bytes | None:
    """Whatever would be read once the stop was asked never arrives."""
    return None if b"stopped" in chunk or b'"end"' in chunk else chunk


def _no_engine(chunk: bytes) -> bytes | None:
    """The engine fails while the runtime stops."""
    return b'{"error": "the Docker engine can\'t be asked"}\n' if b"stopped" in chunk else chunk


SLOW = {"deadlines": {"deploy_seconds": 2}}


def second_deploy_late(seconds: float) -> World:
    """The answer to the second deploy, a stop-only image's, is held back."""
    deploys: list[str] = []

    def tamper(exchange: Exchange) -> None:
        if exchange.path == "/v1/deploy":
            deploys.append(exchange.path)
            threading.Event().wait(seconds if len(deploys) > 1 else 0)

    return World(tamper=tamper)


CASES: dict[str, Case] = {
    # -- async: one failed read of the progress ends the run, and it is never taken for a refusal
    "a poll meets no agent": Case(
        "AGT-5", FAIL, polls(502, b"<html>502 Bad gateway", HTML), words="nothing is asked twice"
    ),
    "a poll is refused by Access": Case(
        "AGT-5", FAIL, polls(403, b"<html>Cloudflare Access: Forbidden", HTML), words="progress"
    ),
    "the agent forgot its deploy": Case(
        "AGT-5", FAIL, polls(404, b'{"status": "error", "reason": "no deploy of this id"}')
    ),
    "the 202 is lost": Case("AGT-5", FAIL, lost("/v1/deploy"), words="Looked up by its id"),
    "a 202 for another deploy": Case(
        "AGT-5", FAIL, answer("/v1/deploy", lambda body, _: body.update(deploy_id=OTHER)), words=OTHER
    ),
    "the progress of another deploy": Case(
        "AGT-5", FAIL, progress(deploy_id=OTHER, state="deploying"), words=OTHER
    ),
    "a state of no contract": Case("AGT-5", FAIL, progress(state="done"), words="'done'"),
    "deploying for ever": Case(
        "AGT-5", FAIL, progress(state="deploying"), settings=SLOW, words="not done within 2 seconds"
    ),
    "deployed by a word that is none": Case("AGT-5", FAIL, progress(state=True), words="True"),
    # -- lease
    "the lease is not renewed": Case(
        "EXT-4",
        FAIL,
        replies("/v1/lease", 409, b'{"status": "error", "reason": "no lease to renew"}'),
        settings={"quiet_window_seconds": 12, "deadlines": {"lease_seconds": 30}},
        words="could not be renewed",
    ),
    # -- hold: everything passed, and the agent does not know
    "on hold": Case(
        "FLR-3", REFUSED, replies("/v1/deploy", 423, b'{"status": "error", "reason": "on hold since"}')
    ),
    "the outcome is refused": Case(
        "FLR-3",
        INCOMPLETE,
        replies("/v1/outcome", 409, b'{"status": "error", "reason": "the hold is another\'s"}'),
        words="the hold is another's",
    ),
    "the outcome's answer is lost": Case("", "REHEARSED", lost("/v1/outcome", 502)),
    "the outcome is answered by no contract": Case(
        "FLR-3", INCOMPLETE, replies("/v1/outcome", 200, b'{"status": "ok"}'), words="status"
    ),
    # -- a stop-only image that does not do: the plain stop does, and the run fails all the same
    "a stop-only image that is refused": Case(
        "STP-2",
        FAIL,
        replace(
            answer("/v1/preflight", lambda body, _: body.pop("images")),
            agent_environ={"STOP_ONLY_IMAGES": None, "ALLOWED_IMAGES": "ghcr.io/example/runtime"},
        ),
        settings={"shutdown": {"by": "image", "image": "ghcr.io/example/stop:1.0.0"}},
        words="ALLOWED_IMAGES",
    ),
    "a stop-only image that takes longer than a stop": Case(
        "",
        "REHEARSED",
        second_deploy_late(3),
        settings={
            "shutdown": {"by": "image", "image": "ghcr.io/example/stop:1.0.0"},
            "deadlines": {"stop_seconds": 2},
        },
    ),
    "deploying for ever, a stop-only image": Case(
        "AGT-5",
        FAIL,
        progress(state="deploying"),
        settings=SLOW | {"shutdown": {"by": "image", "image": "ghcr.io/example/stop:1.0.0"}},
    ),
    # -- the log's tail: what it would have shown is not known, so nothing is proven by it
    "the log breaks off during the stop": Case(
        "EXT-4", INCOMPLETE, World(relay=_no_tail), words="could not be read to its end"
    ),
    "the engine fails the log during the stop": Case(
        "EXT-4", INCOMPLETE, World(relay=_no_engine), words="could not be read to its end"
    ),
    # -- what flips between two reads, and what no engine counts
    "the name flips between two reads": Case("DET-1", FAIL, _running(_renamed, 4), words="somebody"),
    "somebody else's container runs after the stop": Case(
        "STP-1", FAIL, stopped(_anothers), words="not this run's"
    ),
    "no counters": Case("", "REHEARSED", says("/v1/status", activity=None)),
}
