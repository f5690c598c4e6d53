"""Answer to ``GET /v1/events``: what the engine itself told of a deploy's container (extension `events`)."""

from typing import Annotated

from pydantic import Field, StrictInt, StrictStr

from pytest_smokedeploy.contract.words import Answer, Time


class EngineEvent(Answer):
    """One event; `action` in Docker's words, without what follows a colon; `exit_code` of a `die` alone."""

    time: Time
    action: Annotated[StrictStr, Field(pattern=r"^\S+$", max_length=64)]
    exit_code: StrictInt | None = None


class EventRecord(Answer):
    """Every event since the deploy began, in order; `incomplete` says why some may be missing, if any may."""

    deploy_id: StrictStr
    events: list[EngineEvent]
    incomplete: StrictStr | None = None
