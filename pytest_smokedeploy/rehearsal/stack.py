"""The stack that starts the parts of a rehearsal's world, and stops them, also after half a start."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Self

import httpx

from pytest_smokedeploy import contract
from pytest_smokedeploy.agent.engines.registry import ENGINES
from pytest_smokedeploy.rehearsal import database
from pytest_smokedeploy.rehearsal.access import Team
from pytest_smokedeploy.rehearsal.agent_process import AgentProcess
from pytest_smokedeploy.rehearsal.edge import NO_TLS, Edge
from pytest_smokedeploy.rehearsal.github import GitHub
from pytest_smokedeploy.rehearsal.server import serving
from pytest_smokedeploy.rehearsal.world import World
from pytest_smokedeploy.settings import Options, Settings, load
from pytest_smokedeploy.settings.model import DEPLOY_WORKFLOW, MODEL_MOUNTS
from pytest_smokedeploy.settings.resolve import find_root
from pytest_smokedeploy.support.errors import SettingsError
from pytest_smokedeploy.support.image import ImageReference

REPOSITORY: Final = "rehearsal/repository"
_RUN_ID: Final = "1"


def healthy(folder: Path, options: Options, runtime: str | None = None) -> Stack:
    """A healthy world for these options, not yet started; `runtime` is a script in the runtime's place."""
    if options.engine not in ENGINES:
        words = f"an engine is one of {', '.join(ENGINES)}, and not {options.engine!r}."
        raise SettingsError(words, file="--smokedeploy-engine")
    world = World(engine=options.engine, runtime=runtime)
    return Stack(world, folder, load(options.settings_file()), options.settings_file().parent)


@dataclass(eq=False)
class Stack:
    """A world's parts on loopback ports that the system chooses.

    Args:
        world: what it is like.
        folder: its files go here.
        settings: the gate's settings: container name, mounts, migrations.
        settings_folder: the settings file's folder, in the repository whose workflow GitHub serves.
        tls: certificate and key of the edge and of GitHub's stand-in, or None for plain http.

    Attributes:
        environ: the client's whole environment.
        image_repository: where the runtime's image lies.
        image_tag: its tag, a commit's SHA.
        phase_folder: phase ledger and sign-offs.

    """

    world: World
    folder: Path
    settings: Settings
    settings_folder: Path
    tls: tuple[Path, Path] | None = None

    def __post_init__(self) -> None:
        self.image_tag = secrets.token_hex(20)
        self.image_repository = self.settings.image.repository
        self.phase_folder = self.folder / "phase"
        self.environ: dict[str, str] = {}
        self._exit = ExitStack()
        self._token = (f"{secrets.token_hex(16)}.access", secrets.token_hex(32))
        self._github_token = secrets.token_hex(20)
        self._agent: AgentProcess | None = None
        self._team = Team("")
        self._edge = Edge(self.world, self._team, self._token)

    # -- up and down -----------------------------------------------------------------------

    def start(self) -> None:
        """Start everything.

        Raises:
            SmokedeployError: a part did not come up; nothing is left of the others.

        """
        with ExitStack() as undo:
            undo.callback(self.stop)
            self._start()
            undo.pop_all()

    def stop(self) -> None:
        """Take everything down; safe to call twice."""
        self._exit.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def requests(self) -> list[tuple[str, str]]:
        """What reached the agent: (method, path), in order."""
        return list(self._edge.requests)

    @property
    def agent_pid(self) -> int | None:
        """The agent's process id."""
        return self._agent.pid if self._agent else None

    def person(self, email: str) -> str:
        """A person's token for the agent's application, as ``cloudflared access token`` prints it."""
        return self._team.person(email)

    def running(self) -> bool:
        """Whether the agent, asked past the edge, reports a running runtime; False without an agent."""
        return self.status().get("running") is True

    def status(self) -> dict[str, Any]:
        """The agent's status, asked past the edge; {} without an agent."""
        if not (self._agent and self._agent.alive and self._edge.origin):
            return {}
        headers = {contract.ASSERTION_HEADER: self._team.assertion("rehearsal")}
        url = f"{self._edge.origin}{contract.STATUS}"
        answer = httpx.get(url, headers=headers, timeout=10, trust_env=False, verify=NO_TLS)
        told: dict[str, Any] = answer.json()
        return told

    def _start(self) -> None:
        for name in ("phase", "store"):
            (self.folder / name).mkdir(parents=True)
        for mount in self.settings.mounts:
            folder = self._mounted(mount.name)
            folder.mkdir(parents=True)
            # A container's root without capabilities writes as any other user: the folder above is private.
            folder.chmod(0o777)
        self._write_phase()
        # The edge's address is the team's too, and both are known only once its port is.
        edge = self._exit.enter_context(serving(self._edge.app))
        self._team.address = f"http://127.0.0.1:{edge}"
        if self.tls:
            edge = self._exit.enter_context(serving(self._edge.app, self.tls))
        github = GitHub(
            world=self.world,
            repository=REPOSITORY,
            token=self._github_token,
            commits=(self.image_tag,),
            workflow=find_root(self.settings_folder) / DEPLOY_WORKFLOW,
            run_id=_RUN_ID,
            known_good=self.settings.image.known_good_workflow,
        )
        hub = self._exit.enter_context(serving(github.app(), self.tls))
        file = self.folder / "database.sqlite"
        database.create(file, self.settings.database, self.settings_folder, self.world.applied)
        self._push_image()
        if self.world.agent:
            self._edge.origin = f"http://127.0.0.1:{self._start_agent()}"
        self._fill_environ(edge, hub)

    # -- the agent -------------------------------------------------------------------------

    def _mounted(self, name: str) -> Path:
        return self.folder / "mounts" / name

    def _start_agent(self) -> int:
        """Start the real agent, or the world's own, as a process of its own; returns its port."""
        environ = {name: os.environ[name] for name in ("PATH", "DOCKER_HOST") if name in os.environ}
        environ |= {
            "PYTHONUNBUFFERED": "1",
            "ENVIRONMENT": "dev",
            "CONTAINER_NAME": self.settings.agent.container_name,
            "AUDIT_EVENTS_PATH": str(self._mounted("audit-events")),
            "SNAPSHOTS_PATH": str(self._mounted("snapshots")),
            "ALLOWED_IMAGES": self.image_repository,
            "CF_ACCESS_TEAM_DOMAIN": self._team.address,
            "CF_ACCESS_AUD": self._team.audience,
            "PORT": "0",
            "ENGINE": self.world.engine,
            "PROCESS_STORE": str(self.folder / "store"),
            "DATABASE_URL": f"sqlite:///{self.folder / 'database.sqlite'}",
            "STATE_PATH": str(self.folder / "state"),
            "DATABASE_TABLE": self.settings.database.migrations_table.rpartition(".")[2],
        }
        if self.settings.runtime.injected_by == "ci":
            environ["RUNTIME_ENV_KEYS"] = ",".join(self.settings.runtime.environment)
        else:
            file = self.folder / "runtime.env"
            rows = [f"{name}={value}\n" for name, value in self.settings.runtime.environment.items()]
            file.write_text("".join(rows), encoding="utf-8")
            environ["RUNTIME_ENV_FILE"] = str(file)
        mounts = {mount.name: mount.target for mount in self.settings.mounts}
        environ |= {f"{name.replace('-', '_').upper()}_TARGET": mounts.pop(name) for name in MODEL_MOUNTS}
        further = (f"{name}={self._mounted(name)}:{target}" for name, target in mounts.items())
        environ["MOUNTS"] = ", ".join(further)
        if self.settings.shutdown.image is not None:
            environ["STOP_ONLY_IMAGES"] = self.settings.shutdown.image
        ours = (sys.executable, "-m", "pytest_smokedeploy.agent", "--exit-with-stdin")
        environ = _changed(environ, self.world.agent_environ)
        self._agent = AgentProcess(self.world.agent_command or ours, environ, self.folder / "agent.log")
        self._exit.callback(self._agent.stop)
        return self._agent.port()

    # -- what the client is given ----------------------------------------------------------

    def _push_image(self) -> None:
        if ENGINES[self.world.engine].isolated:
            from pytest_smokedeploy.rehearsal.registry import Registry  # noqa: PLC0415 - engines that pull alone

            registry = Registry(self.folder / "registry")
            self._exit.callback(registry.stop)
            registry.start()
            registry.sweep(self.settings.agent.container_name)
            path = ImageReference.parse(self.settings.image.repository).path
            self.image_repository = f"localhost:{registry.port}/{path}"
            registry.push(self.image_repository, self.image_tag, self.world.script())
            return
        self._store(f"{self.image_repository}:{self.image_tag}", self.world.script())
        if self.settings.shutdown.image:
            self._store(self.settings.shutdown.image, "exit 0\n")

    def _store(self, image: str, script: str) -> None:
        """Write an image of the process engine into its store."""
        reference = ImageReference.parse(image)
        folder = self.folder / "store" / reference.host.replace(":", "_") / reference.path
        file = folder / (reference.tag or "latest") / "run"
        file.parent.mkdir(parents=True)
        file.write_text(script, encoding="utf-8")

    def _fill_environ(self, edge: int, github: int) -> None:
        scheme, host = ("https", "localhost") if self.tls else ("http", "127.0.0.1")
        workflow = f"{REPOSITORY}/{DEPLOY_WORKFLOW}@refs/heads/main"
        self.environ = {
            "SMOKEDEPLOY_ENVIRONMENT": "dev",
            "SMOKEDEPLOY_IMAGE_TAG": self.image_tag,
            "DEPLOY_ENDPOINT": f"{scheme}://{host}:{edge}",
            "CF_ACCESS_CLIENT_ID": self._token[0],
            "CF_ACCESS_CLIENT_SECRET": self._token[1],
            "DATABASE_URL": f"sqlite:///{self.folder / 'database.sqlite'}",
            "GITHUB_ACTIONS": "true",
            "GITHUB_TOKEN": self._github_token,
            "GITHUB_API_URL": f"{scheme}://{host}:{github}",
            "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_EVENT_NAME": "workflow_dispatch",
            "GITHUB_WORKFLOW_REF": workflow,
            "GITHUB_WORKFLOW_SHA": self.image_tag,
            "GITHUB_RUN_ID": _RUN_ID,
            "GITHUB_RUN_ATTEMPT": "1",
            "GITHUB_ACTOR": "rehearsal",
            "GITHUB_REF": "refs/heads/main",
            "GITHUB_SHA": self.image_tag,
        }
        # A required secret that the world knows nothing of still has to be set.
        for name in self.settings.secrets:
            self.environ.setdefault(name, secrets.token_hex(16))
        self.environ = _changed(self.environ, self.world.environ)

    def _write_phase(self) -> None:
        day = datetime.now(UTC).date()
        step = f"{{done_on: {day}, by: rehearsal, evidence: a rehearsal}}"
        steps = "".join(f"  {number}: {step}\n" for number in range(1, 5))
        until = day + timedelta(days=1)
        database_ = f"{{what: exists and is migrated, by: rehearsal, on: {day}, until: {until}}}"
        healthy_ = f"steps:\n{steps}attestations:\n  database: {database_}\n"
        names = self.settings.phase
        for name, given, default in (
            (names.ledger, self.world.phase, healthy_),
            (names.inspections, self.world.inspections, "inspections: []\n"),
        ):
            text = default if given is None else given
            (self.phase_folder / name).write_text(text, encoding="utf-8")


def _changed(environ: Mapping[str, str], changes: Mapping[str, str | None]) -> dict[str, str]:
    """`environ` with `changes` over it, without the variables that they set to None."""
    return {name: value for name, value in {**environ, **changes}.items() if value is not None}
