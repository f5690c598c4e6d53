"""Bodies of the calls to an agent; a field that the contract does not know is refused."""

from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictInt, StrictStr
from pydantic_core import PydanticCustomError


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class Run(_Request):
    """The CI run that a deploy belongs to."""

    repository: Annotated[StrictStr, Field(max_length=256)] = ""
    # Repository, file and ref: a branch's name alone may have 255 characters.
    workflow: Annotated[StrictStr, Field(max_length=1024)] = ""
    run_id: Annotated[StrictStr, Field(max_length=64)] = ""
    attempt: Annotated[StrictInt, Field(ge=0)] = 0
    actor: Annotated[StrictStr, Field(max_length=128)] = ""
    commit: Annotated[StrictStr, Field(max_length=64)] = ""


#: Characters of a release's reason (chosen: a paragraph; each later status answer carries it).
REASON_CHARACTERS: Final = 1000
_UUID = r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
DeployId = Annotated[StrictStr, Field(pattern=_UUID)]
EnvName = Annotated[StrictStr, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=128)]


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise PydanticCustomError("nul", "it holds a NUL character, which no environment can")
    return text


EnvValue = Annotated[StrictStr, Field(max_length=4096), AfterValidator(_without_nul)]


class DeployRequest(_Request):
    """Body of ``POST /v1/deploy``. `env` only where CI injects the runtime environment."""

    image: Annotated[StrictStr, Field(min_length=1, max_length=512)]
    environment: Annotated[StrictStr, Field(min_length=1, max_length=64)]
    env: dict[EnvName, EnvValue] | None = None
    deploy_id: DeployId | None = None
    run: Run | None = None
    lease_seconds: Annotated[StrictInt, Field(ge=1)] | None = None


class StopRequest(_Request):
    """Body of ``POST /v1/stop``; without `deploy_id` the agent's container of any deploy is stopped."""

    deploy_id: DeployId | None = None


class LeaseRequest(_Request):
    """Body of ``POST /v1/lease``: the deploy may run `lease_seconds` from now (extension `lease`)."""

    deploy_id: DeployId
    lease_seconds: Annotated[StrictInt, Field(ge=1)]


class OutcomeRequest(_Request):
    """Body of ``POST /v1/outcome``: a passed run releases its own hold (extension `hold`)."""

    deploy_id: DeployId
    outcome: Literal["passed"]


class ReleaseRequest(_Request):
    """Body of ``POST /v1/hold/release``: a person releases the hold and says why (FLR-3)."""

    reason: Annotated[StrictStr, Field(min_length=1, max_length=REASON_CHARACTERS)]
