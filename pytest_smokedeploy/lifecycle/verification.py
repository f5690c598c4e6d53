"""Judges the answers to `GET /v1/status`, field by field (VER-1 to VER-5)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from pytest_smokedeploy.client import Reading, shown
from pytest_smokedeploy.contract import Extension, last_instant, parse_time
from pytest_smokedeploy.judging import rests, runs
from pytest_smokedeploy.lifecycle.deployment import Deployment, same_image
from pytest_smokedeploy.model import Finding
from pytest_smokedeploy.settings import RunConfig

#: HTTP's Date header counts whole seconds; it dates the deploy of an agent without receipts.
_DATE_GRAIN: Final = timedelta(seconds=2)
#: By how much a clock may be set, or slowed, while a run lasts (chosen).
_CLOCK_GRAIN: Final = timedelta(seconds=2)


@dataclass(frozen=True, eq=False, repr=False)
class StatusReading:
    """The status answer after the deploy, judged raw: the string ``"true"`` is not true.

    Args:
        run: the run's settings.
        deployment: the deploy that it must be about.
        reading: the answer.
        before: the status before the deploy was sent; its Date dates a deploy without a receipt.
        extensions: the agent's extensions, from that status.
        sent_at: time at which the deploy was sent, in seconds of the run's clock.
        read_at: time of the read, likewise.

    """

    run: RunConfig
    deployment: Deployment
    reading: Reading
    before: Reading | None = None
    extensions: frozenset[str] = frozenset()
    sent_at: float = 0.0
    read_at: float = 0.0

    @property
    def raw(self) -> dict[str, object]:
        """The answer as it came."""
        return self.reading.raw

    @property
    def earliest(self) -> datetime | None:
        """The deploy's beginning by the server's clock; None where nothing dates it."""
        if steps := self.deployment.steps:
            return parse_time(steps[0].started_at)
        return self.before.date - _DATE_GRAIN if self.before and self.before.date else None

    @property
    def started(self) -> datetime | None:
        """The container's start by the server's clock; else `earliest`."""
        return _moment(self.raw.get("started_at")) or self.earliest

    @property
    def latest(self) -> datetime | None:
        """The deploy's end by the server's clock; None where nothing dates it."""
        if steps := self.deployment.steps:
            return last_instant(steps[-1].finished_at)
        return self.reading.date + _DATE_GRAIN if self.reading.date else None

    def server_time(self, at: float) -> tuple[datetime, datetime] | None:
        """The earliest and the latest that the server's clock may show at `at` of the run's clock.

        By the receipt's times and the seconds since: a Date may be the edge's. None without a receipt.
        """
        if not (steps := self.deployment.steps):
            return None
        least = parse_time(steps[-1].finished_at) + timedelta(seconds=at - self.read_at)
        most = last_instant(steps[0].started_at) + timedelta(seconds=at - self.sent_at)
        return least - _CLOCK_GRAIN, most + _CLOCK_GRAIN

    def answers(self) -> Finding:
        """VER-1."""
        seen = f"HTTP {self.reading.status} with {len(self.raw)} fields"
        return Finding("VER-1", True, "a JSON object", seen)

    def is_running(self) -> Finding:
        """VER-2: `running` is true, `state` is `running` where it is there, and no exit code but 0."""
        code = self.raw.get("exit_code")
        if runs(self.raw) and code not in (None, 0):  # an engine may report 0 for a running container
            return _finding("VER-2", "running true", f"running True, and exit_code {code!r}")
        return _finding("VER-2", "running true", running_words(self.raw), holds=runs(self.raw))

    def still_runs(self, seconds: float) -> Finding:
        """VER-2, proven by a second read `seconds` later of the same start."""
        seen = f"running True in two reads {seconds:.1f} s apart, with one started_at"
        return _finding("VER-2", "running true", seen, holds=True)

    def is_the_agents_container(self) -> Finding:
        """VER-3: the settings' container name, and the receipt's container id where both are there."""
        name = self.run.settings.agent.container_name
        holds = self.raw.get("container_name") == name
        finding = self._field("VER-3", "container_name", f"{name!r}", holds=holds)
        return finding and self._as_received(finding, "container_id", self.deployment.receipt.container_id)

    def is_the_requested_image(self) -> Finding:
        """VER-4: the requested repository and tag, and the receipt's digest where both are there."""
        wanted = self.run.image
        finding = self._field("VER-4", "image", wanted, holds=same_image(wanted, self.raw.get("image")))
        return finding and self._as_received(finding, "image_digest", self.deployment.receipt.image_digest)

    def _as_received(self, finding: Finding, name: str, received: str | None) -> Finding:
        """`finding`, or a violation of its clause where the field `name` differs from the receipt's."""
        said = self.raw.get(name)
        # Without the extension `status` the agent need not have the field.
        required = said is not None or Extension.STATUS in self.extensions
        if received is None or received == said or not required:
            return finding
        return _finding(finding.clause, f"{name} {received}", f"{name} {said}")

    def started_with_this_deploy(self) -> Finding:
        """VER-5: `started_at` is there, well formed, and within this deploy, by the server's clock."""
        deploy_id, other = self.deployment.deploy_id, self.raw.get("deploy_id")
        if other not in (None, deploy_id):
            return _finding("VER-5", f"deploy {deploy_id}", f"deploy {other!r}")
        said, received = self.raw.get("started_at"), self.deployment.receipt.started_at
        try:
            started, until_then = parse_time(said), last_instant(str(said))
        except ValueError as error:
            return _finding("VER-5", "started_at, an RFC 3339 time", f"started_at {said!r} ({error})")
        if (earliest := self.earliest) is None:
            remedy = "Use an agent with the extension `receipt`, or one whose answers carry a Date."
            expected, seen = "a started_at of this deploy", "nothing tells the server's clock"
            return Finding("VER-5", None, expected, seen, None, remedy=remedy)
        latest, first = self.latest, _moment(received)
        if first is not None and until_then < first:
            return _finding("VER-5", f"started_at {received}, as the receipt has it", f"started_at {said}")
        until = f", until {latest.isoformat()}" if latest else " on"
        holds = earliest <= until_then and (latest is None or started <= latest)
        expected = f"started_at from {earliest.isoformat()}{until}"
        return _finding("VER-5", expected, f"started_at {said}", holds=holds)

    def breaches(self) -> list[Finding]:
        """Violations of the target (TGT-1, TGT-2), of the removal (AGT-3) and of the one start (AGT-6)."""
        found = belied(self.run, self.raw)
        old = self.before.raw.get("container_id") if self.before else None
        if old is not None and old == self.raw.get("container_id"):
            seen = f"container {old}, which was there before the deploy"
            found.append(_finding("AGT-3", "a new container in place of the old one", seen))
        if (times := self.raw.get("restart_count")) not in (None, 0):
            found.append(_finding("AGT-6", "one start", f"restart_count {times!r}"))
        received = self.deployment.receipt.started_at
        first, now = _moment(received), _moment(self.raw.get("started_at"))
        # An earlier time is another container's, not a second start: VER-5 names it.
        if first and now and now > first:
            seen = f"started_at {self.raw['started_at']}, after {received} in the receipt"
            found.append(_finding("AGT-6", "one start", seen))
        return found

    def oddities(self) -> list[str]:
        """Breaches of what the agent's extensions promise, one line each (EXT-4)."""
        found, where = [], "GET /v1/status after the deploy"
        listed = self.raw.get("extensions")
        if isinstance(listed, list) and set(map(str, listed)) != self.extensions:
            found.append(f"{where}: it lists other extensions than before the deploy")
        hold = self.raw.get("hold")
        ours = isinstance(hold, dict) and hold.get("deploy_id") in (None, self.deployment.deploy_id)
        if Extension.HOLD in self.extensions and not ours:
            found.append(f"{where}: the agent lists `hold`, and is not on hold for this deploy")
        if Extension.HOLD in self.extensions and "last_deploy" in self.raw and not self._is_the_last():
            found.append(f"{where}: the agent tells another last deploy than this one and its run")
        until = _moment(self.raw.get("lease_expires_at"))
        started = _moment(self.raw.get("started_at"))
        if Extension.LEASE in self.extensions and until and started and until <= started:
            found.append(f"{where}: the lease ran out at {until.isoformat()}, before it started")
        return found

    def _is_the_last(self) -> bool:
        """Whether `last_deploy` is this deploy: the next run's FLR-3 rests on it."""
        last = self.raw["last_deploy"]
        if not isinstance(last, dict) or last.get("deploy_id") != self.deployment.deploy_id:
            return False
        named = str(last.get("run_id") or "")
        return Extension.RECEIPT not in self.extensions or named == self.run.github.run_id

    def _field(self, clause: str, name: str, expected: str, *, holds: bool) -> Finding:
        seen = f"{name} {self.raw[name]!r}" if name in self.raw else f"no {name}"
        return _finding(clause, expected, seen, holds=holds)


def running_words(raw: Mapping[str, object]) -> str:
    """The fields `running` and, where it adds something, `state` of a status answer, in words."""
    said = f"running {shown(repr(raw['running']), 80)}" if "running" in raw else "no running"
    plain = "state" not in raw or runs(raw) or rests(raw)
    return said if plain else f"{said}, state {shown(repr(raw['state']), 80)}"


def belied(run: RunConfig, raw: Mapping[str, object]) -> list[Finding]:
    """Violations of the target by any status answer: not dev (TGT-1), not paper (TGT-2)."""
    plane = run.settings.runtime.environment.get("EXECUTION_PLANE")
    wanted = {"TGT-1": ("environment", run.environment), "TGT-2": ("execution_plane", plane)}
    return [
        _finding(clause, f"{name} {value!r}", f"{name} {raw[name]!r}")
        for clause, (name, value) in wanted.items()
        if raw.get(name) not in (None, value)
    ]


def _finding(clause: str, expected: str, seen: str, *, holds: bool = False) -> Finding:
    return Finding(clause, holds, expected, seen[:400])


def _moment(said: object) -> datetime | None:
    try:
        return parse_time(said)
    except ValueError:
        return None
