"""The agent's calls as an OpenAPI document, made of the contract's own models (DESIGN 4)."""

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from pytest_smokedeploy import __version__, contract

PATH: Final = "/openapi.json"
DEPLOY_OF_ID: Final = contract.DEPLOYS + "/{deploy_id}"
_REF: Final = "#/components/schemas/{model}"
_MEANS: Final = {
    200: "done",
    202: "under way; `GET /v1/deploys/{deploy_id}` tells the rest, and this is no success",
    400: "malformed, or not for this agent; `reason` names the field",
    403: "not let in, or not allowed",
    404: "no such deploy",
    405: "this call has another method",
    408: "the body did not come in time",
    409: "not now: another deploy is under way, what runs is another's, or too many read the log",
    413: "the body is too large",
    423: "on hold: `reason` says who, when and why",
    500: "a step failed, or the agent did; nothing of a new container runs",
}
#: What any call may answer; 405 is answered to another method of its path.
_ANY: Final = (400, 403, 405, 408, 413, 500)
_STREAMED: Final = (contract.LogLine, contract.Heartbeat, contract.LogError, contract.End)


def _parameter(name: str, place: str, words: str, *, required: bool = False, **schema: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON schema
    """One parameter, a string unless `schema` says otherwise; one in the path is required."""
    found = {"name": name, "in": place, "required": required or place == "path", "description": words}
    return {**found, "schema": {"type": "string", **schema}}


_ASYNC: Final = f"`{contract.RESPOND_ASYNC}`: answer 202 at once; `deploy_id` is then required."
_FOLLOW: Final = "go on with each line as it comes, until the container is gone"
_OF_DEPLOY: Final = "the log of this deploy's container, 404 where it is not there; a failed deploy's is kept"
_WAIT: Final = "seconds that the answer may wait for a step's end, or the deploy's"
_PARAMETERS: Final = {
    contract.DEPLOY: [_parameter(contract.PREFER, "header", _ASYNC)],
    DEPLOY_OF_ID: [
        _parameter("deploy_id", "path", "the deploy's id", minLength=1),
        _parameter(
            contract.WAIT, "query", _WAIT, type="integer", minimum=0, maximum=contract.LONGEST_WAIT_SECONDS
        ),
    ],
    contract.EVENTS: [_parameter("deploy_id", "query", "the deploy's id", required=True, minLength=1)],
    contract.LOGS: [
        _parameter("since", "query", "lines from this time on, RFC 3339", format="date-time"),
        _parameter("follow", "query", _FOLLOW, enum=["true", "false"], default="false"),
        _parameter("deploy_id", "query", _OF_DEPLOY, minLength=1),
    ],
}


class Operation(NamedTuple):
    """A call: path, what answers it, models of its answer (None: the log) and body, how it refuses."""

    path: str
    act: Callable[..., Any]
    answer: type[BaseModel] | None = None
    takes: type[BaseModel] | None = None
    no: tuple[int, ...] = ()

    @property
    def method(self) -> str:
        """POST where it takes a body."""
        return "POST" if self.takes else "GET"


def document(calls: Sequence[Operation]) -> dict[str, Any]:
    """The document of `calls` as JSON-like data; every status of every call stands in it."""
    models: set[type[BaseModel]] = {contract.Failure, contract.Accepted, *_STREAMED}
    models |= {model for call in calls for model in (call.answer, call.takes) if model is not None}
    wanted: list[tuple[type[BaseModel], JsonSchemaMode]] = [(model, "validation") for model in models]
    _, defined = models_json_schema(sorted(wanted, key=lambda one: one[0].__name__), ref_template=_REF)
    words = "Deploys and stops one container. Behind Cloudflare Access, as this document is."
    access = {"type": "apiKey", "in": "header", "name": contract.ASSERTION_HEADER}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Deploy Agent", "version": __version__, "description": words},
        "security": [{"access": []}],
        "paths": {call.path: {call.method.lower(): _operation(call)} for call in calls},
        "components": {"schemas": defined["$defs"], "securitySchemes": {"access": access}},
    }


def _operation(call: Operation) -> dict[str, Any]:
    answers = {200: call.answer} | ({202: contract.Accepted} if call.path == contract.DEPLOY else {})
    answers |= dict.fromkeys(sorted({*_ANY, *call.no}), contract.Failure)
    responses = {str(status): _answer(status, model) for status, model in answers.items()}
    told = {"summary": call.act.__doc__, "responses": responses, "parameters": _PARAMETERS.get(call.path, [])}
    if call.takes is None:
        return told
    return told | {"requestBody": {"required": call.path != contract.STOP, "content": _json(call.takes)}}


def _answer(status: int, model: type[BaseModel] | None) -> dict[str, Any]:
    if model is not None:
        return {"description": _MEANS[status], "content": _json(model)}
    lines = ", ".join(f"`{one.__name__}`" for one in _STREAMED)
    last = "the last is `End` once the container is gone, `LogError` where the engine failed before"
    words = f"one JSON object a line: {lines}; {last}"
    return {"description": words, "content": {contract.NDJSON: {"schema": {"type": "string"}}}}


def _json(model: type[BaseModel]) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": _REF.format(model=model.__name__)}}}
