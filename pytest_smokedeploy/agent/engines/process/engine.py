"""A process in the place of a container: for rehearsals alone.

An "image" is a script ``<store>/<host>/<path>/<tag>/run``, its digest the script's SHA-256. The
child gets its own environment and nothing inherited, no standard input, and a session of its own.
It isolates nothing else; a server runs Docker.
"""

import hashlib
import os
import signal
import subprocess
import uuid
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from typing import Final

from pytest_smokedeploy.agent.engines import base
from pytest_smokedeploy.agent.engines.log_limit import FILE_BYTES, limited
from pytest_smokedeploy.agent.engines.process.procfs import session_activity
from pytest_smokedeploy.agent.engines.process.spool import Spool
from pytest_smokedeploy.contract import Activity, EngineEvent, EngineState, Limits
from pytest_smokedeploy.support.errors import EngineError
from pytest_smokedeploy.support.image import ImageReference

_PATH: Final = "/usr/local/bin:/usr/bin:/bin"
#: Containers whose events are kept, the last ones.
_RECORDS: Final = 8


@dataclass(frozen=True, slots=True)
class _Recorded:
    """The events of the container with these labels, in order."""

    labels: Mapping[str, str]
    events: list[EngineEvent] = field(default_factory=list)

    def tell(self, action: str, exit_code: int | None = None) -> None:
        """Add an event that happened now."""
        self.events.append(EngineEvent(time=base.utc_now(), action=action, exit_code=exit_code))


@dataclass(slots=True)
class _Child:
    """One started process, its output, its events, and what it was started with."""

    process: subprocess.Popen[bytes]
    spec: base.ContainerSpec
    digest: str
    container_id: str
    started_at: str
    record: _Recorded
    output: Spool = field(init=False)
    collecting: Thread = field(init=False)

    def __post_init__(self) -> None:
        most = self.spec.limits.log_characters
        self.output = Spool(None if most is None else most * FILE_BYTES)
        self.collecting = Thread(target=self._collect, daemon=True)
        self.collecting.start()

    def _collect(self) -> None:
        """Take both streams; end the log once they and the process have ended."""
        pipes = {"stdout": self.process.stdout, "stderr": self.process.stderr}
        readers = [Thread(target=self.output.fill, args=pipe, daemon=True) for pipe in pipes.items()]
        for reader in readers:
            reader.start()
        self.process.wait()
        self.record.tell("die", self.exit_code)
        for reader in readers:
            reader.join()
        self.output.end()

    @property
    def exit_code(self) -> int | None:
        """None while it runs; of one that a signal ended 128 and its number, as of a container."""
        code = self.process.poll()
        return 128 - code if code is not None and code < 0 else code


class ProcessEngine:
    """Runs one script at a time.

    Args:
        store: folder of the "images".

    """

    def __init__(self, store: Path) -> None:
        self._store = store
        self._child: _Child | None = None
        self._records: deque[_Recorded] = deque(maxlen=_RECORDS)
        self._pulled: dict[str, Path] = {}

    def ping(self) -> str:
        """The engine's version: it is part of this agent."""
        if not self._store.is_dir():
            raise EngineError(f"The store of process images {self._store.name} is missing.")
        return "rehearsal"

    def away(self, closing: Event, started: Callable[[], None]) -> bool:  # noqa: ARG002 - nobody else starts one
        """It goes away with this agent alone."""
        closing.wait()
        return False

    def pull(self, image: str, cancelled: Event | None = None, progress: base.Progress = None) -> str | None:  # noqa: ARG002 - it takes no time
        """Look the script up; returns the SHA-256 of its bytes."""
        reference = ImageReference.parse(image)
        folder = self._store / reference.host.replace(":", "_") / reference.path
        script = folder / (reference.tag or "") / "run"
        if not reference.tag or not script.is_file():
            raise EngineError(f"no such image: {image}", remedy="Build and push it first.")
        self._pulled[image] = script
        return _digest(script)

    def inspect(self, labels: Mapping[str, str] = base.NO_LABELS) -> base.ContainerState | None:
        """The child, or None."""
        child = self._child
        if child is None or not labels.items() <= child.spec.labels.items():
            return None
        code = child.exit_code
        return base.ContainerState(
            container_id=child.container_id,
            image=child.spec.image,
            digest=child.digest,
            state=EngineState.RUNNING if code is None else EngineState.EXITED,
            started_at=child.started_at,
            exit_code=code,
            ours=True,
            labels=child.spec.labels,
        )

    def alive(self) -> list[base.ContainerState]:
        """The child, while it runs."""
        there = self.inspect()
        return [there] if there is not None and there.alive else []

    def stop(self, grace_seconds: int, container_id: str = "") -> None:  # noqa: ARG002 - there is but one
        """SIGTERM, the grace, SIGKILL to the whole group."""
        child = self._child
        if child is None:
            return
        if child.process.poll() is None:
            child.record.tell("kill")
            child.process.terminate()
            try:
                child.process.wait(grace_seconds)
            except subprocess.TimeoutExpired:
                child.record.tell("kill")
        # What the runtime left behind in its session goes too, even when it left in order itself.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(child.process.pid, signal.SIGKILL)
        child.process.wait()
        child.collecting.join(5.0)

    def remove(self, container_id: str = "") -> None:  # noqa: ARG002 - likewise
        """Forget the stopped child."""
        if self._child is not None and self._child.process.poll() is None:
            raise EngineError("it still runs")
        self._child = None

    def start(self, spec: base.ContainerSpec, cancelled: Event | None = None) -> base.CreatedContainer:  # noqa: ARG002 - making it is starting it
        """Start the script as a child of its own session.

        Nothing is mounted: the child finds each source folder where it lies, by its environment. Its network
        is the machine's, whatever `spec` asks for.
        """
        if self._child is not None:
            raise EngineError("the name is taken")
        script = self._pulled[spec.image]
        for mount in spec.mounts:
            if not Path(mount.source).is_dir():
                raise EngineError(f"the mount {mount.name} has no source folder")
            if not os.access(mount.source, os.W_OK | os.X_OK):
                raise EngineError(f"the mount {mount.name} is not writable")
        record = _Recorded(dict(spec.labels))
        record.tell("create")
        try:
            process = subprocess.Popen(  # noqa: S603 - the store's own script, chosen by the grammar
                ["/bin/sh", str(script)],
                env={"PATH": _PATH, **spec.env},
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            raise EngineError(f"it can't be started: {error.strerror}") from error
        record.tell("start")
        started = base.utc_now()
        self._child = _Child(process, spec, _digest(script), uuid.uuid4().hex, started, record)
        self._records.append(record)
        # PATH is this engine's own, as an image's would be; a child inherits nothing else.
        env = tuple(spec.env.items())
        # It holds no other limit: an rlimit bounds one process or a user, and never this runtime.
        held = Limits(log_characters=spec.limits.log_characters)
        return base.CreatedContainer(env, spec.mounts, network="host", health_check=False, limits=held)

    def logs(self, since: str | None, *, follow: bool, container_id: str = "") -> base.Log:  # noqa: ARG002 - likewise
        """Every line so far, then, following, each as it comes, until the process and its output ended."""
        child = self._child
        if child is None:
            return base.LogEnd(None)
        most = child.spec.limits.log_characters
        return (yield from limited(_whole(child, since, follow=follow), most, follow=follow))

    def remove_image(self, image: str) -> bool:  # noqa: ARG002 - nothing was copied at its pull
        """False: the store's scripts are whoever's who put them there."""
        return False

    def activity(self) -> Activity | None:
        """Counters of the child's session; None where nothing runs."""
        child = self._child
        if child is None or child.exit_code is not None:
            return None
        return session_activity(child.process.pid)

    def events(self, labels: Mapping[str, str]) -> base.ToldEvents:
        """What this engine did itself: create, start, kill and die."""
        records = [one for one in self._records if labels.items() <= one.labels.items()]
        return base.ToldEvents(tuple(event for one in records for event in one.events))


def _whole(child: _Child, since: str | None, *, follow: bool) -> base.Log:
    yield from child.output.read(since, follow=follow)
    code = child.exit_code
    return None if code is None else base.LogEnd(code)


def _digest(script: Path) -> str:
    return f"sha256:{hashlib.sha256(script.read_bytes()).hexdigest()}"
