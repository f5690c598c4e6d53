"""The five steps, in order and once each; one deploy at a time; a stop cancels one in flight."""

from __future__ import annotations

import logging
import threading
import uuid
from collections import OrderedDict
from typing import Final

from pytest_smokedeploy.agent.domain.audit import AGENT, StateError
from pytest_smokedeploy.agent.domain.container import Container, key_of
from pytest_smokedeploy.agent.domain.deploys import DEPLOYED, FAILED, Deploy, DeployRecord, DeployRecords
from pytest_smokedeploy.agent.domain.hold import Holds
from pytest_smokedeploy.agent.domain.lease_manager import LeaseManager
from pytest_smokedeploy.agent.domain.policy import RefusedError, Terms, admit
from pytest_smokedeploy.agent.domain.receipt import StepError
from pytest_smokedeploy.agent.domain.state import Current, State, Stopping, Store
from pytest_smokedeploy.agent.domain.steps import FiveSteps
from pytest_smokedeploy.agent.engines.base import Engine
from pytest_smokedeploy.agent.settings import AgentSettings
from pytest_smokedeploy.contract import DeployRequest, StepName
from pytest_smokedeploy.support.errors import SmokedeployError

#: Stops that came before their deploy are remembered: a stop may overtake it.
_REMEMBERED: Final = 256
_LOG: Final = logging.getLogger("smokedeploy.agent")


class Flow:
    """Deploys and stops the one container.

    Args:
        settings: what the server owns.
        engine: the engine.
        store: what outlives the agent.

    Attributes:
        store: as given.
        records: how deploys ended.
        holds: the hold.
        container: the one container.
        leases: the lease.

    """

    def __init__(self, settings: AgentSettings, engine: Engine, store: Store) -> None:
        self.store = store
        self.records = DeployRecords(store)
        self.holds = Holds(store, self.records)
        self.container = Container(engine, settings.grace_seconds)
        most = settings.lease_max_seconds
        self.leases = LeaseManager(store, self.container, self.holds, most, lambda: self.under_way)
        self._five = FiveSteps(settings, engine, self.container, store, self.leases)
        self._settings = settings
        self._engine = engine
        self._lock = threading.Lock()
        self._deploy: Deploy | None = None
        self._last: DeployRecord | None = None
        self._stopped: OrderedDict[str, None] = OrderedDict()

    # -- deploy ----------------------------------------------------------------------------

    def deploy(self, request: DeployRequest, by: str) -> Deploy | DeployRecord:
        """Begin a deploy, or find the one that had this id already.

        Returns:
            The deploy under way, to be waited for, or how it ended.

        Raises:
            RefusedError: nothing was done.
            StateError: nothing was done, since it could not be kept.

        """
        terms = admit(self._settings, request, process=self._engine.kind == "process")
        with self._lock:
            known = self._known(request.deploy_id)
            if known is not None:
                if not known.same(request):
                    raise RefusedError(409, "deploy_id: it was used for another deploy.")
                return known
            if self._deploy is not None:
                raise RefusedError(409, "another deploy is under way.")
            if request.deploy_id in self._stopped:
                raise RefusedError(409, "this deploy was stopped before it arrived.")
            deploy = Deploy(request.deploy_id or f"none-{uuid.uuid4()}", request, by, self._began)
            self._begin(deploy, terms)
            self._deploy = deploy
        threading.Thread(target=self._run, args=(deploy, terms), name="deploy", daemon=True).start()
        return deploy

    @property
    def under_way(self) -> Deploy | None:
        """The deploy in flight, or None."""
        return self._deploy

    def find(self, deploy_id: str) -> Deploy | DeployRecord | None:
        """The deploy of this id, under way or ended; None for an unknown one."""
        with self._lock:
            return self._known(deploy_id)

    def _known(self, deploy_id: str | None) -> Deploy | DeployRecord | None:
        if deploy_id is None:
            return None
        for known in (self._deploy, self._last):
            if known is not None and known.key == deploy_id:
                return known
        return self.records.get(deploy_id)

    def _begin(self, deploy: Deploy, terms: Terms) -> None:
        """On the disk before the first step: the deploy under way, and its hold."""
        request = deploy.request

        def act(state: State) -> State:
            # A stop-only image is the one second deploy there may be (DESIGN 3): it can but stop.
            if state.hold is not None and not terms.stop_only:
                raise self.holds.refusal(state.hold)
            self.store.audit.write(
                "deploy.begun", who=deploy.by, why=f"{request.image} was asked for", deploy_id=deploy.key
            )
            current = Current(
                key=deploy.key,
                deploy_id=request.deploy_id,
                image=request.image,
                environment=request.environment,
                by=deploy.by,
                step=StepName.PULL,
            )
            return self.holds.begun(state.model_copy(update={"current": current}), request, deploy.by)

        self.store.change(act)

    def _began(self, deploy: Deploy, step: StepName) -> None:
        """Keep which step is under way, so that a crash in it can be told."""

        def act(state: State) -> State:
            current = state.current
            if current is None or current.key != deploy.key or current.step is step:
                return state
            return state.model_copy(update={"current": current.model_copy(update={"step": step})})

        self.store.change(act)

    def _run(self, deploy: Deploy, terms: Terms) -> None:
        try:
            self._five.do(deploy, terms)
            facts = deploy.receipt.facts
            record = deploy.record(DEPLOYED, {"status": "deployed", **facts, "steps": deploy.receipt.rows()})
            self._end(record)
        except Exception as error:  # noqa: BLE001 - whatever it was: nothing of it runs on, and it is told
            record = self._failed(deploy, error)
        with self._lock:
            self._deploy, self._last = None, record
        deploy.ended.set_result(record)

    def _end(self, record: DeployRecord) -> None:
        """Keep how it ended before anybody is told."""
        self.records.put(record)
        self.store.update(current=None)
        what = "deploy.deployed" if record.deployed else "deploy.failed"
        why = "all five steps were done" if record.deployed else str(record.body["reason"])
        self.store.audit.write(what, who=AGENT, why=why, deploy_id=record.key)

    def _failed(self, deploy: Deploy, error: Exception) -> DeployRecord:
        step = error.step if isinstance(error, StepError) else deploy.receipt.step
        words = _words(error) + self._stop_failed(deploy)
        facts = {**deploy.receipt.facts, "deploy_id": deploy.request.deploy_id}
        try:
            facts |= self._five.left(deploy) if deploy.receipt.begun(StepName.START) else {}
        except Exception as unread:  # noqa: BLE001 - whoever waits for the deploy's end must be told it
            words += f" What it wrote could not be read: {_words(unread)}"
        body = {"status": "error", "reason": words, "step": str(step), **facts}
        record = deploy.record(FAILED, {**body, "steps": deploy.receipt.rows()})
        try:
            self._end(record)
        except StateError as unkept:
            _LOG.error("the end of a deploy can't be kept: %s", unkept)
        return record

    def _stop_failed(self, deploy: Deploy) -> str:
        """Leave nothing of a failed deploy running; words on what could not be stopped, or "".

        What ran is kept, with its log, until the next deploy removes it (step 3).
        """
        if not deploy.receipt.begun(StepName.START):
            return ""  # what is there is another's, and so is its lease
        try:
            self.container.stop(deploy.key)
        except Exception as error:  # noqa: BLE001 - likewise, and it is stopped later
            why = _words(error)
            self.leases.left_over(deploy)
            self.store.tell("leftover.found", who=AGENT, why=why, deploy_id=deploy.key)
            return f" What it started could not be stopped: {why} The agent goes on trying; see the status."
        self.leases.end(deploy.key)
        return ""

    # -- stop ------------------------------------------------------------------------------

    def stop(self, deploy_id: str | None, by: str) -> None:
        """Stop the container; cancel a deploy in flight.

        Args:
            deploy_id: stop only this deploy; None: whatever runs.
            by: who asks.

        Raises:
            RefusedError: the container is another deploy's, or nobody's we know.
            EngineError: it can't be stopped.

        """
        with self._lock:
            if deploy_id is not None:
                self._stopped[deploy_id] = None
                while len(self._stopped) > _REMEMBERED:
                    self._stopped.popitem(last=False)
            deploy = self._deploy
        if deploy is not None and deploy_id in {None, deploy.key}:
            deploy.cancel("the deploy was cancelled by a stop")
            deploy.ended.result()
        with self.container.acting:
            state = self.container.own()
            if state is None:
                return
            key = key_of(state)
            if deploy_id is not None and key != deploy_id:
                if state.alive:
                    raise RefusedError(409, "the container that runs is another deploy's; it is left alone.")
                return
            # Kept before it is begun: a crash meanwhile is made good at the next start.
            self.store.keep(stopping=Stopping(key=key, by=by))
            if self.container.stop(key):
                self.store.tell("container.stopped", who=by, why="a stop was asked for", deploy_id=key)
            self.leases.end(key)

    # -- hold ------------------------------------------------------------------------------

    def passed(self, deploy_id: str, by: str) -> None:
        """A run reports that it passed: its own hold comes off.

        Raises:
            RefusedError: 409; the hold is another's, or the deploy can't have passed.
            EngineError: the engine can't tell what runs.
            StateError: the change can't be kept.

        """
        with self._lock:
            deploy = self._deploy
        under_way = deploy is not None and deploy.key == deploy_id
        there = self.container.look()
        running = there is not None and not there.stopped
        self.holds.passed(deploy_id, by, running=running, under_way=under_way)

    def close(self, seconds: float) -> None:
        """Give a deploy in flight `seconds` to end, then cancel it; what runs goes on within its lease."""
        with self._lock:
            deploy = self._deploy
        if deploy is not None:
            try:
                deploy.ended.result(seconds)
            except TimeoutError:
                deploy.cancel("the agent was shut down")
                deploy.ended.result()
        self.leases.close()


def _words(error: Exception) -> str:
    """An error for whoever is answered; one of no kind of ours is told by its type, and logged."""
    if isinstance(error, SmokedeployError):
        return str(error)
    _LOG.error("a deploy ended unexpectedly", exc_info=error)
    return f"unexpected: {type(error).__name__}"
