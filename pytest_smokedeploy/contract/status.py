"""Answers to every call but a deploy and its log."""

from typing import Annotated, Literal

from pydantic import Field, StrictBool, StrictInt, StrictStr

from pytest_smokedeploy.contract.words import Answer, EngineState, Time

_Count = Annotated[int, Field(ge=0)]
_Said = Annotated[StrictStr, Field(pattern=r"\S")]


class Activity(Answer):
    """The engine's counters since the container's start; None where the engine has no such counter."""

    cpu_seconds: Annotated[float, Field(ge=0)] | None = None
    network_tx_bytes: _Count | None = None
    network_rx_bytes: _Count | None = None
    processes: _Count | None = None


class Hold(Answer):
    """The hold for which deploys are answered 423.

    `state_path` is the agent's own STATE_PATH, for the command that releases the hold on the server.
    """

    deploy_id: StrictStr | None = None
    since: Time
    by: StrictStr
    reason: StrictStr
    state_path: StrictStr | None = None


class Released(Answer):
    """The release of a deploy's hold by a person."""

    who: _Said
    when: Time
    why: _Said


class LastDeploy(Answer):
    """The last smoke deploy, failed or not; `run_id` null where the request named none."""

    deploy_id: _Said
    run_id: StrictStr | None = None
    released: Released | None = None


class Status(Answer):
    """200 to ``GET /v1/status``; without a container `running` is false.

    `state` (extension `status`) says of a container that does not run whether it is stopped.
    """

    container_name: StrictStr
    running: StrictBool
    state: EngineState | None = None
    image: StrictStr | None = None
    started_at: Time | None = None
    extensions: list[StrictStr] | None = None
    container_id: StrictStr | None = None
    image_digest: StrictStr | None = None
    exit_code: StrictInt | None = None
    restart_count: StrictInt | None = None
    oom_killed: StrictBool | None = None
    environment: StrictStr | None = None
    execution_plane: StrictStr | None = None
    deploy_id: StrictStr | None = None
    lease_expires_at: Time | None = None
    hold: Hold | None = None
    last_deploy: LastDeploy | None = None
    activity: Activity | None = None


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
    environment: StrictStr


class PreflightMount(Answer):
    """One mount source on the server."""

    name: StrictStr
    source: StrictStr
    exists: StrictBool
    writable: StrictBool


class PreflightDatabase(Answer):
    """The database as the agent reaches it; `applied` lists the migrations in order."""

    reachable: StrictBool
    applied: list[StrictStr] | None = None
    reason: StrictStr | None = None


class PreflightEngine(Answer):
    """The container engine, by a ping."""

    kind: StrictStr
    reachable: StrictBool
    version: StrictStr | None = None
    reason: StrictStr | None = None


class PreflightContainer(Answer):
    """The agent's container, by the name that it has now; else what has the agent's name, `ours` false."""

    name: StrictStr
    ours: StrictBool


class Preflight(Answer):
    """200 to ``GET /v1/preflight``, read-only.

    `database` is null where the agent has none configured, `container` where none is there or the engine
    can't be asked.
    """

    environment: StrictStr
    execution_plane: StrictStr | None = None
    mounts: list[PreflightMount]
    env: list[StrictStr]
    engine: PreflightEngine
    container: PreflightContainer | None = None
    database: PreflightDatabase | None = None
    hold: Hold | None = None
