"""Deploys by their id: the one under way, and how each earlier one ended (extension `async`)."""

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Final

from pydantic import ValidationError

from pytest_smokedeploy.agent.domain.receipt import Receipt
from pytest_smokedeploy.agent.domain.state import Asked, Store, read_whole, write_whole
from pytest_smokedeploy.contract import DeployRequest, DeployState, StepName

#: Ended deploys that are remembered; beyond it the oldest are forgotten.
_REMEMBERED: Final = 1000


class DeployRecord(Asked):
    """How a deploy ended: the answer to every later request of the same id.

    Attributes:
        status: the HTTP status, 200 or 500.
        body: the whole answer.
        passed: a passed outcome was taken.

    """

    status: int
    body: dict[str, Any]
    passed: bool = False

    @property
    def deployed(self) -> bool:
        """Whether all five steps were done."""
        return self.status == 200  # noqa: PLR2004 - the HTTP status

    def progress(self) -> dict[str, Any]:
        """The answer to ``GET /v1/deploys/{deploy_id}``."""
        state = DeployState.DEPLOYED if self.deployed else DeployState.FAILED
        asked = {"image": self.image, "environment": self.environment}
        return {**asked, **self.body, "deploy_id": self.deploy_id, "state": str(state)}


class Deploy(Receipt):
    """A deploy under way.

    Args:
        asked: what was asked for.
        request: the whole request.
        by: who asked.
        began: called with each step before it is begun.

    Attributes:
        ended: its `DeployRecord`, once there is one.

    """

    def __init__(
        self, asked: Asked, request: DeployRequest, by: str, began: Callable[[StepName], None]
    ) -> None:
        super().__init__(began)
        self.asked = asked
        self.key = asked.key
        self.request = request
        self.by = by
        #: Renewed before the container was started: the lease runs at least until then (time.time()).
        self.leased_until = 0.0
        self.ended: Future[DeployRecord] = Future()
        # A caller that stops waiting does not cancel it.
        self.ended.set_running_or_notify_cancel()

    def cancel(self, why: str) -> None:
        """Let no further step begin, and give up the pull."""
        self.why = why
        self.cancelled.set()

    def record(self, status: int, body: dict[str, Any]) -> DeployRecord:
        """How it ended: the HTTP status and the whole answer."""
        return DeployRecord(**self.asked.model_dump(), status=status, body=body)

    def progress(self) -> dict[str, Any]:
        """The answer to ``GET /v1/deploys/{deploy_id}``."""
        return {
            **self.asked.model_dump(exclude={"key"}),
            "state": str(DeployState.DEPLOYING),
            "steps": self.rows(),
            "step": str(self.step),
            "progress": self.layers(),
        }


def read_record(store: Store, key: str) -> DeployRecord | None:
    """How a deploy ended, or None; a damaged record counts as a failed deploy.

    Raises:
        StateError: the folder can't be read.

    """
    raw = read_whole(store.deploys / f"{key}.json")
    if raw is None:
        return None
    try:
        return DeployRecord.model_validate_json(raw)
    except ValidationError:
        words = "its record on the server is damaged; how it ended is not known."
        return lost(Asked(key=key, deploy_id=key), words)


def keep_record(store: Store, record: DeployRecord) -> None:
    """Keep how a deploy ended, and forget the oldest beyond what is remembered.

    Raises:
        StateError: it can't be written.

    """
    write_whole(store.deploys / f"{record.key}.json", record.model_dump_json().encode())
    files = list(store.deploys.glob("*.json"))
    if len(files) > _REMEMBERED:
        for file in sorted(files, key=lambda file: file.stat().st_mtime_ns)[:-_REMEMBERED]:
            file.unlink(missing_ok=True)


def lost(asked: Asked, reason: str, step: StepName = StepName.RUNNING) -> DeployRecord:
    """The record of a deploy whose end is not known: it counts as failed."""
    body = {"status": "error", "reason": reason, "step": str(step), "deploy_id": asked.deploy_id}
    return DeployRecord(**asked.model_dump(exclude={"step"}), status=500, body=body)
