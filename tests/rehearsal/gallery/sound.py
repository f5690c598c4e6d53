"""What is sound and must pass, however unusual: a gate that cries wolf is switched off."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from pytest_smokedeploy.rehearsal import Exchange, World
from tests.rehearsal.gallery.case import HEALTHY, IDLE, Case, at_the_stop, before_idle, runtime, sound
from tests.rehearsal.gallery.lies import clock, deployed, status, stopped
from tests.rehearsal.gallery.runtime import BANNER, META, PLANE, REPLAY, VALIDATED
from tests.unit.judging.applications import JSON_LOG, JSON_START, JSON_STOP, TEXT_LOG, TEXT_START, TEXT_STOP

OWN_CHECK = '''"""A check of the operator's own."""

import pytest

pytestmark = pytest.mark.smoke_stage("verify")


def test_the_status_names_the_plane(smoke_status):
    assert smoke_status.raw["execution_plane"] == "paper"
'''

#: The reference runtime, each line a record.
JSON_LOGS = (
    HEALTHY.replace('echo "', 'say "')
    .replace("set -u\n", 'set -u\nsay() { printf \'{"level": "info", "ts": 1, "msg": "%s"}\\n\' "$*"; }\n', 1)
    .replace('say "probe $$" >', 'echo "probe $$" >')
)
BOTH = "environment validation succeeded: execution plane: paper"
CI = {"runtime": {"injected_by": "ci", "environment": {"EXECUTION_PLANE": "paper", "LOG_LEVEL": "debug"}}}
SERVER = {
    "runtime": {"injected_by": "server", "environment": {"EXECUTION_PLANE": "paper", "LOG_LEVEL": "info"}}
}


def stamped(prefix: str) -> World:
    """The reference runtime with `prefix` before every line."""
    return World(runtime=HEALTHY.replace('echo "', f'echo "{prefix}').replace(f'"{prefix}probe', '"probe'))


def said_by(start: Sequence[str], stop: Sequence[str]) -> World:
    """A runtime that says these lines at its start and when it is stopped."""
    said, ended = ("\n".join(f"printf '%s\\n' '{line}'" for line in lines) for lines in (start, stop))
    return World(
        runtime=f'sleeper=\nleave() {{\n{ended}\n[ -z "$sleeper" ] || kill "$sleeper"; exit 0\n}}\n'
        f'trap leave TERM INT\n{said}\nsleep 86400 &\nsleeper=$!\nwait "$sleeper"\n'
    )


def respelled(old: str, new: str) -> World:
    """An agent that spells the image otherwise, in its receipt and in its status."""

    def change(body, *_):
        body["image"] = body["image"].replace(old, new)

    receipt, told = deployed(change).tamper, status(change).tamper

    def tamper(exchange: Exchange) -> None:
        receipt(exchange)
        told(exchange)

    return World(tamper=tamper)


def slow(path: str, seconds: float) -> World:
    """Every answer under `path` takes `seconds` more."""

    def tamper(exchange: Exchange) -> None:
        if exchange.path.startswith(path):
            threading.Event().wait(seconds)

    return World(tamper=tamper)


CASES: dict[str, Case] = {
    "healthy": sound(),
    "CI injects the environment": sound(settings=CI),
    "the server owns the environment": sound(settings=SERVER),
    "a user's own check": sound(files={"test_7_own.py": OWN_CHECK}),
    "a clock an hour ahead": sound(clock(1)),
    "a clock an hour behind": sound(clock(-1)),
    "the image in its long spelling": sound(
        respelled("example/runtime", "docker.io/example/runtime"),
        settings={"image": {"repository": "example/runtime"}},
    ),
    "a library's image": sound(
        respelled("runtime:", "docker.io/library/runtime:"), settings={"image": {"repository": "runtime"}}
    ),
    "a stop-only image": sound(
        settings={"shutdown": {"by": "image", "image": "ghcr.io/example/runtime:0.0.0-stop"}}
    ),
    "a slow pull": sound(slow("/v1/deploy", 6)),
    "a slow way": sound(slow("/", 0.3)),
    # -- logs
    "records": sound(World(runtime=JSON_LOGS)),
    # Two streams are two pipes, and no engine orders what comes within a moment: hence the pauses.
    "both streams in turn": sound(
        World(
            runtime=HEALTHY.replace(VALIDATED, f"sleep 1; {VALIDATED} >&2; sleep 1").replace(
                META, f"sleep 1; {META} >&2; sleep 1"
            )
        )
    ),
    "time and level in front": sound(stamped("2026-01-01T00:00:00.123Z INFO ")),
    "a logger's name in front": sound(stamped("INFO:runtime.main:")),
    "in colour": sound(
        World(
            runtime=HEALTHY.replace(BANNER, r"printf '\033[1;32mreference-runtime 1.0.0 starting\033[0m\n'")
        )
    ),
    "CRLF": sound(World(runtime=HEALTHY.replace(IDLE, r"printf 'idle: waiting for a signal\r\n'"))),
    "in upper case": sound(World(runtime=HEALTHY.replace(IDLE, 'echo "IDLE STATE REACHED"'))),
    "blank lines": sound(before_idle("echo; echo '   '")),
    "said to be off": sound(
        before_idle('echo "scheduler: disabled"; echo "no live adapters"'),
        settings={"log": {"documented": ["scheduler: disabled", "no live adapters"]}},
    ),
    "0 errors": sound(
        runtime(VALIDATED, 'echo "environment validation succeeded: 12 variables, 0 errors"'),
        settings={
            "log": {
                "milestones": {"OBS-2": ["environment validation succeeded: {number} variables, 0 errors"]}
            }
        },
    ),
    "the plane beside the validation": sound(
        runtime(VALIDATED, 'echo "environment validation: ok (EXECUTION_PLANE=paper)"'),
        settings={"log": {"milestones": {"OBS-2": ["environment validation: ok (EXECUTION_PLANE=paper)"]}}},
    ),
    "two milestones on one line, documented": sound(
        World(runtime=HEALTHY.replace(PLANE, ":").replace(VALIDATED, f'echo "{BOTH}"')),
        settings={"log": {"milestones": {"OBS-2": [BOTH], "RUN-1": [BOTH]}}},
    ),
    "an excepted line": sound(
        before_idle('echo "connected to redis at 127.0.0.1:6379"'),
        settings={
            "log": {
                "excepted": [
                    {
                        "line": "connected to redis at 127.0.0.1:6379",
                        "clause": "OBS-9",
                        "because": "a cache on the same host",
                    }
                ]
            }
        },
        says=("excepted OBS-9 'connected to redis at 127.0.0.1:6379': a cache on the same host",),
    ),
    "a text application's own log": sound(said_by(TEXT_START, TEXT_STOP), settings={"log": TEXT_LOG}),
    "a JSON application's own log": sound(said_by(JSON_START, JSON_STOP), settings={"log": JSON_LOG}),
    "10,000 events to replay": sound(
        runtime(REPLAY, f'seq 10000 >"$AUDIT_EVENTS_PATH/events.jsonl"\n{REPLAY}'),
    ),
    "10,000 documented lines": sound(
        runtime(REPLAY, f"{REPLAY}\nseq -f 'replayed event %.0f' 10000"),
        settings={"log": {"documented": ["replayed event {number}"]}},
    ),
    "a third mount": sound(
        runtime(
            '"$SNAPSHOTS_PATH"; do',
            '"$SNAPSHOTS_PATH" "$SPOOL_PATH"; do',
            "audit-events, snapshots",
            "audit-events, snapshots, spool",
        ),
        settings={
            "mounts": [
                {"name": name, "target": f"/data/{name}"} for name in ("audit-events", "snapshots", "spool")
            ]
        },
    ),
    "a slow start": sound(before_idle("sleep 4")),
    "removed by somebody at the stop": sound(
        stopped(lambda body, asked: body.update(state="removing") if asked == 1 else None)
    ),
    "a slow stop": sound(at_the_stop("sleep 2")),
    "another exit code, documented": sound(
        runtime('echo "stopped"\n    exit 0', 'echo "stopped"\n    exit 143'),
        settings={"log": {"exit_codes": [0, 143]}},
    ),
}
