"""An agent that refuses, fails, lies or breaks its contract."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pytest_smokedeploy.rehearsal import World
from tests.gallery.case import FAIL, REFUSED, Case, answer, lacks, replies, runtime, says


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


CASES: dict[str, Case] = {
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
    "not running": Case("VER-2", FAIL, 1, says("/v1/status", running=False)),
    "running is a word": Case("VER-2", FAIL, 1, says("/v1/status", running="true")),
    "no container name": Case("VER-3", FAIL, 1, lacks("/v1/status", "container_name")),
    "another image": Case("VER-4", FAIL, 1, says("/v1/status", image="ghcr.io/example/other:1")),
    "another digest": Case("VER-4", FAIL, 1, says("/v1/status", image_digest="sha256:" + "0" * 64)),
    "started yesterday": Case("VER-5", FAIL, 1, says("/v1/status", started_at="2020-01-01T00:00:00Z")),
    "never started": Case("VER-5", FAIL, 1, says("/v1/status", started_at="0001-01-01T00:00:00Z")),
    "stop refused": Case(
        "STP-2",
        FAIL,
        1,
        replies("/v1/stop", 405, b'{"status": "error", "reason": "no such call"}'),
        stopped=False,
    ),
    "stop fails": Case(
        "STP-2",
        FAIL,
        1,
        replies("/v1/stop", 500, b'{"status": "error", "reason": "engine gone"}'),
        stopped=False,
    ),
    "the stop is a lie": Case("STP-1", FAIL, 1, answer("/v1/status", _always_running)),
    "a restart loop": Case("DET-1", FAIL, 1, answer("/v1/status", _restarted)),
}
