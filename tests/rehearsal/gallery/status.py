"""An agent whose status, or whose stop, is not what it should be."""

from __future__ import annotations

from pytest_smokedeploy.rehearsal import World
from tests.rehearsal.gallery.agent import HTML
from tests.rehearsal.gallery.case import Case, replies
from tests.rehearsal.gallery.lies import Body, both, first, hang, late, log_of, raw, status, stopped, told
from tests.rehearsal.gallery.runtime import bad

GONE = b'{"status": "error", "reason": "engine gone"}'
STOPPED = b'{"status": "stopped", "container_name": "runtime-dev"}'
#: For a stop that is never confirmed: it is asked again for twice as long.
SHORT = {"deadlines": {"stop_seconds": 2}}


def says(**fields: object) -> World:
    """The status of what runs says `fields`."""
    return status(lambda body, _: body.update(fields))


def lacks(name: str) -> World:
    """The status of what runs leaves `name` out."""
    return status(lambda body, _: body.pop(name, None))


def then(**fields: object) -> World:
    """The status says `fields` from the second time on."""
    return status(lambda body, told: body.update(fields) if told > 1 else None)


def _twice(body: Body, told: int) -> None:
    # The deploy's own answer told another start.
    body["started_at"] = body["started_at"].replace("20", "21", 1) if told else ""


CASES: dict[str, Case] = {
    # -- VER-1
    "the status fails": bad("VER-1", raw("/v1/status", GONE, 500), words="engine gone", settings=SHORT),
    "the status is HTML": bad("VER-1", raw("/v1/status", HTML, kind="text/html"), settings=SHORT),
    "the status is a list": bad("VER-1", raw("/v1/status", b'[{"running": true}]'), settings=SHORT),
    "the status is no JSON": bad("VER-1", raw("/v1/status", b"running: true"), settings=SHORT),
    "the status has NaN": bad("VER-1", raw("/v1/status", b'{"running": true, "n": NaN}'), settings=SHORT),
    "the status is half": bad("VER-1", raw("/v1/status", b'{"running": tru'), settings=SHORT),
    "the status is 50 MB": bad(
        "VER-1", raw("/v1/status", b'{"a": "' + b"x" * 50_000_000 + b'"}'), settings=SHORT
    ),
    "the status is gone": bad("VER-1", raw("/v1/status", GONE, 404), settings=SHORT),
    "the status is late": bad(
        "VER-1", late("/v1/status", 9), settings={"deadlines": {"request_seconds": 5, "stop_seconds": 4}}
    ),
    # -- VER-2
    "not running": bad("VER-2", says(running=False)),
    "running is a word": bad("VER-2", says(running="true")),
    "running is one": bad("VER-2", says(running=1)),
    "running is null": bad("VER-2", says(running=None)),
    "running is absent": bad("VER-2", lacks("running")),
    "paused": bad("VER-2", says(running=False, state="paused"), words="'paused'"),
    "running, and paused": bad("VER-2", says(state="paused"), words="'paused'"),
    "running, and exited": bad("VER-2", says(state="exited")),
    "restarting": bad("VER-2", says(running=False, state="restarting")),
    # -- VER-3
    "no container name": bad("VER-3", lacks("container_name")),
    "an empty name": bad("VER-3", says(container_name="")),
    "somebody's container": bad("VER-3", says(container_name="runtime-dev-2")),
    "another container": bad("VER-3", says(container_id="0" * 64)),
    # -- VER-4
    "no image": bad("VER-4", lacks("image")),
    "another image": bad("VER-4", says(image="ghcr.io/example/other:1")),
    "another repository": bad("VER-4", status(lambda b, _: b.update(image="evil." + b["image"]))),
    "a prefix of the tag": bad("VER-4", status(lambda b, _: b.update(image=b["image"][:-1]))),
    "more than the tag": bad("VER-4", status(lambda b, _: b.update(image=b["image"] + "-debug"))),
    "no tag": bad("VER-4", status(lambda b, _: b.update(image=b["image"].rpartition(":")[0]))),
    "another digest": bad("VER-4", says(image_digest="sha256:" + "0" * 64)),
    "no digest any more": bad("VER-4", lacks("image_digest")),
    # -- VER-5
    "no start": bad("VER-5", lacks("started_at")),
    "started yesterday": bad("VER-5", says(started_at="2020-01-01T00:00:00Z")),
    "never started": bad("VER-5", says(started_at="0001-01-01T00:00:00Z")),
    "started tomorrow": bad("VER-5", both(started_at="2099-01-01T00:00:00Z")),
    "started is no time": bad("VER-5", says(started_at="just now")),
    "started is a number": bad("VER-5", says(started_at=1790000000)),
    "started in no zone": bad("VER-5", status(lambda b, _: b.update(started_at=b["started_at"].rstrip("Z")))),
    "started for another deploy": bad("VER-5", says(deploy_id="00000000-0000-0000-0000-000000000000")),
    "started twice": bad("AGT-6", status(_twice)),
    "it is prod's": bad("TGT-1", says(environment="prod")),
    "the plane is live, it says": bad("TGT-2", says(execution_plane="live")),
    # -- DET-1
    "a restart loop": bad(
        "DET-1", status(lambda b, n: b.update(started_at="2099-01-01T00:00:00Z") if n > 1 else None)
    ),
    "restarts are counted": bad("DET-1", then(restart_count=1)),
    "the container changes": bad("DET-1", then(container_id="1" * 64)),
    "the log is yesterday's": bad("DET-1", log_of(1), words="before this deploy began"),
    # -- OBS-6
    "running flips": bad("OBS-6", status(lambda b, n: b.update(running=n % 2 == 1))),
    "paused while watched": bad("OBS-6", then(running=False, state="paused"), words="'paused'"),
    "restarting while watched": bad("OBS-6", then(running=False, state="restarting")),
    # -- STP
    "stop refused": bad("STP-2", replies("/v1/stop", 405, GONE), stopped=False),
    "stop unknown": bad("STP-2", replies("/v1/stop", 404, GONE), stopped=False),
    "stop fails": bad("STP-2", replies("/v1/stop", 500, GONE), stopped=False, settings=SHORT),
    "stop promised": bad(
        "STP-2", replies("/v1/stop", 202, b'{"status": "stopping"}'), stopped=False, settings=SHORT
    ),
    "stop is HTML": bad("STP-2", replies("/v1/stop", 200, HTML, "text/html"), stopped=False, settings=SHORT),
    "stop is a lie": bad("STP-1", replies("/v1/stop", 200, STOPPED), stopped=False, settings=SHORT),
    "stop is late": bad("STP-2", late("/v1/stop", 9), settings={"deadlines": {"stop_seconds": 4}}),
    "the first stop hangs": bad(
        "STP-2", first("/v1/stop", hang), settings=SHORT, words="at last", says=("not in time (STP-2)",)
    ),
    "the first stop fails": bad("STP-2", first("/v1/stop", told(500, GONE)), words="engine gone"),
    "the first stop is a lie": bad("STP-1", first("/v1/stop", told(200, STOPPED)), words="at last"),
    "the stop is not seen": bad("STP-1", stopped(lambda b, _: b.update(running=True)), settings=SHORT),
    "the stop is a word": bad("STP-1", stopped(lambda b, _: b.update(running="false")), settings=SHORT),
    "the stop is not told": bad("STP-1", stopped(lambda b, _: b.pop("running")), settings=SHORT),
    "the stop leaves it paused": bad("STP-1", stopped(lambda b, _: b.update(state="paused")), settings=SHORT),
    "the stop leaves it unstarted": bad(
        "STP-1", stopped(lambda b, _: b.update(state="created")), settings=SHORT
    ),
    "it comes back, paused": bad(
        "STP-3", stopped(lambda b, n: b.update(state="paused" if n > 1 else "exited"))
    ),
    "it comes back": bad("STP-3", stopped(lambda b, n: b.update(running=n > 1))),
    "an answer with a wrong type": bad("EXT-4", stopped(lambda b, _: b.update(restart_count="none"))),
}
