"""What `GET /v1/status` said after the deploy, field by field (VER-1 to VER-5)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from pytest_smokedeploy.client import Reading, shown
from pytest_smokedeploy.contract import STOPPED_STATES, EngineState, Extension, parse_time
from pytest_smokedeploy.lifecycle.deployment import Deployment, same_image
from pytest_smokedeploy.model import Finding
from pytest_smokedeploy.settings import RunConfig

_REMEDY: Final = "Ask the agent for its status again by hand before the next run."
#: HTTP's Date header counts whole seconds; an agent without a receipt is held to it.
_DATE_GRAIN: Final = timedelta(seconds=2)


class StatusReading:
    """One status answer, raw, so that ``"true"`` is never taken for true.

    Args:
        run: the run's settings.
        deployment: the deploy it must speak of.
        reading: the answer.
        before: the status before the deploy was sent; its Date serves for agents without a receipt.
        extensions: what the agent listed then.
        read_at: when it was read, seconds of the run's own clock.

    """

    def __init__(  # noqa: PLR0913, PLR0917 - what one answer is held against
        self,
        run: RunConfig,
        deployment: Deployment,
        reading: Reading,
        before: Reading | None = None,
        extensions: frozenset[str] = frozenset(),
        read_at: float = 0.0,
    ) -> None:
        self.raw = reading.raw
        self.read_at = read_at
        self.http_status = reading.status
        self._run = run
        self._deployment = deployment
        self._before = before
        self._date = reading.date
        self._extensions = extensions

    @property
    def earliest(self) -> datetime | None:
        """When the deploy began, by the server's clock; None where nothing tells it."""
        if self._deployment.began_at is not None:
            return parse_time(self._deployment.began_at)
        return self._before.date - _DATE_GRAIN if self._before and self._before.date else None

    @property
    def started(self) -> datetime | None:
        """When the container started, by the server's clock; else `earliest`."""
        return _moment(self.raw.get("started_at")) or self.earliest

    @property
    def latest(self) -> datetime | None:
        """When the deploy was over, by the server's clock; None where nothing tells it."""
        if self._deployment.ended_at is not None:
            return parse_time(self._deployment.ended_at)
        return self._date + _DATE_GRAIN if self._date else None

    def answers(self) -> Finding:
        """VER-1."""
        return Finding("VER-1", True, "a JSON object", f"HTTP {self.http_status} with {len(self.raw)} fields")

    def is_running(self) -> Finding:
        """VER-2: it runs, in the state `running` where one is told, and no exit code says that it left."""
        code = self.raw.get("exit_code")
        if runs(self.raw) and code not in (None, 0):  # an engine may tell 0 of what runs
            return self._finding("VER-2", False, "running true", f"running True, and exit_code {code!r}")
        return self._finding("VER-2", runs(self.raw), "running true", running_words(self.raw))

    def still_runs(self, seconds: float) -> Finding:
        """VER-2, once a second read `seconds` later showed the same start running."""
        seen = f"running True in two reads {seconds:.1f} s apart, with one started_at"
        return self._finding("VER-2", True, "running true", seen)

    def is_the_agents_container(self) -> Finding:
        """VER-3: the name the settings expect, the receipt's name, and its container id where told."""
        name = self._run.settings.agent.container_name
        finding = self._field("VER-3", "container_name", self.raw.get("container_name") == name, f"{name!r}")
        ids = (self._deployment.container_id, self.raw.get("container_id"))
        if finding and ids[0] is not None and ids[0] != ids[1] and self._told(ids[1]):
            return self._finding("VER-3", False, f"container {ids[0]}", f"container {ids[1]}")
        return finding

    def is_the_requested_image(self) -> Finding:
        """VER-4: same repository and tag, and the same digest where both tell one."""
        wanted = self._run.image
        finding = self._field("VER-4", "image", same_image(wanted, self.raw.get("image")), wanted)
        digests = (self._deployment.image_digest, self.raw.get("image_digest"))
        if finding and digests[0] is not None and digests[0] != digests[1] and self._told(digests[1]):
            return self._finding("VER-4", False, f"digest {digests[0]}", f"digest {digests[1]}")
        return finding

    def started_with_this_deploy(self) -> Finding:
        """VER-5: present, well formed, and within this deploy's steps, by the server's clock."""
        other = self.raw.get("deploy_id")
        if other not in (None, self._deployment.deploy_id):
            return self._finding("VER-5", False, f"deploy {self._deployment.deploy_id}", f"deploy {other!r}")
        said = self.raw.get("started_at")
        try:
            started = parse_time(said)
        except ValueError as error:
            return self._finding(
                "VER-5", False, "started_at, an RFC 3339 time", f"started_at {said!r} ({error})"
            )
        if (earliest := self.earliest) is None:
            remedy = "Use an agent with the extension `receipt`, or one whose answers carry a Date."
            expected, seen = "a started_at of this deploy", "nothing tells the server's clock"
            return Finding("VER-5", None, expected, seen, None, remedy=remedy)
        latest, first = self.latest, _moment(self._deployment.started_at)
        if first is not None and started < first:
            words = f"started_at {self._deployment.started_at}, as the receipt has it"
            return self._finding("VER-5", False, words, f"started_at {said}")
        until = f", until {latest.isoformat()}" if latest else " on"
        return self._finding(
            "VER-5",
            earliest <= started and (latest is None or started <= latest),
            f"started_at from {earliest.isoformat()}{until}",
            f"started_at {said}",
        )

    def breaches(self) -> list[Finding]:
        """What the status belies: dev (TGT-1), paper (TGT-2), the removal (AGT-3), the one start (AGT-6)."""
        found = belied(self._run, self.raw)
        old = self._before.raw.get("container_id") if self._before else None
        if old is not None and old == self.raw.get("container_id"):
            seen = f"container {old}, which was there before the deploy"
            found.append(self._finding("AGT-3", False, "a new container in place of the old one", seen))
        if (times := self.raw.get("restart_count")) not in (None, 0):
            found.append(self._finding("AGT-6", False, "one start", f"restart_count {times!r}"))
        first, now = _moment(self._deployment.started_at), _moment(self.raw.get("started_at"))
        # One that started before is no second start but another container: VER-5 names it.
        if first and now and now > first:
            seen = f"started_at {self.raw['started_at']}, after {self._deployment.started_at} in the receipt"
            found.append(self._finding("AGT-6", False, "one start", seen))
        return found

    def oddities(self) -> list[str]:
        """What breaks a promise of the agent's own extensions, one line each (EXT-4)."""
        found, where = [], "GET /v1/status after the deploy"
        listed = self.raw.get("extensions")
        if isinstance(listed, list) and set(map(str, listed)) != self._extensions:
            found.append(f"{where}: it lists other extensions than before the deploy")
        hold = self.raw.get("hold")
        if Extension.HOLD in self._extensions and not (
            isinstance(hold, dict) and hold.get("deploy_id") in (None, self._deployment.deploy_id)
        ):
            found.append(f"{where}: the agent lists `hold`, and is not on hold for this deploy")
        if Extension.HOLD in self._extensions and "last_deploy" in self.raw and not self._is_the_last():
            found.append(f"{where}: the agent tells another last deploy than this one and its run")
        until = _moment(self.raw.get("lease_expires_at"))
        started = _moment(self.raw.get("started_at"))
        if Extension.LEASE in self._extensions and until and started and until <= started:
            found.append(f"{where}: the lease ran out at {until.isoformat()}, before it started")
        return found

    def _is_the_last(self) -> bool:
        """Whether the agent tells this deploy as the last one: the next run's FLR-3 rests on it."""
        last = self.raw["last_deploy"]
        if not isinstance(last, dict) or last.get("deploy_id") != self._deployment.deploy_id:
            return False
        named = str(last.get("run_id") or "")
        return Extension.RECEIPT not in self._extensions or named == self._run.github.run_id

    def _told(self, value: object) -> bool:
        """Whether a field is told, or would have to be (extension `status`)."""
        return value is not None or Extension.STATUS in self._extensions

    def _field(self, clause: str, name: str, holds: bool, expected: str) -> Finding:  # noqa: FBT001 - a fact
        seen = f"{name} {self.raw[name]!r}" if name in self.raw else f"no {name}"
        return self._finding(clause, holds, expected, seen)

    def _finding(self, clause: str, holds: bool, expected: str, seen: str) -> Finding:  # noqa: FBT001 - a fact
        return _finding(clause, expected, seen, holds=holds)


def runs(raw: Mapping[str, object]) -> bool:
    """Whether a status answer says that the container runs; a paused or restarting one does not."""
    return raw.get("running") is True and raw.get("state") in (None, EngineState.RUNNING)


def rests(raw: Mapping[str, object]) -> bool:
    """Whether a status answer confirms a stop: `running` false and, where told, a state that is stopped."""
    return raw.get("running") is False and raw.get("state") in (None, *STOPPED_STATES)


def running_words(raw: Mapping[str, object]) -> str:
    """What a status answer says of `running`, and of `state` where it tells more."""
    said = f"running {shown(repr(raw['running']), 80)}" if "running" in raw else "no running"
    plain = "state" not in raw or runs(raw) or rests(raw)
    return said if plain else f"{said}, state {shown(repr(raw['state']), 80)}"


def belied(run: RunConfig, raw: Mapping[str, object]) -> list[Finding]:
    """What a status answer, before the deploy or later, belies of the target: dev (TGT-1), paper (TGT-2)."""
    wanted = {
        "TGT-1": ("environment", run.environment),
        "TGT-2": ("execution_plane", run.settings.runtime.environment.get("EXECUTION_PLANE")),
    }
    return [
        _finding(clause, f"{name} {value!r}", f"{name} {raw[name]!r}", holds=False)
        for clause, (name, value) in wanted.items()
        if raw.get(name) not in (None, value)
    ]


def _finding(clause: str, expected: str, seen: str, *, holds: bool) -> Finding:
    return Finding(clause, holds, expected, seen[:400], remedy=_REMEDY)


def _moment(said: object) -> datetime | None:
    try:
        return parse_time(said)
    except ValueError:
        return None
