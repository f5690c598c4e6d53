"""A server of a lane's own: an engine, the agent as a service, and the world that a live run meets."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Self

import yaml

from pytest_smokedeploy.rehearsal import World
from pytest_smokedeploy.rehearsal.world import Exchange
from pytest_smokedeploy.support.errors import EngineError
from tests.integration.agent.own_engine import OwnEngine
from tests.rehearsal.live.conftest import Live, lives
from tests.support.podman import Podman
from tests.support.small_disk import fill, small

#: Seconds: the shortest lease that settings take, the longest that this agent gives in all, and the time from
#: SIGTERM to SIGKILL (its default).
LEASE, LEASE_MAX, GRACE = 30, 60, 5
DEADLINES: Final = {"request_seconds": 5, "deploy_seconds": 30, "startup_seconds": 30, "stop_seconds": 10}
_SECONDS: Final = 60.0
#: As the unit file has it, in a tenth of the time.
_RESTART_SECONDS: Final = 0.5
_STATE_BYTES: Final = "2m"
#: Stands in the place of the agent while the world starts: tells the environment that the world gives it.
_HOLDER: Final = 'env -0 >"$0"; echo "{\\"port\\": $1}"; exec cat >/dev/null'
_REFERENCE: Final = World().script()
_LEAVE: Final = "leave() {\n"
#: How the runtime takes a SIGTERM, read when it comes.
_HOW: Final = """    read -r how <"$SNAPSHOTS_PATH/how"
    [ "$how" != deaf ] || return
    [ "$how" != slow ] || sleep 4
"""
_ENVIRON: Final = threading.Lock()


class StoppedError(Exception):
    """The soak was asked to end."""


class Service:
    """The agent, as a service manager runs it."""

    def __init__(self, environ: dict[str, str], log: Path) -> None:
        self._environ, self.log = environ, log
        self._process: subprocess.Popen[bytes] | None = None
        # When it last listened, or went on, seconds of the epoch.
        self.back = 0.0

    def start(self) -> None:
        """Start it until it listens: one that finds no engine leaves, and is started again."""
        deadline = time.monotonic() + _SECONDS
        while not self._started():
            if time.monotonic() > deadline:
                raise TimeoutError(self.log.read_text(errors="replace")[-2000:])
            threading.Event().wait(_RESTART_SECONDS)
        self.back = time.time()

    def _started(self) -> bool:
        command = [sys.executable, "-m", "pytest_smokedeploy.agent"]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command, env=self._environ, stdout=subprocess.PIPE, stderr=log, start_new_session=True
            )
        with self._process.stdout as pipe:  # type: ignore[union-attr]
            return bool(pipe.readline()) or self._process.wait(_SECONDS) is None

    def send(self, number: int) -> None:
        """Send it a signal."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(number)
        if number == signal.SIGCONT:
            self.back = time.time()

    def end(self, number: int) -> None:
        """End it by a signal."""
        self.send(number)
        if self._process is not None:
            self._process.wait(_SECONDS)

    def close(self) -> None:
        """End it in order, also while it is suspended; a lent container is stopped."""
        self.send(signal.SIGCONT)
        try:
            self.end(signal.SIGTERM)
        finally:
            self.end(signal.SIGKILL)


@dataclass
class Calls:
    """What arrived at the edge: (seconds of the epoch, method, path)."""

    rows: list[tuple[float, str, str]] = field(default_factory=list)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def heard(self, exchange: Exchange) -> bool:
        """Note a call, and let it through."""
        with self._changed:
            self.rows.append((time.time(), exchange.method, exchange.path))
            self._changed.notify_all()
        return False

    def wait(self, number: int, over: Callable[[], bool]) -> bool:
        """Wait for the call of this number; False where `over` comes first."""
        with self._changed:
            while len(self.rows) < number:
                if over():
                    return False
                self._changed.wait(0.05)
        return True

    def of(self, path: str) -> list[float]:
        """When this path was posted to."""
        return [at for at, method, there in self.rows if (method, there) == ("POST", path)]


class Server:
    """One lane's server; entered, it is up, with nothing deployed.

    Attributes:
        name: the container's.
        engine: the engine, which can be ended and started again.
        agent: the service.
        live: starts runs against it.
        calls: what arrived at the edge in this run.
        jobs: how GitHub says that the job of each run ended, None while it goes on.

    """

    def __init__(self, folder: Path, name: str, kind: str, stopping: threading.Event) -> None:
        self.folder, self.name, self._kind, self._stopping = folder, name, kind, stopping
        self.calls, self.jobs = Calls(), dict[str, str | None]()
        self.state = folder / "state"
        self._exit = ExitStack()

    def __enter__(self) -> Self:
        with self._exit:
            self._up()
            self._exit = self._exit.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._exit.close()

    def _up(self) -> None:
        place = self.folder / "e"
        self.folder.mkdir(parents=True)
        if self._kind == "podman":
            place.mkdir()
        self.engine = Podman(place) if self._kind == "podman" else OwnEngine(place)
        self._exit.callback(self.engine.close)
        self.engine.start()
        self._exit.enter_context(small(self.state, _STATE_BYTES))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        environ = self.folder / "agent.environ"
        world = World(
            engine="docker",
            runtime=_REFERENCE.replace(_LEAVE, _LEAVE + _HOW),
            intercept=self.calls.heard,
            github=self._github,
            agent_command=("/bin/sh", "-c", _HOLDER, str(environ), str(port)),
            agent_environ={
                "DOCKER_HOST": self.engine.host,
                "PORT": str(port),
                "STATE_PATH": str(self.state),
                "LEASE_MAX_SECONDS": str(LEASE_MAX),
                "STOP_GRACE_SECONDS": str(GRACE),
            },
        )
        make = self._exit.enter_context(lives(self.folder))
        changes = {"agent": {"container_name": self.name}, "deadlines": {**DEADLINES, "lease_seconds": LEASE}}
        with _ENVIRON:
            # The registry builds its image on the engine of the environment.
            before = os.environ.get("DOCKER_HOST")
            os.environ["DOCKER_HOST"] = self.engine.host
            try:
                self.live: Live = make(world, **changes)
            finally:
                os.environ.pop("DOCKER_HOST")
                os.environ.update({} if before is None else {"DOCKER_HOST": before})
        # The registry's port is known only now.
        settings = yaml.safe_load(self.live.settings.read_text())
        settings["image"]["repository"] = self.live.stack.image_repository
        self.live.settings.write_text(yaml.safe_dump(settings))
        rows = environ.read_text().split("\0")
        self.agent = Service(dict(row.split("=", 1) for row in rows if row), self.folder / "agent.log")
        self._exit.callback(self.agent.close)
        self.agent.start()

    def _github(self, path: str, status: int, body: Any) -> tuple[int, Any]:  # noqa: ANN401 - JSON
        found = re.search(r"/actions/runs/([0-9]+)/jobs$", path)
        if found is None or found[1] not in self.jobs:
            return status, body
        end = self.jobs[found[1]]
        job = {"id": 11, "run_id": int(found[1]), "run_attempt": 1, "name": "Smoke deploy in dev"}
        job |= {"status": "completed" if end else "in_progress", "conclusion": end, "completed_at": None}
        return 200, {"total_count": 1, "jobs": [job]}

    def pause(self, seconds: float) -> None:
        """Wait.

        Raises:
            StoppedError: the soak is to end.

        """
        if self._stopping.wait(seconds):
            raise StoppedError

    # -- what really is --------------------------------------------------------------------

    def containers(self) -> list[dict[str, Any]] | None:
        """What the engine knows of the containers of this name; None while it is away."""
        try:
            with self.engine.api.client(seconds=10) as client:
                rows = client.containers(all=True, filters={"name": self.name})
                return [row for row in (client.container(row["Id"]) for row in rows) if row is not None]
        except EngineError:
            return None

    def running(self) -> bool | None:
        """Whether a container of this name runs, by the engine; None while it is away."""
        rows = self.containers()
        return None if rows is None else any(row["State"]["Running"] for row in rows)

    def events(self, since: float) -> list[tuple[str, str]]:
        """(action, id) of each container of this name since then, as far as the engine remembers."""
        filters = {"type": "container", "container": self.name}
        with self.engine.api.client(seconds=10) as client:
            rows = client.events(since=since, until=time.time(), filters=filters, decode=True)
            return [(row["Action"].partition(":")[0], row["Actor"]["ID"]) for row in rows]

    def kept(self) -> dict[str, Any]:
        """The agent's state file; {} while there is none."""
        with suppress(OSError, ValueError):
            return dict(json.loads((self.state / "state.json").read_text()))
        return {}

    def audit(self, since: float) -> list[dict[str, Any]]:
        """Rows of the audit log since then."""
        rows = [json.loads(line) for line in (self.state / "audit.jsonl").read_text().splitlines()]
        return [row for row in rows if moment(row["time"]) >= since]

    # -- as a person and the workflow do -----------------------------------------------------

    def how(self, runtime: str) -> None:
        """Set how the runtime takes a SIGTERM."""
        (self.live.stack.folder / "mounts" / "snapshots" / "how").write_text(f"{runtime}\n")

    def release(self) -> str:
        """Take the hold off, as a person does on the server; returns why it stays, or ""."""
        if not self.kept().get("hold"):
            return ""
        done = self.live.command("agent", "release", "--state", str(self.state), "--reason", "the soak")
        return "" if done.returncode == 0 else done.stderr.strip()

    def sign(self, run_id: str) -> None:
        """Sign a run off, as a person does in the repository."""
        row = f"{{run: '{run_id}', by: a person, on: {datetime.now(UTC).date()}, finding: the soak}}"
        (self.live.settings.parent / "inspections.yml").write_text(f"inspections:\n  - {row}\n")

    def filled(self) -> None:
        """Fill the disk of the agent's state."""
        fill(self.state)

    def emptied(self) -> None:
        """Make room there again."""
        (self.state / "filler").unlink(missing_ok=True)


def moment(text: str) -> float:
    """Seconds since the epoch of an RFC 3339 time."""
    return datetime.fromisoformat(text).timestamp()
