"""Answer to ``GET /v1/events``: what the engine itself told of a deploy's container (extension `events`)."""

from typing import Annotated

from pydantic import Field, StrictInt, StrictStr

from pytest_smokedeploy.contract.words import Answer, Time


class EngineEvent(Answer):
    """One event of the container; an action is told without what follows a colon."""

    time: Time
    """When it happened, by the server's clock."""
    action: Annotated[StrictStr, Field(pattern=r"^\S+$", max_length=64)]
    """What happened, in Docker's words: `create`, `start`, `kill`, `die`, `stop` and so on."""
    exit_code: StrictInt | None = None
    """Exit code of the container's main process. Absent but at a `die`."""


class EventRecord(Answer):
    """Every event since the deploy began."""

    deploy_id: StrictStr
    """The deploy that was asked about."""
    events: list[EngineEvent]
    """Every event since the deploy began, in order."""
    incomplete: StrictStr | None = None
    """Why some may be missing. Null where none is."""
