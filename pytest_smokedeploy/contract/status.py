"""Answers to every call but a deploy and its log."""

from typing import Annotated, Literal

from pydantic import Field, StrictBool, StrictInt, StrictStr

from pytest_smokedeploy.contract.words import Answer, EngineState, Time

_Count = Annotated[int, Field(ge=0)]
_Said = Annotated[StrictStr, Field(pattern=r"\S")]


class Activity(Answer):
    """The engine's counters since the container's start."""

    cpu_seconds: Annotated[float, Field(ge=0)] | None = None
    """Processor seconds that its processes have used since its start. Null where the engine can't tell."""
    network_tx_bytes: _Count | None = None
    """Bytes that it has sent. Null where the engine can't tell."""
    network_rx_bytes: _Count | None = None
    """Bytes that it has received. Null where the engine can't tell."""
    processes: _Count | None = None
    """Processes that it has now. Null where the engine can't tell."""


class Hold(Answer):
    """The hold for which deploys are answered 423."""

    deploy_id: StrictStr | None = None
    """Id of the deploy that took it. Absent where that deploy had none, or is not known."""
    since: Time
    """When it was taken, by the server's clock."""
    by: StrictStr
    """Whose call took it, as Access names the caller."""
    reason: StrictStr
    """Why, in one sentence."""
    state_path: StrictStr | None = None
    """The agent's STATE_PATH, for the command that releases the hold. Absent where the agent does not tell
    it."""


class Released(Answer):
    """The release of a deploy's hold by a person."""

    who: _Said
    """Who released the hold."""
    when: Time
    """When, by the server's clock."""
    why: _Said
    """The reason that was given."""


class LastDeploy(Answer):
    """The last smoke deploy, failed or not."""

    deploy_id: _Said
    """The deploy's id."""
    run_id: StrictStr | None = None
    """Its run at GitHub. Null where the request named none."""
    released: Released | None = None
    """The release of its hold by a person. Absent where nobody released it."""


class Status(Answer):
    """200 to ``GET /v1/status``."""

    container_name: StrictStr
    """The container's name; the agent's own `CONTAINER_NAME` without a container."""
    running: StrictBool
    """Whether its processes run now: false while it is paused, and without a container."""
    state: EngineState | None = None
    """Its state in Docker's terms, `absent` without a container. Absent at an agent without the extension
    `status`."""
    image: StrictStr | None = None
    """The image as it was asked for, with its tag. Absent without a container."""
    started_at: Time | None = None
    """When it was started, by the server's clock. Absent without a container; null where it never started."""
    extensions: list[StrictStr] | None = None
    """The extensions of the base contract that the agent has. Absent at an agent that has none."""
    container_id: StrictStr | None = None
    """The engine's id of it. Absent without a container, or at an agent without the extension `status`."""
    image_digest: StrictStr | None = None
    """Digest of its image, `sha256:...`. Absent without a container, or at an agent without the extension
    `status`; null where the engine knows none."""
    exit_code: StrictInt | None = None
    """Exit code of its main process. Absent without a container, or at an agent without the extension
    `status`; null while it runs, where an engine may tell 0 too."""
    restart_count: StrictInt | None = None
    """How often the engine itself started it again. Absent without a container, or at an agent without the
    extension `status`."""
    oom_killed: StrictBool | None = None
    """Whether the kernel ended it for lack of memory. Absent without a container, or at an agent without the
    extension `status`."""
    environment: StrictStr | None = None
    """The environment that the agent serves. Absent at an agent without the extension `status`."""
    execution_plane: StrictStr | None = None
    """The `EXECUTION_PLANE` that the agent starts a container with. Absent at an agent without the extension
    `status`."""
    deploy_id: StrictStr | None = None
    """Id of the deploy that made it. Absent without a container, or at an agent without the extension
    `status`; null where the request had none."""
    lease_expires_at: Time | None = None
    """When the agent stops it itself unless the lease is renewed, by the server's clock. Absent without a
    container, or at an agent without the extension `lease`; null where none is under way."""
    hold: Hold | None = None
    """The hold for which deploys are refused. Null while there is none. Absent at an agent without the
    extension `hold`."""
    last_deploy: LastDeploy | None = None
    """The last smoke deploy, failed or not. Null where there was none. Absent where the agent does not know
    it."""
    activity: Activity | None = None
    """The engine's counters. Absent without a container, or at an agent without the extension `activity`;
    null while it does not run, or where the engine can't tell."""


class Stopped(Answer):
    """200 to ``POST /v1/stop``; also where there is no container."""

    status: Literal["stopped"]
    container_name: StrictStr


class Leased(Answer):
    """200 to ``POST /v1/lease``: when the agent stops the container itself, by the server's clock."""

    deploy_id: StrictStr
    lease_expires_at: Time


class OutcomeTaken(Answer):
    """200 to ``POST /v1/outcome`` and ``POST /v1/hold/release``: no hold is left."""

    status: Literal["released"]


class Health(Answer):
    """200 to ``GET /health``."""

    status: Literal["ok"]
    """The agent answers."""
    environment: StrictStr
    """The environment that the agent serves."""


class PreflightMount(Answer):
    """One mount source on the server."""

    name: StrictStr
    """The mount's name: `audit-events`, `snapshots`, or one of the agent's `MOUNTS`."""
    source: StrictStr
    """Its folder on the server."""
    target: StrictStr | None = None
    """Its folder in the container. Absent where the agent does not tell it."""
    exists: StrictBool
    """Whether that is a folder."""
    writable: StrictBool
    """Whether the agent's user may write there, by its mode."""


class PreflightDatabase(Answer):
    """The database as the agent reaches it."""

    reachable: StrictBool
    """Whether the agent reached it."""
    applied: list[StrictStr] | None = None
    """The versions of the applied migrations, in order. Absent where it was not reached; null where they
    can't be read."""
    reason: StrictStr | None = None
    """Why it was not reached, or the migrations not read. Absent where both were."""


class PreflightEngine(Answer):
    """The container engine, by a ping."""

    kind: StrictStr
    """The engine, as the agent's `ENGINE` names it."""
    reachable: StrictBool
    """Whether it answers."""
    version: StrictStr | None = None
    """Its version. Absent where it does not answer."""
    reason: StrictStr | None = None
    """Why it does not answer. Absent where it does."""


class PreflightContainer(Answer):
    """The agent's container, by the name that it has now; else what has the agent's name, `ours` false."""

    name: StrictStr
    """The name of the container."""
    ours: StrictBool
    """Whether the agent made it; false where another container has the agent's name."""


class Preflight(Answer):
    """200 to ``GET /v1/preflight``, read-only."""

    environment: StrictStr
    """The environment that the agent serves."""
    execution_plane: StrictStr | None = None
    """The `EXECUTION_PLANE` that the agent starts a container with. Absent where the agent does not tell
    it."""
    container_name: StrictStr | None = None
    """The agent's own `CONTAINER_NAME`. Absent where the agent does not tell it."""
    images: list[StrictStr] | None = None
    """What it deploys: repositories, and whole references of images that only stop. Absent where the agent
    does not tell it."""
    mounts: list[PreflightMount]
    """The folders on the server that a container gets."""
    env: list[StrictStr]
    """Names of the variables that a container gets beside those of a deploy's `env`; no value is told."""
    ci_env: list[StrictStr] | None = None
    """Names that a deploy's `env` may set. Absent where the agent does not tell them."""
    engine: PreflightEngine
    """The container engine, by a ping."""
    container: PreflightContainer | None = None
    """The container that is there under the agent's name. Null where none is, or the engine can't be
    asked."""
    database: PreflightDatabase | None = None
    """The database as the agent reaches it. Null where the agent has none configured."""
    hold: Hold | None = None
    """The hold for which deploys are refused. Null while there is none. Absent at an agent without the
    extension `hold`."""
