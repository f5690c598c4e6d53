"""What `GET /v1/status` said after the deploy, field by field (VER-1 to VER-5)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from pytest_smokedeploy.client import Reading
from pytest_smokedeploy.contract import parse_time
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
        before: the server's Date before the deploy was sent, for agents without a receipt.

    """

    def __init__(
        self, run: RunConfig, deployment: Deployment, reading: Reading, before: datetime | None = None
    ) -> None:
        self.raw = reading.raw
        self.http_status = reading.status
        self._run = run
        self._deployment = deployment
        self._before = before

    @property
    def earliest(self) -> datetime | None:
        """When the deploy began, by the server's clock; None where nothing tells it."""
        if self._deployment.began_at is not None:
            return parse_time(self._deployment.began_at)
        return self._before - _DATE_GRAIN if self._before else None

    def answers(self) -> Finding:
        """VER-1."""
        return Finding("VER-1", True, "a JSON object", f"HTTP {self.http_status} with {len(self.raw)} fields")

    def is_running(self) -> Finding:
        """VER-2."""
        return self._field("VER-2", "running", self.raw.get("running") is True, "running true")

    def is_the_agents_container(self) -> Finding:
        """VER-3: the name the settings expect, the receipt's name, and its container id where told."""
        name = self._run.settings.agent.container_name
        finding = self._field("VER-3", "container_name", self.raw.get("container_name") == name, f"{name!r}")
        ids = (self._deployment.container_id, self.raw.get("container_id"))
        if finding and None not in ids and ids[0] != ids[1]:
            return self._finding("VER-3", False, f"container {ids[0]}", f"container {ids[1]}")
        return finding

    def is_the_requested_image(self) -> Finding:
        """VER-4: same repository and tag, and the same digest where both tell one."""
        wanted = self._run.image
        finding = self._field("VER-4", "image", same_image(wanted, self.raw.get("image")), wanted)
        digests = (self._deployment.image_digest, self.raw.get("image_digest"))
        if finding and digests[0] is not None and digests[0] != digests[1]:
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
            return Finding(
                "VER-5", None, "a started_at of this deploy", "nothing tells the server's clock", None
            )
        latest = _moment(self._deployment.ended_at)
        until = f", until {latest.isoformat()}" if latest else " on"
        return self._finding(
            "VER-5",
            earliest <= started and (latest is None or started <= latest),
            f"started_at from {earliest.isoformat()}{until}",
            f"started_at {said}",
        )

    def breaches(self) -> list[Finding]:
        """What the status belies: dev (TGT-1), paper (TGT-2), or the one start of the receipt (AGT-6)."""
        wanted = {
            "TGT-1": ("environment", self._run.environment),
            "TGT-2": ("execution_plane", self._run.settings.runtime.environment.get("EXECUTION_PLANE")),
        }
        found = [
            self._finding(clause, False, f"{name} {value!r}", f"{name} {self.raw[name]!r}")
            for clause, (name, value) in wanted.items()
            if self.raw.get(name) not in (None, value)
        ]
        first, now = _moment(self._deployment.started_at), _moment(self.raw.get("started_at"))
        # One that started before is no second start but another container: VER-5 names it.
        if first and now and now > first:
            seen = f"started_at {self.raw['started_at']}, after {self._deployment.started_at} in the receipt"
            found.append(self._finding("AGT-6", False, "one start", seen))
        return found

    def _field(self, clause: str, name: str, holds: bool, expected: str) -> Finding:  # noqa: FBT001 - a fact
        seen = f"{name} {self.raw[name]!r}" if name in self.raw else f"no {name}"
        return self._finding(clause, holds, expected, seen)

    def _finding(self, clause: str, holds: bool, expected: str, seen: str) -> Finding:  # noqa: FBT001 - a fact
        return Finding(
            clause,
            holds,
            expected,
            seen[:400],
            meaning="What runs is not what was asked for.",
            remedy=_REMEDY,
        )


def _moment(said: object) -> datetime | None:
    try:
        return parse_time(said)
    except ValueError:
        return None
