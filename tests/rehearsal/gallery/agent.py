"""An agent that refuses, fails, lies or breaks its contract at the deploy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from pytest_smokedeploy.rehearsal import World
from tests.rehearsal.gallery.case import FAIL, REFUSED, Case, answer, replies, runtime
from tests.rehearsal.gallery.lies import at_once, deployed, late, raw
from tests.rehearsal.gallery.runtime import bad
from tests.rehearsal.gallery.sound import CI, SERVER

HTML = b"<!DOCTYPE html><title>Welcome</title><h1>It works</h1>"


def _steps(*order: int) -> Callable[[dict[str, Any]], None]:
    return lambda body: body.update(steps=[body["steps"][n] for n in order])


def _step(place: int, **fields: Any) -> Callable[[dict[str, Any]], None]:
    return lambda body: body["steps"][place].update(fields)


def _mount(**fields: Any) -> Callable[[dict[str, Any]], None]:
    return lambda body: body["mounts"][1].update(fields)


OTHER = {"ALLOWED_IMAGES": "other/image"}
GONE = {"SNAPSHOTS_PATH": "/nowhere"}
LACKS = {"RUNTIME_ENV_FILE": None}
CASES: dict[str, Case] = {
    "image refused": Case(
        "PRE-6",
        REFUSED,
        World(agent_environ=OTHER),
        deploys=False,
        words="does not deploy ghcr.io/example/runtime",
    ),
    "image refused, and the preflight tells none": Case(
        "AGT-1",
        REFUSED,
        replace(answer("/v1/preflight", lambda body, _: body.pop("images")), agent_environ=OTHER),
    ),
    "unknown tag": bad("AGT-1", World(), options=("--smokedeploy-image-tag", "1.2.3"), words="no such image"),
    "crash at once": bad("AGT-5", runtime("set -u", "exit 3"), words="exit code 3"),
    "mounts gone": Case(
        "PRE-6", REFUSED, World(agent_environ=GONE), deploys=False, words="the mount snapshots is missing"
    ),
    "mounts gone since the preflight": Case(
        "AGT-1",
        REFUSED,
        replace(answer("/v1/preflight", lambda body, _: _mount(exists=True)(body)), agent_environ=GONE),
        words="snapshots",
    ),
    "a variable that the server lacks": Case(
        "PRE-6",
        REFUSED,
        World(agent_environ=LACKS),
        deploys=False,
        settings=SERVER,
        words="no variable LOG_LEVEL for the container",
    ),
    "a variable gone since the preflight": bad(
        "AGT-4",
        replace(
            answer("/v1/preflight", lambda body, _: body["env"].append("LOG_LEVEL")), agent_environ=LACKS
        ),
        settings=SERVER,
        words="LOG_LEVEL",
    ),
    "a variable that the agent takes from no deploy": Case(
        "PRE-6",
        REFUSED,
        World(agent_environ={"RUNTIME_ENV_KEYS": "OTHER"}),
        deploys=False,
        settings=CI,
        words="no variable LOG_LEVEL taken from a deploy",
    ),
    # -- the receipt
    "steps swapped": bad("AGT-2", deployed(_steps(0, 2, 1, 3, 4))),
    "pull is last": bad("AGT-1", deployed(_steps(1, 2, 3, 4, 0))),
    "a step twice": bad("AGT-6", deployed(_steps(0, 1, 2, 3, 4, 4))),
    "the pull twice": bad("AGT-6", deployed(_steps(0, 0, 1, 2, 3, 4))),
    **{
        f"no step {name}": bad(f"AGT-{n + 1}", deployed(_steps(*(m for m in range(5) if m != n))))
        for n, name in enumerate(("pull", "stop", "remove", "start", "running"))
    },
    "no steps at all": bad("AGT-1", deployed(lambda b: b.update(steps=[]))),
    "a receipt promised, not given": bad("AGT-1", deployed(lambda b: b.pop("steps"))),
    "a step nobody knows": bad("EXT-4", deployed(_step(1, step="migrate"))),
    "the pull was not needed": bad("AGT-1", deployed(_step(0, outcome="absent"))),
    "the start was not needed": bad("AGT-4", deployed(_step(3, outcome="absent"))),
    **{
        f"success, and {name} failed": bad(
            # The pull is looked at first, and comes first in the model's table.
            "AGT-7" if n else "AGT-1",
            deployed(_step(n, outcome="failed")),
            also=("AGT-7",),
        )
        for n, name in enumerate(("pull", "stop", "remove", "start", "running"))
    },
    "a step without a time": bad("EXT-4", deployed(_step(2, started_at="soon"))),
    "steps that went back in time": bad("AGT-2", deployed(_step(1, started_at="2020-01-01T00:00:00Z"))),
    "another image deployed": bad("AGT-1", deployed(lambda b: b.update(image="ghcr.io/example/other:1"))),
    "a prefix of the image": bad("AGT-1", deployed(lambda b: b.update(image=b["image"][:-1]))),
    "another's deploy": bad(
        "AGT-1", deployed(lambda b: b.update(deploy_id="00000000-0000-0000-0000-000000000000"))
    ),
    "deployed to prod": bad("TGT-1", deployed(lambda b: b.update(environment="prod"))),
    "another name": bad("AGT-4", deployed(lambda b: b.update(container_name="somebody"))),
    "no name": bad("AGT-4", deployed(lambda b: b.pop("container_name"))),
    "environment not injected": bad(
        "AGT-4",
        deployed(lambda b: b.update(env=["PATH"])),
        says=("RUNTIME_ENV_FILE on the server, and restart",),
    ),
    "no word on the environment": bad("AGT-4", deployed(lambda b: b.pop("env"))),
    "a mount missing": bad("AGT-4", deployed(lambda b: b["mounts"].pop()), says=("both name them alike",)),
    "a receipt that lists no variable": bad("AGT-4", deployed(lambda b: b.update(env=[]))),
    "a receipt that lists no mount": bad("AGT-4", deployed(lambda b: b.update(mounts=[]))),
    "a mount that is neither of the two": bad("AGT-4", deployed(_mount(name="spool")), words="no mount snap"),
    "a mount without a source": bad("AGT-4", deployed(_mount(source="")), words="no source"),
    "a health check that is on": bad("EXT-4", deployed(lambda b: b.update(health_check=True))),
    "no word on mounts": bad("AGT-4", deployed(lambda b: b.pop("mounts"))),
    "a mount not writable": bad("AGT-4", deployed(_mount(writable=False))),
    "a mount at another path": bad("AGT-4", deployed(_mount(target="/tmp"))),  # noqa: S108 - a container's
    "one mount under both names": bad(
        "AGT-4", deployed(lambda b: b["mounts"][1].update(name="audit-events"))
    ),
    # -- the answer
    "201 for success": bad("AGT-5", answer("/v1/deploy", lambda *_: None, status=201)),
    "it says error with 200": bad("AGT-5", deployed(lambda b: b.update(status="error"))),
    "the deploy says HTML": bad("AGT-5", raw("/v1/deploy", HTML, kind="text/html")),
    "the deploy says a list": bad("AGT-5", raw("/v1/deploy", b"[]")),
    "the deploy says nothing": bad("AGT-5", raw("/v1/deploy", b"")),
    "the deploy says null": bad("AGT-5", raw("/v1/deploy", b"null")),
    "the deploy breaks off": bad("AGT-5", raw("/v1/deploy", b'{"status": "depl')),
    "the deploy is 50 MB": bad("AGT-5", raw("/v1/deploy", b'{"a": "' + b"x" * 50_000_000 + b'"}')),
    "the deploy is late": bad("AGT-5", late("/v1/deploy", 9), settings={"deadlines": {"deploy_seconds": 5}}),
    "the answer is lost": bad("AGT-5", replies("/v1/deploy", 524, b"error code: 524", "text/plain")),
    "500, and it runs": bad(
        "AGT-5",
        at_once(raw("/v1/deploy", b'{"status": "error", "reason": "engine gone"}', 500)),
        words="engine gone",
        also=("AGT-7",),
    ),
    "500 at the start, and it runs": bad(
        "AGT-4", raw("/v1/deploy", b'{"status": "error", "reason": "name taken", "step": "start"}', 500)
    ),
    "200 though it never ran": Case(
        "AGT-1", FAIL, replies("/v1/deploy", 200, b'{"status": "deployed", "image": "x"}')
    ),
}
