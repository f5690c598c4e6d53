"""What outlives the agent: hold, lease, and the deploy or stop under way, in one file under STATE_PATH.

Every change is written beside the file, brought to the disk, and renamed over it, so that a crash at
any byte leaves the old state or the new one. Nothing is kept in memory: what a person changes on the
server (`smokedeploy agent release`) counts from then on.
"""

import fcntl
import json
import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from pytest_smokedeploy.agent.domain.audit_log import AuditLog
from pytest_smokedeploy.agent.domain.clock import Moment
from pytest_smokedeploy.agent.domain.files import StateError, kept, read_whole, replacing
from pytest_smokedeploy.agent.domain.locks import StateLock, exclusive, is_free, taken
from pytest_smokedeploy.agent.engines.base import utc_now
from pytest_smokedeploy.contract import DeployRequest, LastDeploy, StepName, Time

#: The actor where nobody called: the agent itself.
AGENT: Final = "agent"
#: Name of the state file in the folder STATE_PATH.
STATE_FILE: Final = "state.json"
#: Name of the file there that an agent locks as long as it runs.
CLAIM_FILE: Final = "agent"
#: Seconds that whoever looks at it is waited for (chosen: a look takes it for microseconds).
_CLAIM_SECONDS: Final = 0.5
_LOG: Final = logging.getLogger("smokedeploy.agent")


class _Kept(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Held(_Kept):
    """A hold. `person`: a passed outcome does not lift it any more, only a person does."""

    deploy_id: str | None
    since: Time
    by: str
    reason: str
    person: bool = False

    def told(self) -> dict[str, Any]:
        """The contract's `Hold`."""
        return self.model_dump(exclude={"person"}, exclude_none=True)


class Lease(_Kept):
    """How long the container of the deploy `key` may run: until `expires`, renewed no further than `ends`.

    `leftover`: it is what a failed deploy left and could not be stopped at once.
    """

    key: str
    expires: Moment
    ends: Moment
    leftover: bool = False


class Asked(_Kept):
    """What a deploy was asked for, and the step it is in.

    `key` is its id, or the agent's own name for one without.
    """

    key: str
    deploy_id: str | None
    image: str = ""
    environment: str = ""
    step: StepName = StepName.PULL

    def same(self, request: DeployRequest) -> bool:
        """Whether `request` asks for this deploy again; also where what was asked for is not known."""
        return not self.image or (self.image, self.environment) == (request.image, request.environment)


class Stopping(_Kept):
    """A stop under way: the container of the deploy `key`."""

    key: str
    by: str


class State(BaseModel):
    """The whole file; its parts are replaced, never changed.

    `current` is the deploy under way. `last_deploy`: None where there was none, "unknown" where the state
    was lost. `stopped`: deploys that were stopped before they were asked for, the last ones.
    """

    model_config = ConfigDict(extra="forbid")

    version: Literal[1] = 1
    hold: Held | None = None
    last_deploy: LastDeploy | Literal["unknown"] | None = "unknown"
    lease: Lease | None = None
    current: Asked | None = None
    stopping: Stopping | None = None
    stopped: tuple[str, ...] = ()

    def forget(self, key: str) -> None:
        """Remove the lease and the stop of the deploy `key`: its container does not run any more."""
        self.lease = self.lease if self.lease and self.lease.key != key else None
        self.stopping = self.stopping if self.stopping and self.stopping.key != key else None


class TakenError(StateError):
    """Another agent runs on this folder."""


def claimed(folder: Path) -> bool:
    """Whether an agent runs on this folder; False also where this user can't tell."""
    try:
        handle = os.open(folder / CLAIM_FILE, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


class Store:
    """The folder STATE_PATH: ``state.json``, the audit log, ``deploys/``.

    The agent claims it. For anybody else, such as a command, a state that is lost or damaged is an error.

    Args:
        folder: it.
        mask: takes every word of the audit log.

    Attributes:
        deploys: the folder of ended deploys, one file each.
        mask: as given.

    """

    def __init__(self, folder: Path, mask: Callable[[Any], Any] = lambda value: value) -> None:
        self.folder = folder
        self.deploys = folder / "deploys"
        self.mask = mask
        self._audit = AuditLog(folder)
        self._file = folder / STATE_FILE
        self._claim: int | None = None
        self._locked = StateLock(folder / "lock")
        self._prune = folder / "prune"
        self._lines: list[bytes] | None = None

    def claim(self) -> None:
        """Be the one agent of this folder until the process ends; make it, and its state, where it is new.

        From then on a state that is lost or damaged becomes a hold.

        Raises:
            TakenError: another agent is.
            StateError: the folder can't be made or written.

        """
        with kept(
            f"STATE_PATH {self.folder} can't be made", "Make the folder, writable for the agent alone."
        ):
            self.deploys.mkdir(mode=0o700, parents=True, exist_ok=True)
        with kept(f"{self.folder} can't be written"):
            handle = os.open(self.folder / CLAIM_FILE, os.O_RDWR | os.O_CREAT, 0o600)
        # Whoever looks whether an agent runs (`claimed`) has it for a moment.
        if not taken(handle, self.folder / CLAIM_FILE, time.monotonic() + _CLAIM_SECONDS):
            os.close(handle)
            words = f"another agent runs on STATE_PATH {self.folder}."
            raise TakenError(words, remedy="Stop it, or give this one a folder of its own.")
        self._claim = handle
        with self._locked():
            if not os.path.lexists(self._file) and not self._used():
                self._write(State(last_deploy=None), [])

    def _used(self) -> bool:
        """Whether anything is there that a first start does not find: then a state was lost."""
        with kept(f"{self.folder} can't be read"):
            kept_deploys, aside = any(self.deploys.iterdir()), any(self.folder.glob(_aside("*")))
            return self._audit.begun or kept_deploys or aside

    def read(self) -> State:
        """The state now. The agent sets an unreadable file aside and takes a hold, with an audit line.

        Raises:
            StateError: the folder can't be used, or the hold can't be written.

        """
        try:
            return self._load()
        except (ValidationError, StateError) as error:
            if self._claim is None:
                raise self._lost(error) from error
        with self._locked():
            return self._load_or_hold()

    @contextmanager
    def changing(self) -> Iterator[State]:
        """The state, to be changed in the block and kept at its end; a block that raises changes nothing.

        What the block tells the audit log stands there before the change counts, and not without it.

        Raises:
            StateError: it can't be read or written.

        """
        with self._locked():
            state = self._load_or_hold()
            before, lines = state.model_copy(), list[bytes]()
            self._lines = lines
            try:
                yield state
            finally:
                self._lines = None
            if state != before:
                self._write(state, lines)
            else:
                self._append(lines)

    @contextmanager
    def pruning(self) -> Iterator[None]:
        """No deploy begins during the block, and none is under way; nothing else waits for it.

        Raises:
            StateError: a deploy is under way, or the state can't be read.

        """
        with exclusive(self._prune):
            # Once it is locked: a deploy looks at the lock within the change by which it begins.
            with self.changing() as state:
                if state.current is not None:
                    words = "a deploy is under way, and its image may not be used by a container yet."
                    raise StateError(words, remedy="Prune once it has ended.")
            yield

    def being_pruned(self) -> bool:
        """Whether somebody is in `pruning`; to be asked within a change.

        Raises:
            StateError: that can't be told.

        """
        return not is_free(self._prune)

    def update(self, **fields: Any) -> None:  # noqa: ANN401 - State's own fields
        """Replace some fields."""
        with self.changing() as state:
            for name, value in fields.items():
                setattr(state, name, value)

    def audit(self, what: str, *, why: str, who: str = AGENT, deploy_id: str | None = None) -> None:
        """Append to the audit log who did what, when and why; on the disk before it returns.

        Within a change it is appended with the change.

        Raises:
            StateError: it can't be written.

        """
        row = {"time": utc_now(), "who": who, "what": what, "why": why}
        row |= {} if deploy_id is None else {"deploy_id": deploy_id}
        line = json.dumps(self.mask(row), ensure_ascii=False).encode("utf-8", "backslashreplace")
        with self._locked():
            if self._lines is None:
                self._append([line])
            else:
                self._lines.append(line)

    # -- as far as it can be kept: a stop is never given up for a full disk ------------------

    def keep(self, **fields: Any) -> None:  # noqa: ANN401 - State's own fields
        """Replace some fields; where that fails it is written to the agent's log."""
        with self.lenient():
            self.update(**fields)

    def tell(self, what: str, *, why: str, who: str = AGENT, deploy_id: str | None = None) -> None:
        """Write to the audit log; where that fails the line goes to the agent's log."""
        with self.lenient(f"{what} by {who} ({deploy_id}): {why}"):
            self.audit(what, who=who, why=why, deploy_id=deploy_id)

    def forget(self, key: str) -> None:
        """Remove the lease and the stop of the deploy `key`: its container does not run any more."""
        with self.lenient(), self.changing() as state:
            state.forget(key)

    @staticmethod
    @contextmanager
    def lenient(what: str = "") -> Iterator[None]:
        """Write to the agent's log what the block could not keep, and `what`."""
        try:
            yield
        except StateError as error:
            _LOG.error("not kept: %s %s", error, what)

    # -- inside ----------------------------------------------------------------------------

    def _load(self) -> State:
        # A missing file is no fresh start: empty bytes are invalid, and become a hold.
        return State.model_validate_json(read_whole(self._file) or b"")

    def _load_or_hold(self) -> State:
        try:
            return self._load()
        except (ValidationError, StateError) as error:
            if self._claim is None:
                raise self._lost(error) from error
            there, aside = os.path.lexists(self._file), self.folder / _aside(utc_now().replace(":", ""))
            if there:
                why = "was damaged" if isinstance(error, ValidationError) else f"could not be read ({error})"
                words = f"the state file {why}; it lies in {aside.name}"
            else:
                words = "the state file is gone"
            words += ". What was held, leased or deployed last is not known, so a person has to look."
            state = State(hold=Held(deploy_id=None, since=utc_now(), by=AGENT, reason=words, person=True))
            with replacing(self._file, state.model_dump_json().encode()):
                self.audit("hold.set", why=words)
                if there:
                    with kept(f"{self._file} can't be set aside"):
                        os.replace(self._file, aside)  # noqa: PTH105 - the same call as the one that writes
            return state

    def _lost(self, error: Exception) -> StateError:
        """The error of a command on a folder whose state it can't read."""
        then = "Where the agent's state was lost it takes a hold: start it, or ask its status, then release."
        if not os.path.lexists(self._file):
            words = f"{self.folder} holds no agent's state: there is no {STATE_FILE} in it."
            return StateError(words, remedy=f"Name the agent's own STATE_PATH. {then}")
        why = "is damaged." if isinstance(error, ValidationError) else f"can't be read ({error})"
        return StateError(f"{self._file} {why}", remedy=then)

    def _write(self, state: State, lines: list[bytes]) -> None:
        """Replace the state; the audit log has `lines` before it counts, and none where there is no room."""
        with replacing(self._file, state.model_dump_json().encode()):
            self._append(lines)

    def _append(self, lines: list[bytes]) -> None:
        if lines:
            self._audit.append(b"\n".join(lines))


def _aside(when: str) -> str:
    """The name of a state file that was set aside."""
    return f"state.damaged-{when}.json"
