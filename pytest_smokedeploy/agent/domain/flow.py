"""The five steps, in order and once each; one deploy at a time; a stop cancels one in flight."""

import logging
import threading
from collections import deque
from typing import Final

from pytest_smokedeploy.agent.domain import hold
from pytest_smokedeploy.agent.domain.container import FOREIGN, key_of, name_of
from pytest_smokedeploy.agent.domain.control import ContainerControl
from pytest_smokedeploy.agent.domain.deploys import Deploy, DeployRecord, keep_record, read_record
from pytest_smokedeploy.agent.domain.files import StateError
from pytest_smokedeploy.agent.domain.policy import RefusedError, Terms, admit, check_mounts
from pytest_smokedeploy.agent.domain.steps import FiveSteps
from pytest_smokedeploy.agent.engines.base import ContainerState
from pytest_smokedeploy.agent.settings import AgentSettings
from pytest_smokedeploy.contract import DeployRequest
from pytest_smokedeploy.support import release_commands
from pytest_smokedeploy.support.errors import SmokedeployError
from pytest_smokedeploy.support.redaction import Sanitiser

#: Stops that came before their deploy are remembered: a stop may overtake it.
_REMEMBERED: Final = 256
#: Seconds until an end that can't be kept is tried again.
_AGAIN_SECONDS: Final = 1.0
_LOG: Final = logging.getLogger("smokedeploy.agent")

_ANOTHERS: Final = "the container that runs is another deploy's; it is left alone."


class Flow:
    """Deploys and stops the one container.

    Args:
        settings: what the server owns.
        control: the container, settled.

    Attributes:
        settings, control: as given.
        engine, store, container, leases: the control's.

    """

    def __init__(self, settings: AgentSettings, control: ContainerControl) -> None:
        self.settings = settings
        self.control = control
        self.engine, self.store = control.engine, control.store
        self.container, self.leases = control.container, control.leases
        self.store.mask = Sanitiser(settings.secrets).data
        self._five = FiveSteps(settings, self.engine, self.container, self.store, self.leases)
        self._lock = threading.Lock()
        self._last: DeployRecord | None = None
        self._stopped = deque(self.store.read().stopped, maxlen=_REMEMBERED)

    @property
    def under_way(self) -> Deploy | None:
        """The deploy in flight, or None."""
        return self.control.under_way

    # -- deploy ----------------------------------------------------------------------------

    def deploy(self, request: DeployRequest, by: str) -> Deploy | DeployRecord:
        """Begin a deploy, or find the one that had this id already.

        Returns:
            The deploy under way, to be waited for, or how it ended.

        Raises:
            RefusedError: nothing was done.
            StateError: nothing was done, since it could not be kept.

        """
        terms = admit(self.settings, request)
        with self._lock:
            known = self._known(request.deploy_id)
            if known is not None:
                if not (known.asked if isinstance(known, Deploy) else known).same(request):
                    raise RefusedError(409, "deploy_id: it was used for another deploy.")
                return known
            if self.under_way is not None:
                raise RefusedError(409, "another deploy is under way.")
            if request.deploy_id in self._stopped:
                raise RefusedError(409, "this deploy was stopped before it arrived.")
            check_mounts(self.settings)
            deploy = Deploy(request, by, self.store)
            self._begin(deploy, terms)
            self.control.under_way = deploy
        threading.Thread(target=self._run, args=(deploy, terms), name="deploy", daemon=True).start()
        return deploy

    def find(self, deploy_id: str) -> Deploy | DeployRecord | None:
        """The deploy of this id, under way or ended; None for an unknown one."""
        with self._lock:
            return self._known(deploy_id)

    def _known(self, deploy_id: str | None) -> Deploy | DeployRecord | None:
        if deploy_id is None:
            return None
        near = (known for known in (self.under_way, self._last) if known and known.key == deploy_id)
        return next(near, None) or read_record(self.store, deploy_id)

    def _begin(self, deploy: Deploy, terms: Terms) -> None:
        """On the disk before the first step: the deploy under way, and its hold."""
        with self.store.changing() as state:
            # A stop-only image is the one second deploy there may be (DESIGN 3): it can but stop.
            if (held := state.hold) is not None and not terms.stop_only:
                words = (
                    f"on hold since {held.since} by {held.by}: {held.reason} A person looks and releases it"
                )
                raise RefusedError(423, f"{words}, {release_commands.both(str(self.settings.state))}.")
            if self.store.being_pruned():
                words = "no deploy begins while `smokedeploy agent prune` removes images; ask again after it."
                raise RefusedError(409, words)
            why = f"{deploy.asked.image} was asked for"
            self.store.audit("deploy.begun", who=deploy.by, why=why, deploy_id=deploy.key)
            state.current = deploy.asked
            hold.begun(self.store, state, deploy)

    def _run(self, deploy: Deploy, terms: Terms) -> None:
        kept = True
        try:
            self._five.do(deploy, terms)
            record = deploy.record(200, {"status": "deployed", **deploy.facts, "steps": deploy.steps})
            self._end(record)
        except Exception as error:  # noqa: BLE001 - whatever it was: nothing of it runs on, and it is told
            record = self._failed(deploy, error)
            kept = self._kept(record)
        with self._lock:
            self.control.under_way, self._last = None, record
        deploy.end(record)
        # Until it is kept nobody could release its hold: by the disk the deploy would be under way.
        while not kept and not self.control.closing.wait(_AGAIN_SECONDS):
            kept = self._kept(record)

    def _end(self, record: DeployRecord) -> None:
        """Write down how it ended, before it is answered."""
        keep_record(self.store, record)
        with self.store.changing() as state:
            if state.current is not None and state.current.key == record.key:
                state.current = None
        what = "deploy.deployed" if record.deployed else "deploy.failed"
        why = "all five steps were done" if record.deployed else str(record.body["reason"])
        self.store.audit(what, why=why, deploy_id=record.key)

    def _kept(self, record: DeployRecord) -> bool:
        """Write down how a failed deploy ended; False where that can't be kept now."""
        try:
            self._end(record)
        except StateError as error:
            _LOG.error("the end of a deploy can't be kept: %s", error)
            return False
        return True

    def _failed(self, deploy: Deploy, error: Exception) -> DeployRecord:
        said = [_words(error)]
        # Before its start what is there is another deploy's, and so is its lease.
        if deploy.started:
            said += self._stop_failed(deploy)
            try:
                self._five.look_at_what_is_left(deploy)
            except Exception as unread:  # noqa: BLE001 - whoever waits for the deploy's end must be told it
                said.append(f"What it wrote could not be read whole: {_words(unread)}")
        words = " ".join([*(f"{text.rstrip('.')}." for text in said[:-1]), said[-1]])
        body = {"status": "error", "reason": words, "step": str(deploy.asked.step), **deploy.facts}
        return deploy.record(500, {**body, "steps": deploy.steps})

    def _stop_failed(self, deploy: Deploy) -> list[str]:
        """Leave nothing of a failed deploy running; returns what could not be stopped.

        What ran is kept, with its log, until the next deploy removes it (step 3).
        """
        try:
            self.container.stop(deploy.key)
        except Exception as error:  # noqa: BLE001 - likewise, and it is stopped later
            why = _words(error)
            self.leases.left_over(deploy.key)
            self.store.tell("leftover.found", why=why, deploy_id=deploy.key)
            return [f"What it started could not be stopped: {why} The agent goes on trying; see the status."]
        self.leases.end(deploy.key)
        return []

    # -- stop ------------------------------------------------------------------------------

    def stop(self, deploy_id: str | None, by: str) -> str:
        """Stop the container; cancel a deploy in flight; returns the name of what was stopped.

        Args:
            deploy_id: stop only this deploy; None: whatever runs.
            by: who asks.

        Raises:
            RefusedError: the container is another deploy's, or nobody's we know.
            EngineError: it can't be stopped.
            StateError: it came before its deploy, and that can't be kept over the agent's end.

        """
        early = None
        with self._lock:
            if deploy_id is not None and self._known(deploy_id) is None:
                # From now on this deploy is refused.
                self._stopped.append(early := deploy_id)
            deploy = self.under_way
        if deploy is not None and deploy_id in {None, deploy.key}:
            deploy.cancel("the deploy was cancelled by a stop")
        name = self.settings.container_name
        with self.container.acting:
            while (state := self._meant(deploy_id)) is not None:
                key = key_of(state) if state.ours else ""
                if state.ours and deploy_id in {None, key}:
                    self.leases.stop(key, by, "a stop was asked for")
                    name, early = name_of(state, name), None
                else:
                    self._keep_stopped(early)
                    early = None
                    if not state.ours:
                        raise RefusedError(409, FOREIGN)
                    if state.alive:
                        raise RefusedError(409, _ANOTHERS)
                # A second one may run, where somebody started an old one under another name.
                if deploy_id is not None or not state.alive:
                    break
            self._keep_stopped(early)
        return name

    def _meant(self, deploy_id: str | None) -> ContainerState | None:
        """The container of a deploy; where there is none, or None is given, whichever is there."""
        return (deploy_id and self.container.look(deploy_id)) or self.container.look()

    def _keep_stopped(self, deploy_id: str | None) -> None:
        """Keep over the agent's end that a deploy which has not come yet is refused; None: nothing."""
        if deploy_id is not None:
            with self.store.changing() as kept:
                others = (one for one in kept.stopped if one != deploy_id)
                kept.stopped = (*others, deploy_id)[-_REMEMBERED:]

    # -- hold ------------------------------------------------------------------------------

    def passed(self, deploy_id: str, by: str) -> None:
        """A run reports that it passed: its own hold comes off.

        Raises:
            RefusedError: 409; the hold is another's, or the deploy can't have passed.
            EngineError: the engine can't tell what runs.
            StateError: the change can't be kept.

        """
        hold.passed(self.store, deploy_id, by, self.under_way, self.container.look())


def _words(error: Exception) -> str:
    """The text of an error for an answer; an unexpected one is logged, and only its type is answered."""
    if isinstance(error, SmokedeployError):
        return str(error)
    _LOG.error("a deploy ended unexpectedly", exc_info=error)
    return f"unexpected: {type(error).__name__}"
