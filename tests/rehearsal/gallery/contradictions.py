"""What belies an earlier answer, or itself: no single answer is wrong, and together they can't be true."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from pytest_smokedeploy.rehearsal import Exchange, World
from tests.rehearsal.gallery.case import INCOMPLETE, REFUSED, Case, after_idle, answer, before_idle
from tests.rehearsal.gallery.extensions import POLL
from tests.rehearsal.gallery.lies import Body, deployed, status, stopped
from tests.rehearsal.gallery.runtime import LONG_WINDOW, META, VALIDATED, bad, says
from tests.rehearsal.gallery.status import SHORT

OTHER = "00000000-0000-4000-8000-000000000000"
LONG_AGO = "2026-01-01T00:00:00Z"
SOMEBODYS_HOLD = {"since": LONG_AGO, "by": "somebody", "reason": "it failed"}


def before(clause: str, **fields: Any) -> Case:
    """The last status before the deploy says `fields`, and the preconditions' one did not."""
    world = answer("/v1/status", lambda body, asked: body.update(fields) if asked == 2 else None)
    return Case(clause, REFUSED, world, deploys=False)


def always(**fields: Any) -> World:
    """Every status of what runs says `fields`."""
    return status(lambda body, _: body.update(fields))


def then(**fields: Any) -> World:
    """Every status of what runs but the first says `fields`."""
    return status(lambda body, told: body.update(fields) if told > 1 else None)


def gone(**fields: Any) -> World:
    """The status after the stop says `fields`."""
    return stopped(lambda body, _: body.update(fields))


def counted(first: dict[str, Any], last: dict[str, Any]) -> World:
    """The counters once idle, and after the window."""

    def change(body: Body, told: int) -> None:
        said = {"cpu_seconds": 0.1, "network_tx_bytes": 0, "network_rx_bytes": 0, "processes": 1}
        body["activity"] = said | (last if told > 2 else first)

    return status(change)


def records(change: Callable[[dict[str, Any]], None]) -> World:
    """Every record of the log, changed."""

    def relay(piece: bytes) -> bytes:
        rows = [json.loads(raw) for raw in piece.splitlines()]
        for row in rows:
            change(row)
        return b"".join(json.dumps(row).encode() + b"\n" for row in rows)

    return World(relay=relay)


def ends(code: object) -> World:
    """The log tells another exit code than the status."""
    return records(lambda row: row["end"].update(exit_code=code) if "end" in row else None)


def held_back(words: bytes, world: World) -> World:
    """What says `words` comes with the last lines: something on the way keeps it."""
    kept: list[bytes] = []

    def relay(piece: bytes) -> bytes:
        if words in piece:
            kept.append(piece)
            return b"\n"
        return b"".join([*kept, piece]) if b"stopped" in piece else piece

    return replace(world, relay=relay)


def retried() -> World:
    """The deploy's progress tells that the pull failed, and then a receipt without a fault."""
    asked: list[str] = []

    def tamper(exchange: Exchange) -> None:
        if exchange.path.startswith(POLL) and not asked:
            asked.append(exchange.path)
            row = {"step": "pull", "outcome": "failed", "started_at": LONG_AGO, "finished_at": LONG_AGO}
            body = json.loads(exchange.body) | {"state": "deploying", "status": None, "steps": [row]}
            exchange.body, exchange.headers = json.dumps(body).encode(), {"content-type": "application/json"}

    return World(tamper=tamper)


def _one_source(body: Body) -> None:
    body["mounts"][1].update(source=body["mounts"][0]["source"])


def _one_name_twice(body: Body) -> None:
    body["mounts"].insert(0, body["mounts"][0] | {"writable": False})


def _before_the_receipt(body: Body) -> None:
    body["started_at"] = body["steps"][4]["finished_at"]


def valid(text: str) -> Case:
    """The runtime says `text` of its environment, and it is no success."""
    return bad("OBS-2", says(VALIDATED, text))


CASES: dict[str, Case] = {
    # -- between the preconditions and the deploy
    "dev, and then prod": before("TGT-1", environment="prod"),
    "paper, and then live": before("TGT-2", execution_plane="live"),
    "no hold, and then one": before("FLR-3", hold=SOMEBODYS_HOLD),
    "no deploy, and then somebody's": before("FLR-3", last_deploy={"deploy_id": OTHER, "run_id": "98"}),
    "something ran, and was absent": bad(
        "AGT-2", answer("/v1/status", lambda b, asked: b.update(running=True) if asked == 2 else None)
    ),
    # -- the receipt
    "a success that gives a reason": bad("AGT-7", deployed(lambda b: b.update(reason="the start failed"))),
    "a failed step told anew": bad("AGT-6", retried()),
    "two mounts of one source": bad("AGT-4", deployed(_one_source)),
    "one mount told twice": bad("AGT-4", deployed(_one_name_twice)),
    "a receipt without its container": bad("EXT-4", deployed(lambda b: b.pop("container_id"))),
    "a receipt without its start": bad("EXT-4", deployed(lambda b: b.pop("started_at"))),
    # -- the status after the deploy
    "restarted before anybody looked": bad("AGT-6", always(restart_count=3)),
    "out of memory": bad("EXT-4", always(oom_killed=True), words="lacked memory"),
    "it runs, and left with 137": bad("VER-2", always(exit_code=137)),
    "it started before the receipt has it": bad("VER-5", deployed(_before_the_receipt)),
    "its container is not told any more": bad("VER-3", status(lambda b, _: b.pop("container_id"))),
    "the lease ran out long ago": bad("EXT-4", always(lease_expires_at=LONG_AGO)),
    "no hold for this deploy": bad("EXT-4", always(hold=None)),
    "a hold for another deploy": bad("EXT-4", always(hold=SOMEBODYS_HOLD | {"deploy_id": OTHER})),
    "it is not the last deploy": bad("EXT-4", always(last_deploy=None)),
    "another is the last deploy": bad("EXT-4", always(last_deploy={"deploy_id": OTHER, "run_id": "1"})),
    "the last deploy is of another run": bad(
        "EXT-4", status(lambda b, _: b["last_deploy"].update(run_id="2"))
    ),
    "other extensions": bad("EXT-4", always(extensions=["logs"])),
    # -- the later looks
    "prod by a later look": bad("TGT-1", then(environment="prod")),
    "live by a later look": bad("TGT-2", then(execution_plane="live")),
    "out of memory by a later look": bad("EXT-4", then(oom_killed=True)),
    "it left by a later look": bad("DET-1", then(exit_code=1)),
    "processor time that fell": bad("RUN-3", counted({"cpu_seconds": 5.0}, {"cpu_seconds": 0.1})),
    "bytes that fell": bad("OBS-9", counted({"network_tx_bytes": 900}, {"network_tx_bytes": 0})),
    "bytes below none": bad("EXT-4", counted({"network_tx_bytes": -9}, {"network_tx_bytes": -9})),
    "processor time not counted any more": Case(
        "RUN-3", INCOMPLETE, counted({"cpu_seconds": 5.0}, {"cpu_seconds": None})
    ),
    # -- the end
    "another exit code by the log": bad("EXT-4", ends(7), words="7 by the log"),
    "an exit code that is a word": Case("EXT-4", INCOMPLETE, ends("7")),
    "another exit code by the second look": bad(
        "EXT-4", stopped(lambda b, n: b.update(exit_code=137 if n == 1 else 0)), words="137, and then 0"
    ),
    "a stop seen at another container": bad("STP-1", gone(container_name="other"), settings=SHORT),
    "a stop seen in prod": bad("TGT-1", gone(environment="prod"), settings=SHORT),
    "another deploy once it was stopped": bad("DET-1", gone(deploy_id=OTHER)),
    "another container once it was stopped": bad("STP-1", gone(container_id="1" * 64), settings=SHORT),
    "another start once it was stopped": bad("DET-1", gone(started_at="2099-01-01T00:00:00Z")),
    "restarted once it was stopped": bad("DET-1", gone(restart_count=1)),
    "out of memory once it was stopped": bad("EXT-4", gone(oom_killed=True)),
    "the stop of another container": bad(
        "EXT-4", answer("/v1/stop", lambda body, _: body.update(container_name="other"))
    ),
    # -- the log
    "a heartbeat of the plane": bad(
        "RUN-3", after_idle('(while sleep 0.3; do echo "execution plane: paper"; done) &')
    ),
    "a heartbeat of blank lines": bad("RUN-3", after_idle("(while sleep 0.3; do echo; done) &")),
    "stopped, and on": bad("EXT-4", before_idle("echo stopped")),
    "a line of the window comes late": bad(
        "RUN-3",
        held_back(b"HUP", after_idle('(sleep 4; echo "stopping: signal HUP") &')),
        settings=LONG_WINDOW,
    ),
    "validation with an error beside it": valid('{"msg": "environment validation succeeded", "error": "x"}'),
    "validation with an error beside it, in logfmt": valid('msg="environment validation succeeded" err="x"'),
    "validation without success": valid('{"msg": "environment validation succeeded", "success": false}'),
    "validation at two levels": valid(
        '{"level": "info", "severity": "ERROR", "msg": "environment validation succeeded"}'
    ),
    "validation at syslog's level error": valid('{"severity": 3, "msg": "environment validation succeeded"}'),
    "the plane is live in a field": bad(
        "RUN-1", says(META, '{"msg": "meta orchestrator initialised", "executionPlane": "live"}')
    ),
    "a live adapter in a field": bad(
        "RUN-4", says(META, '{"msg": "meta orchestrator initialised", "adapter": "live"}')
    ),
    "an order behind the orchestrator": bad(
        "OBS-7", says(META, "meta orchestrator initialised: order 17 filled")
    ),
}
