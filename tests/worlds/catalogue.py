"""Worlds: the healthy rehearsal plus one deviation, and how the gate must end in it.

Each row states the clause named first, the verdict, the exit status, and whether a deploy may
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


@dataclass(frozen=True)
class Case:
    """One world and its right end."""

    clause: str
    verdict: str
    status: int
    world: World
    deploys: bool = True
    options: tuple[str, ...] = ()
    needs: str = ""
    words: str = ""
    settings: dict[str, Any] = field(default_factory=dict)


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


def _restarted(body: dict[str, Any], asked: int) -> None:
    # The first look precedes the deploy; the third comes after the quiet window.
    if body["running"] and asked >= 4:
        body["started_at"] = body["started_at"].replace("20", "21", 1)


def _steps(*order: int) -> Callable[[dict[str, Any], int], None]:
    def change(body: dict[str, Any], _asked: int) -> None:
        body["steps"] = [body["steps"][n] for n in order]

    return change


def _always_running(body: dict[str, Any], asked: int) -> None:
    if asked > 4:
        body["running"] = True


REFUSED, FAIL, INCOMPLETE = "REFUSED", "FAIL", "INCOMPLETE"
PHASE_OPEN = (
    "steps:\n  1: {done_on: 2026-01-01, by: p, evidence: e}\n  2: {done_on: 2026-01-01, by: p, evidence: e}\n"
)
PREVIOUS_FAILED = {
    "total_count": 1,
    "workflow_runs": [{"id": 99, "run_number": 1, "status": "completed", "conclusion": "failure"}],
}


def _github(part: str, status: int, body: Any) -> World:
    return World(github=lambda path, s, b: (status, body) if part in path else (s, b))


CASES: dict[str, Case] = {
    # preconditions
    "missing secret": Case(
        "PRE-4", REFUSED, 1, World(environ={"CF_ACCESS_CLIENT_SECRET": None}), deploys=False
    ),
    "blank secret": Case("PRE-4", REFUSED, 1, World(environ={"CF_ACCESS_CLIENT_ID": "  "}), deploys=False),
    "missing endpoint": Case("PRE-4", REFUSED, 1, World(environ={"DEPLOY_ENDPOINT": None}), deploys=False),
    "prod": Case("TGT-3", REFUSED, 4, World(), deploys=False, options=("--smokedeploy-environment", "prod")),
    "another environment": Case(
        "TGT-1", REFUSED, 4, World(), deploys=False, options=("--smokedeploy-environment", "staging")
    ),
    "agent says prod": Case("TGT-1", REFUSED, 1, says("/health", environment="prod"), deploys=False),
    "agent says live": Case(
        "TGT-2", REFUSED, 1, says("/v1/preflight", execution_plane="live"), deploys=False
    ),
    "a push": Case("TRG-1", REFUSED, 1, World(environ={"GITHUB_EVENT_NAME": "push"}), deploys=False),
    "attempt 2": Case("TRG-1", REFUSED, 1, World(environ={"GITHUB_RUN_ATTEMPT": "2"}), deploys=False),
    "no CI": Case("TRG-1", REFUSED, 1, World(environ={"GITHUB_ACTIONS": None}), deploys=False),
    "latest": Case(
        "TRG-2", REFUSED, 1, World(), deploys=False, options=("--smokedeploy-image-tag", "latest")
    ),
    "unknown commit": Case(
        "TRG-2", REFUSED, 1, World(), deploys=False, options=("--smokedeploy-image-tag", "0" * 40)
    ),
    "step 3 open": Case("PRE-1", REFUSED, 1, World(phase=PHASE_OPEN), deploys=False, words="step 3"),
    "environment missing": Case(
        "PRE-3", REFUSED, 1, _github("/environments/", 404, {"message": "Not Found"}), deploys=False
    ),
    "environment unreadable": Case(
        "PRE-3",
        REFUSED,
        1,
        _github("/environments/", 403, {"message": "no"}),
        deploys=False,
        words="actions: read",
    ),
    "one migration behind": Case("PRE-5", REFUSED, 1, World(applied=("0001",)), deploys=False, words="0002"),
    "one migration ahead": Case(
        "PRE-5", REFUSED, 1, World(applied=("0001", "0002", "0003")), deploys=False, words="0003"
    ),
    "agent down": Case("PRE-6", REFUSED, 1, World(agent=False), deploys=False),
    "no tunnel": Case("PRE-6", REFUSED, 1, World(edge="no_tunnel"), deploys=False),
    "origin down": Case("PRE-6", REFUSED, 1, World(edge="origin_down"), deploys=False),
    "wrong token": Case(
        "PRE-6", REFUSED, 1, World(environ={"CF_ACCESS_CLIENT_SECRET": "not-the-token"}), deploys=False
    ),
    "wrong token, strict": Case(
        "PRE-6",
        REFUSED,
        1,
        World(edge="strict", environ={"CF_ACCESS_CLIENT_SECRET": "not-the-token"}),
        deploys=False,
    ),
    "nobody guards": Case("PRE-6", REFUSED, 1, World(edge="open"), deploys=False),
    "not through the edge": Case("PRE-6", REFUSED, 1, World(edge="no_ray"), deploys=False),
    "previous run failed": Case("FLR-3", REFUSED, 1, _github("/runs", 200, PREVIOUS_FAILED), deploys=False),
    # deploy
    "image refused": Case("AGT-1", REFUSED, 1, World(agent_environ={"ALLOWED_IMAGES": "other/image"})),
    "unknown tag": Case(
        "AGT-1", FAIL, 1, World(), options=("--smokedeploy-image-tag", "1.2.3"), words="no such image"
    ),
    "crash at once": Case("AGT-5", FAIL, 1, runtime("set -u", "exit 3"), words="exit code 3"),
    "mounts gone": Case(
        "AGT-4", FAIL, 1, World(agent_environ={"SNAPSHOTS_PATH": "/nowhere"}), words="snapshots"
    ),
    "steps swapped": Case("AGT-2", FAIL, 1, answer("/v1/deploy", _steps(0, 2, 1, 3, 4))),
    "a step twice": Case("AGT-6", FAIL, 1, answer("/v1/deploy", _steps(0, 1, 2, 3, 4, 4))),
    "a step missing": Case("AGT-5", FAIL, 1, answer("/v1/deploy", _steps(0, 1, 2, 3))),
    "202 for success": Case("AGT-5", FAIL, 1, answer("/v1/deploy", lambda *_: None, status=202)),
    "another name": Case("AGT-4", FAIL, 1, says("/v1/deploy", container_name="somebody")),
    "the answer is lost": Case(
        "AGT-5", FAIL, 1, replies("/v1/deploy", 524, b"error code: 524", "text/plain")
    ),
    # verify
    "not running": Case("VER-2", FAIL, 1, says("/v1/status", running=False)),
    "running is a word": Case("VER-2", FAIL, 1, says("/v1/status", running="true")),
    "no container name": Case("VER-3", FAIL, 1, lacks("/v1/status", "container_name")),
    "another image": Case("VER-4", FAIL, 1, says("/v1/status", image="ghcr.io/example/other:1")),
    "another digest": Case("VER-4", FAIL, 1, says("/v1/status", image_digest="sha256:" + "0" * 64)),
    "started yesterday": Case("VER-5", FAIL, 1, says("/v1/status", started_at="2020-01-01T00:00:00Z")),
    "never started": Case("VER-5", FAIL, 1, says("/v1/status", started_at="0001-01-01T00:00:00Z")),
    # observe
    "no mounts line": Case("OBS-3", FAIL, 1, runtime('echo "persistence mounts validated', ': "')),
    "never idle": Case("OBS-6", FAIL, 1, runtime(IDLE, ":"), settings={"deadlines": {"startup_seconds": 2}}),
    "milestones swapped": Case(
        "DET-1", FAIL, 1, runtime('echo "replay phase started"', f'{IDLE}\necho "replay phase started"')
    ),
    "an order": Case("OBS-7", FAIL, 1, runtime(IDLE, f'echo "order placed: BTC-EUR 1"\n{IDLE}')),
    "an order without a newline": Case("OBS-7", FAIL, 1, runtime('echo "stopped"', 'printf "order placed"')),
    "an order during the stop": Case("OBS-7", FAIL, 1, runtime('echo "stopped"', 'echo "ORDER placed" >&2')),
    "a tick after idle": Case("OBS-8", FAIL, 1, runtime(IDLE, f'{IDLE}\necho "strategy tick"')),
    "an external call": Case("OBS-9", FAIL, 1, runtime(IDLE, f'echo "GET https://api.example"\n{IDLE}')),
    "a scheduler": Case("RUN-2", FAIL, 1, runtime(IDLE, f'echo "scheduler started"\n{IDLE}')),
    "a heartbeat after idle": Case("RUN-3", FAIL, 1, runtime(IDLE, f'{IDLE}\necho "alive"')),
    "a live adapter": Case("RUN-4", FAIL, 1, runtime(IDLE, f'echo "live adapter ready"\n{IDLE}')),
    "the plane is not said": Case("RUN-1", FAIL, 1, runtime('echo "execution plane: $EXECUTION_PLANE"', ":")),
    "left after idle": Case("OBS-6", FAIL, 1, runtime(IDLE, f"{IDLE}\nexec sleep 1")),
    "a restart loop": Case("DET-1", FAIL, 1, answer("/v1/status", _restarted)),
    "it starts over": Case(
        "DET-1", FAIL, 1, runtime(IDLE, f'{IDLE}\necho "reference-runtime 1.0.0 starting"')
    ),
    # shutdown and exit
    "stop refused": Case(
        "STP-2", FAIL, 1, replies("/v1/stop", 405, b'{"status": "error", "reason": "no such call"}')
    ),
    "stop fails": Case(
        "STP-2", FAIL, 1, replies("/v1/stop", 500, b'{"status": "error", "reason": "engine gone"}')
    ),
    "the stop is a lie": Case("STP-1", FAIL, 1, answer("/v1/status", _always_running)),
    "an unknown line": Case("EXT-4", FAIL, 1, runtime(IDLE, f'echo "warming caches"\n{IDLE}')),
    "an undocumented exit code": Case(
        "EXT-4", FAIL, 1, runtime('echo "stopped"\n    exit 0', 'echo "stopped"\n    exit 7')
    ),
    # what sees only a manifest
    "deselected": Case("TRG-2", INCOMPLETE, 1, World(), deploys=False, options=("-k", "not cannot_move")),
    "a check left out": Case("VER-2", INCOMPLETE, 1, World(), options=("-k", "not running_is_true")),
    "a retry plug-in": Case("FLR-4", REFUSED, 4, World(), deploys=False, options=("-p", "rerunfailures")),
    "in parallel": Case("", REFUSED, 4, World(), deploys=False, options=("-p", "xdist", "-n", "2")),
    "a time-out that exits": Case(
        "FLR-2", REFUSED, 4, World(), deploys=False, options=("--timeout-method", "thread")
    ),
    "set-up alone": Case("", REFUSED, 4, World(), deploys=False, options=("--setup-only",)),
}
#: Worlds in which the stop itself is taken away: the container outlives the gate, and the gate says so.
UNSTOPPABLE = {"stop refused", "stop fails"}
