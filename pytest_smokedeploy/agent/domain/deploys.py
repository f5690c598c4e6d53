"""Deploys by their id: the one under way, and how each earlier one ended (extension `async`)."""

import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, Final

from pydantic import ValidationError

from pytest_smokedeploy.agent.domain.clock import Moment
from pytest_smokedeploy.agent.domain.files import StateError, kept, read_whole, write_whole
from pytest_smokedeploy.agent.domain.state import Asked, Store
from pytest_smokedeploy.agent.engines.base import LAYER, utc_now
from pytest_smokedeploy.contract import DeployRequest, DeployState, Outcome, StepName
from pytest_smokedeploy.support.errors import EngineError, SmokedeployError

#: Ended deploys that are remembered; beyond it the oldest are forgotten.
_REMEMBERED: Final = 1000
#: An image has at most 127 layers; what an engine reports beyond that is not kept.
_LAYERS: Final = 128


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


class Deploy:
    """A deploy under way: its steps in the order done, each once, readable while they are.

    Args:
        request: what is asked for.
        by: who asks.
        store: what outlives the agent; the step under way is kept there.

    Attributes:
        request, by: as given.
        asked: what is kept of it, with the step under way, failed or done last.
        key: its id, or the agent's own name for one without.
        cancelled: set once no further step may begin.
        started: whether step 4 was begun, so that something of it may run.
        facts: what else the answer tells of it so far.
        steps: the steps so far, as the contract shows them.
        leased_until: renewed before the container was started: the lease runs at least until then; else None.
        ended: its `DeployRecord`, once there is one.
        changed: done once a step or the deploy has ended; then that of the next change takes its place.

    """

    def __init__(self, request: DeployRequest, by: str, store: Store) -> None:
        self.request = request
        self.by = by
        self.key = request.deploy_id or f"none-{uuid.uuid4()}"
        self.asked = Asked(key=self.key, **request.model_dump(include={"deploy_id", "image", "environment"}))
        self.cancelled = threading.Event()
        self.started = False
        self.facts: dict[str, Any] = {}
        self.steps: list[dict[str, str]] = []
        self.leased_until: Moment | None = None
        self.ended: Future[DeployRecord] = _uncancelled()
        self.changed: Future[None] = _uncancelled()
        self._telling = threading.Lock()
        self._store = store
        self._layers: dict[str, str] = {}
        self._why = ""

    def cancel(self, why: str) -> None:
        """Let no further step begin, give up the pull, and wait for the end."""
        self._why = why
        self.cancelled.set()
        self.ended.result()

    @contextmanager
    def doing(self, step: StepName) -> Iterator[dict[str, str]]:
        """Do one step in the block, which may set the `outcome` of the row that it is given.

        Raises:
            SmokedeployError: the block raised one, or the deploy was cancelled; the row says so.

        """
        row = {"step": str(step), "started_at": utc_now()}
        self.asked = self.asked.model_copy(update={"step": step})
        try:
            if self.cancelled.is_set():
                raise EngineError("cancelled")
            # On the disk before it is begun, so that the next agent knows it after a crash.
            self._store.update(current=self.asked)
            yield row
            row.setdefault("outcome", str(Outcome.DONE))
        except SmokedeployError as error:
            cut = isinstance(error, EngineError) and self.cancelled.is_set()
            row["detail"] = f"{self._why}." if cut else str(error)
            raise SmokedeployError(row["detail"]) from error
        finally:
            self._change({"outcome": str(Outcome.FAILED), **row, "finished_at": utc_now()})

    def end(self, record: DeployRecord) -> None:
        """Tell whoever waits how it ended."""
        self.ended.set_result(record)
        self._change()

    def _change(self, *rows: dict[str, str]) -> None:
        # Together: who was told of a step waits for what comes after it.
        with self._telling:
            self.steps += rows
            changed, self.changed = self.changed, _uncancelled()
        changed.set_result(None)

    def told(self, line: str) -> None:
        """Take a progress line, ``layer 5f70bf18a086: Downloading, ...``; each layer's last one is kept."""
        layer, colon, _ = line.partition(": ")
        if colon and layer.startswith(LAYER) and (layer in self._layers or len(self._layers) < _LAYERS):
            self._layers[layer] = line

    def record(self, status: int, body: dict[str, Any]) -> DeployRecord:
        """How it ended: the HTTP status and the whole answer."""
        return DeployRecord(**self.asked.model_dump(), status=status, body=body)

    def progress(self) -> dict[str, Any]:
        """The answer to ``GET /v1/deploys/{deploy_id}``."""
        asked, state = self.asked.model_dump(exclude={"key"}), str(DeployState.DEPLOYING)
        # Copies: a step or a layer may be added while the answer is written.
        with self._telling:
            return {**asked, "state": state, "steps": [*self.steps], "progress": [*self._layers.values()]}


def _uncancelled() -> Future[Any]:
    """A future that a caller does not cancel by waiting no longer."""
    future: Future[Any] = Future()
    future.set_running_or_notify_cancel()
    return future


def read_record(store: Store, key: str) -> DeployRecord | None:
    """How a deploy ended, or None; a record that can't be read counts as a failed deploy of no image."""
    try:
        raw = read_whole(store.deploys / f"{key}.json")
        return None if raw is None else DeployRecord.model_validate_json(raw)
    except (StateError, ValidationError):
        words = "its record on the server is damaged; how it ended is not known."
        return lost(Asked(key=key, deploy_id=key, step=StepName.RUNNING), words)


def keep_record(store: Store, record: DeployRecord) -> None:
    """Keep how a deploy ended, and forget the oldest beyond what is remembered.

    Raises:
        StateError: it can't be written.

    """
    with kept(f"{store.deploys} can't be made"):
        # It may be lost with the state while the agent runs.
        store.deploys.mkdir(mode=0o700, exist_ok=True)
    write_whole(store.deploys / f"{record.key}.json", record.model_dump_json().encode())
    files = list(store.deploys.glob("*.json"))
    if len(files) > _REMEMBERED:
        for file in sorted(files, key=lambda file: file.stat().st_mtime_ns)[:-_REMEMBERED]:
            file.unlink(missing_ok=True)


def lost(asked: Asked, reason: str) -> DeployRecord:
    """The record of a deploy whose end is not known: it counts as failed."""
    body = {"status": "error", "reason": reason, "step": str(asked.step), "deploy_id": asked.deploy_id}
    return DeployRecord(**asked.model_dump(), status=500, body=body)
