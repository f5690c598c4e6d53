"""What travels to and from a Deploy Agent (DESIGN 4), as pydantic models.

The seam between the gate and the agent: both sides import it, and never each other.
Answers may carry fields this version does not know; requests may not.
"""

from __future__ import annotations

import re
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool, StrictInt, StrictStr

DEPLOY: Final = "/v1/deploy"
STATUS: Final = "/v1/status"
STOP: Final = "/v1/stop"
HEALTH: Final = "/health"
LOGS: Final = "/v1/logs"
PREFLIGHT: Final = "/v1/preflight"
DEPLOYS: Final = "/v1/deploys"
LEASE: Final = "/v1/lease"
OUTCOME: Final = "/v1/outcome"
HOLD_RELEASE: Final = "/v1/hold/release"

NDJSON: Final = "application/x-ndjson"
ASSERTION_HEADER: Final = "Cf-Access-Jwt-Assertion"
HEARTBEAT_SECONDS: Final = 10
PREFER: Final = "Prefer"
RESPOND_ASYNC: Final = "respond-async"
#: Statuses by which an agent says that it did nothing: no stop is owed (DESIGN 3).
DEFINITE_NO: Final = frozenset({400, 401, 403, 404, 405, 409, 413, 423})

_GO_TIME = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?P<fraction>\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)",
)


def parse_time(text: object) -> datetime:
    """An RFC 3339 time with up to nine fractional digits as an aware datetime.

    Raises:
        ValueError: not a string, or not such a time (Go's zero time counts as none).

    """
    if not isinstance(text, str) or not _GO_TIME.fullmatch(text):
        raise ValueError(f"not an RFC 3339 time: {text!r}")
    # datetime keeps microseconds; what Docker adds beyond them is cut.
    moment = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text))
    if moment.year <= 1:
        raise ValueError("Go's zero time: it never started")
    return moment


def _checked_time(text: str) -> str:
    parse_time(text)
    return text


Time = Annotated[StrictStr, AfterValidator(_checked_time)]


class Extension(StrEnum):
    """Extensions of the base contract, as `status.extensions` lists them."""

    RECEIPT = "receipt"
    STATUS = "status"
    ASYNC = "async"
    LEASE = "lease"
    HOLD = "hold"
    LOGS = "logs"
    PREFLIGHT = "preflight"
    ACTIVITY = "activity"


class StepName(StrEnum):
    """The five steps of a deploy, in the model's order."""

    PULL = "pull"
    STOP = "stop"
    REMOVE = "remove"
    START = "start"
    RUNNING = "running"


STEPS: Final = tuple(StepName)


class Outcome(StrEnum):
    """How a step ended; `absent` where there was nothing to stop or remove."""

    DONE = "done"
    ABSENT = "absent"
    FAILED = "failed"


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Answer(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True)


class Run(_Request):
    """Who asks: the CI run that a deploy belongs to."""

    repository: Annotated[StrictStr, Field(max_length=256)] = ""
    # Repository, file and ref: a branch's name alone may have 255 characters.
    workflow: Annotated[StrictStr, Field(max_length=1024)] = ""
    run_id: Annotated[StrictStr, Field(max_length=64)] = ""
    attempt: Annotated[StrictInt, Field(ge=0)] = 0
    actor: Annotated[StrictStr, Field(max_length=128)] = ""
    commit: Annotated[StrictStr, Field(max_length=64)] = ""


_UUID = r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
DeployId = Annotated[StrictStr, Field(pattern=_UUID)]
EnvName = Annotated[StrictStr, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=128)]


class DeployRequest(_Request):
    """Body of ``POST /v1/deploy``. `env` only where CI injects the runtime environment."""

    image: Annotated[StrictStr, Field(min_length=1, max_length=512)]
    environment: Annotated[StrictStr, Field(min_length=1, max_length=64)]
    env: dict[EnvName, Annotated[StrictStr, Field(max_length=4096)]] | None = None
    deploy_id: DeployId | None = None
    run: Run | None = None
    lease_seconds: Annotated[StrictInt, Field(ge=1)] | None = None


class StopRequest(_Request):
    """Body of ``POST /v1/stop``; without `deploy_id` the agent's container is stopped, whosever it is."""

    deploy_id: DeployId | None = None


class LeaseRequest(_Request):
    """Body of ``POST /v1/lease``: the deploy may run `lease_seconds` from now (extension `lease`)."""

    deploy_id: DeployId
    lease_seconds: Annotated[StrictInt, Field(ge=1)]


class OutcomeRequest(_Request):
    """Body of ``POST /v1/outcome``: a passed run takes its own hold off (extension `hold`)."""

    deploy_id: DeployId
    outcome: Literal["passed"]


class ReleaseRequest(_Request):
    """Body of ``POST /v1/hold/release``: a person looked, and says what was found (FLR-3)."""

    reason: Annotated[StrictStr, Field(min_length=1, max_length=1000)]


class Step(_Answer):
    """One step of a receipt, in the order done."""

    step: StepName
    outcome: Outcome
    started_at: Time
    finished_at: Time
    detail: StrictStr | None = None


class Mount(_Answer):
    """A mount of the container: `source` on the server, `target` inside."""

    name: StrictStr
    source: StrictStr
    target: StrictStr
    writable: StrictBool


class Deployed(_Answer):
    """200 to a deploy. What stands after `environment` comes with the extension `receipt`."""

    status: Literal["deployed"]
    image: StrictStr
    container_name: StrictStr | None = None
    environment: StrictStr | None = None
    deploy_id: StrictStr | None = None
    container_id: StrictStr | None = None
    image_digest: StrictStr | None = None
    started_at: Time | None = None
    env: list[StrictStr] | None = None
    mounts: list[Mount] | None = None
    steps: list[Step] | None = None


class Accepted(_Answer):
    """202 to a deploy with ``Prefer: respond-async``: under way, and no success yet (extension `async`)."""

    deploy_id: StrictStr


class DeployState(StrEnum):
    """Where an asynchronous deploy stands; success is `deployed` alone."""

    DEPLOYING = "deploying"
    DEPLOYED = "deployed"
    FAILED = "failed"


class DeployProgress(_Answer):
    """200 to ``GET /v1/deploys/{deploy_id}``: what the receipt has so far, then its whole.

    `step` is the step under way or the one that failed; `reason` says why it failed. `progress` says
    how far each layer of the pull is, a line each. `status` is ``"deployed"`` once the state is, so
    that a deployed progress reads as `Deployed` does.
    """

    deploy_id: StrictStr
    state: DeployState
    status: Literal["deployed", "error"] | None = None
    image: StrictStr | None = None
    container_name: StrictStr | None = None
    environment: StrictStr | None = None
    container_id: StrictStr | None = None
    image_digest: StrictStr | None = None
    started_at: Time | None = None
    env: list[StrictStr] | None = None
    mounts: list[Mount] | None = None
    steps: list[Step] | None = None
    step: StepName | None = None
    reason: StrictStr | None = None
    progress: list[StrictStr] | None = None


class Failure(_Answer):
    """Any answer but 200. A base agent may say `error` in place of `status` and `reason`."""

    status: Literal["error"] | None = None
    reason: StrictStr | None = None
    error: StrictStr | None = None
    step: StepName | None = None
    deploy_id: StrictStr | None = None
    steps: list[Step] | None = None

    def words(self) -> str:
        """The agent's reason, or "" where it gave none."""
        return self.reason or self.error or ""


class Activity(_Answer):
    """Counters of the engine since the container's start; None where the engine cannot tell."""

    cpu_seconds: float | None = None
    network_tx_bytes: int | None = None
    network_rx_bytes: int | None = None
    processes: int | None = None


class Hold(_Answer):
    """Why deploys are answered 423."""

    deploy_id: StrictStr | None = None
    since: Time
    by: StrictStr
    reason: StrictStr


class Status(_Answer):
    """200 to ``GET /v1/status``; no container at all: `running` false."""

    container_name: StrictStr
    running: StrictBool
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
    activity: Activity | None = None


class Stopped(_Answer):
    """200 to ``POST /v1/stop``; stopping what is not there is no error."""

    status: Literal["stopped"]
    container_name: StrictStr


class Leased(_Answer):
    """200 to ``POST /v1/lease``: when the agent will stop the container itself, by the server's clock."""

    deploy_id: StrictStr
    lease_expires_at: Time


class OutcomeTaken(_Answer):
    """200 to ``POST /v1/outcome`` and ``POST /v1/hold/release``: no hold is left."""

    status: Literal["released"]


class Health(_Answer):
    """200 to ``GET /health``."""

    status: Literal["ok"]
    environment: StrictStr


class PreflightMount(_Answer):
    """One mount source on the server."""

    name: StrictStr
    source: StrictStr
    exists: StrictBool
    writable: StrictBool


class PreflightDatabase(_Answer):
    """The database as the agent reaches it; `applied` lists migrations in the order applied."""

    reachable: StrictBool
    applied: list[StrictStr] | None = None
    reason: StrictStr | None = None


class PreflightEngine(_Answer):
    """The container engine, by a ping."""

    kind: StrictStr
    reachable: StrictBool
    version: StrictStr | None = None
    reason: StrictStr | None = None


class Preflight(_Answer):
    """200 to ``GET /v1/preflight``: read-only. `database` is null where the agent has none to ask."""

    environment: StrictStr
    execution_plane: StrictStr | None = None
    mounts: list[PreflightMount]
    env: list[StrictStr]
    engine: PreflightEngine
    database: PreflightDatabase | None = None
    hold: Hold | None = None


class LogLine(_Answer):
    """One line of the runtime's output; `time` by the server's clock."""

    time: Time
    stream: Literal["stdout", "stderr"]
    line: StrictStr


class Heartbeat(_Answer):
    """Says that the log stream lives though the runtime is silent."""

    heartbeat: Time


class LogError(_Answer):
    """The last record of a log stream that broke off: what the runtime did since is not known."""

    error: StrictStr


class End(_Answer):
    """The last record of a log stream: the container is gone."""

    end: dict[str, Any]

    @property
    def exit_code(self) -> int | None:
        """The exit code, or None where the engine could not tell."""
        code = self.end.get("exit_code")
        return code if isinstance(code, int) and not isinstance(code, bool) else None
