"""Names of the contract, its times, and the base of its answers (DESIGN 4)."""

import re
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictStr

DEPLOY: Final = "/v1/deploy"
STATUS: Final = "/v1/status"
STOP: Final = "/v1/stop"
HEALTH: Final = "/health"
LOGS: Final = "/v1/logs"
EVENTS: Final = "/v1/events"
PREFLIGHT: Final = "/v1/preflight"
DEPLOYS: Final = "/v1/deploys"
LEASE: Final = "/v1/lease"
OUTCOME: Final = "/v1/outcome"
HOLD_RELEASE: Final = "/v1/hold/release"

NDJSON: Final = "application/x-ndjson"
ASSERTION_HEADER: Final = "Cf-Access-Jwt-Assertion"
#: A person's own assertion in a call, as ``cloudflared access token`` prints it; Access passes it on.
PERSON_HEADER: Final = "cf-access-token"
HEARTBEAT_SECONDS: Final = 10
PREFER: Final = "Prefer"
RESPOND_ASYNC: Final = "respond-async"
#: Query of a deploy's progress: whole seconds that the answer may wait for a change, and their bound. The
#: edge ends a call of which nothing came for about 100 s (FACTS: Tunnel).
WAIT: Final = "wait"
LONGEST_WAIT_SECONDS: Final = 30
#: Statuses of an agent that did nothing: no stop is owed (DESIGN 3).
DEFINITE_NO: Final = frozenset({400, 401, 403, 404, 405, 409, 413, 423})

_GO_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)")

_FRACTION = re.compile(r"\.(\d+)")


def parse_time(text: object) -> datetime:
    """An RFC 3339 time with up to nine fractional digits as an aware datetime.

    Raises:
        ValueError: not a string, or not such a time (Go's zero time counts as none).

    """
    if not isinstance(text, str) or not _GO_TIME.fullmatch(text):
        raise ValueError(f"not an RFC 3339 time: {text!r}")
    # datetime keeps microseconds; further digits are cut.
    moment = datetime.fromisoformat(text)
    if moment.year <= 1:
        raise ValueError("Go's zero time: it never started")
    return moment


def last_instant(text: str) -> datetime:
    """The last microsecond that a time may stand for: who writes whole seconds cuts the rest off.

    One time is before another if its last instant is: so two clocks are compared at the coarser of their
    resolutions.

    Raises:
        ValueError: as `parse_time`.

    """
    moment, fraction = parse_time(text), _FRACTION.search(text)
    return moment + timedelta(microseconds=10 ** max(0, 6 - len(fraction[1] if fraction else "")) - 1)


def _checked_time(text: str) -> str:
    parse_time(text)
    return text


Time = Annotated[StrictStr, AfterValidator(_checked_time), Field(json_schema_extra={"format": "date-time"})]


class Answer(BaseModel):
    """An answer, or a part of one; unknown fields are allowed, so that a newer agent can be read."""

    model_config = ConfigDict(extra="allow", frozen=True, use_attribute_docstrings=True, defer_build=True)


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
    EVENTS = "events"


class StepName(StrEnum):
    """The five steps of a deploy, in the model's order."""

    PULL = "pull"
    STOP = "stop"
    REMOVE = "remove"
    START = "start"
    RUNNING = "running"


STEPS: Final = tuple(StepName)


class EngineState(StrEnum):
    """The container's state in Docker's terms; `absent` where there is no container.

    Only `running` is running. Only `exited`, `dead` and `absent` are stopped: a paused, restarting,
    removing or created container is neither.
    """

    RUNNING = "running"
    PAUSED = "paused"
    RESTARTING = "restarting"
    REMOVING = "removing"
    EXITED = "exited"
    CREATED = "created"
    DEAD = "dead"
    ABSENT = "absent"


#: Lines of a failed start's log in its answer (chosen: enough to show the cause, small in one answer).
LAST_LINES: Final = 50

#: States that confirm a stop.
STOPPED_STATES: Final = frozenset({EngineState.EXITED, EngineState.DEAD, EngineState.ABSENT})


class Outcome(StrEnum):
    """How a step ended; `absent` where there was nothing to stop or remove."""

    DONE = "done"
    ABSENT = "absent"
    FAILED = "failed"


class DeployState(StrEnum):
    """The state of an asynchronous deploy; only `deployed` is a success."""

    DEPLOYING = "deploying"
    DEPLOYED = "deployed"
    FAILED = "failed"
