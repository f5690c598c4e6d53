"""Deploys by their id: the one under way, and how each earlier one ended (extension `async`)."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, ValidationError

from pytest_smokedeploy.agent.domain.audit import StateError
from pytest_smokedeploy.agent.domain.receipt import Receipt
from pytest_smokedeploy.agent.domain.state import Store, write_whole
from pytest_smokedeploy.contract import DeployRequest, DeployState, StepName

#: Ended deploys that are remembered; beyond it the oldest are forgotten.
_REMEMBERED: Final = 1000
DEPLOYED: Final = 200
FAILED: Final = 500


class DeployRecord(BaseModel):
    """How a deploy ended: the answer that whoever asks for it again is given.

    Attributes:
        key: the deploy's id, or the agent's own name for one without.
        image: what was asked for.
        environment: likewise.
        status: the HTTP status, 200 or 500.
        body: the whole answer.
        passed: a passed outcome was taken.

    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: str
    deploy_id: str | None
    image: str
    environment: str
    status: int
    body: dict[str, Any]
    passed: bool = False

    @property
    def deployed(self) -> bool:
        """Whether all five steps were done."""
        return self.status == DEPLOYED

    def progress(self) -> dict[str, Any]:
        """As ``GET /v1/deploys/{deploy_id}`` tells it."""
        state = DeployState.DEPLOYED if self.deployed else DeployState.FAILED
        asked = {"image": self.image, "environment": self.environment}
        return {**asked, **self.body, "deploy_id": self.deploy_id, "state": str(state)}

    def same(self, request: DeployRequest) -> bool:
        """Whether `request` asks for this deploy again, not for another under its id."""
        return not self.image or (self.image, self.environment) == (request.image, request.environment)


class Deploy:
    """A deploy under way.

    Args:
        key: see `DeployRecord`.
        request: what was asked for.
        by: who asked.
        began: called with each step before it is begun.

    Attributes:
        ended: its `DeployRecord`, once there is one.
        cancelled: set once it is to end.

    """

    def __init__(self, key: str, request: DeployRequest, by: str, began: Any) -> None:  # noqa: ANN401 - passed on
        self.key = key
        self.request = request
        self.by = by
        self.cancelled = threading.Event()
        #: Renewed before the container was started: the lease runs at least until then (time.time()).
        self.leased_until = 0.0
        self.receipt = Receipt(self.cancelled, lambda step: began(self, step))
        self.ended: Future[DeployRecord] = Future()
        # Whoever waits and leaves does not cancel it.
        self.ended.set_running_or_notify_cancel()

    def cancel(self, why: str) -> None:
        """Let no further step begin, and give up the pull."""
        self.receipt.why = why
        self.cancelled.set()

    def same(self, request: DeployRequest) -> bool:
        """Whether `request` asks for this deploy again."""
        return (self.request.image, self.request.environment) == (request.image, request.environment)

    def record(self, status: int, body: dict[str, Any]) -> DeployRecord:
        """How it ended."""
        request = self.request
        return DeployRecord(
            key=self.key,
            deploy_id=request.deploy_id,
            image=request.image,
            environment=request.environment,
            status=status,
            body=body,
        )

    def progress(self) -> dict[str, Any]:
        """As ``GET /v1/deploys/{deploy_id}`` tells it."""
        return {
            "deploy_id": self.request.deploy_id,
            "state": str(DeployState.DEPLOYING),
            "image": self.request.image,
            "environment": self.request.environment,
            "steps": self.receipt.rows(),
            "step": str(self.receipt.step),
            "progress": self.receipt.progress(),
        }


class DeployRecords:
    """One file a deploy under ``STATE_PATH/deploys``."""

    def __init__(self, store: Store) -> None:
        self._folder: Path = store.folder / "deploys"

    def get(self, key: str) -> DeployRecord | None:
        """How the deploy ended, or None; a file that can't be read tells of a deploy that failed.

        Raises:
            StateError: the folder can't be read.

        """
        try:
            raw = (self._folder / f"{key}.json").read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StateError(f"the record of {key} can't be read: {error.strerror}.") from error
        try:
            return DeployRecord.model_validate_json(raw)
        except ValidationError:
            return lost(key, "its record on the server is damaged; how it ended is not known.")

    def put(self, record: DeployRecord) -> None:
        """Keep how a deploy ended, and forget the oldest beyond what is remembered.

        Raises:
            StateError: it can't be written.

        """
        write_whole(self._folder / f"{record.key}.json", record.model_dump_json().encode())
        files = list(self._folder.glob("*.json"))
        if len(files) > _REMEMBERED:
            oldest = sorted(files, key=lambda file: file.stat().st_mtime_ns)
            for file in oldest[: len(files) - _REMEMBERED]:
                file.unlink(missing_ok=True)


def lost(key: str, reason: str, step: StepName = StepName.RUNNING, **asked: Any) -> DeployRecord:  # noqa: ANN401 - fields
    """A deploy whose end nobody saw: it counts as failed."""
    deploy_id = asked.pop("deploy_id", key)
    body = {"status": "error", "reason": reason, "step": str(step), "deploy_id": deploy_id}
    fields = {"image": "", "environment": "", **asked}
    return DeployRecord(key=key, deploy_id=deploy_id, status=FAILED, body=body, **fields)
