"""The agent's calls as an OpenAPI document, made of the contract's own models (DESIGN 4)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from pytest_smokedeploy import __version__, contract

PATH: Final = "/openapi.json"
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
#: What any call may answer, whatever it is about.
_ANY: Final = (400, 403, 408, 413, 500)
_DEPLOY_ID: Final = {
    "name": "deploy_id",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "minLength": 1},
}
_PREFER: Final = {
    "name": contract.PREFER,
    "in": "header",
    "required": False,
    "description": f"`{contract.RESPOND_ASYNC}`: answer 202 at once; `deploy_id` is then required.",
    "schema": {"type": "string"},
}
_SINCE: Final = {
    "name": "since",
    "in": "query",
    "required": False,
    "description": "lines from this time on, RFC 3339",
    "schema": {"type": "string", "format": "date-time"},
}
_OF_DEPLOY: Final = {
    "name": "deploy_id",
    "in": "query",
    "required": False,
    "description": "the log of this deploy's container, 404 where it is not there; a failed deploy's is kept",
    "schema": {"type": "string", "minLength": 1},
}
_FOLLOW: Final = {
    "name": "follow",
    "in": "query",
    "required": False,
    "description": "go on with each line as it comes, until the container is gone",
    "schema": {"type": "string", "enum": ["true", "false"], "default": "false"},
}


@dataclass(frozen=True, slots=True)
class _Call:
    """One call: what it takes, what it answers, and with which statuses it says no."""

    method: str
    path: str
    summary: str
    answer: type[BaseModel] | None
    takes: type[BaseModel] | None = None
    optional: bool = False
    no: tuple[int, ...] = ()
    accepted: type[BaseModel] | None = None
    parameters: tuple[dict[str, Any], ...] = field(default=())


_CALLS: Final = (
    _Call("get", contract.HEALTH, "The agent is up.", contract.Health),
    _Call("get", contract.STATUS, "The container as it is now.", contract.Status),
    _Call("get", contract.PREFLIGHT, "What a deploy would meet. Read-only.", contract.Preflight),
    _Call(
        "get",
        contract.LOGS,
        "The container's output, as NDJSON.",
        None,
        no=(404, 409),
        parameters=(_SINCE, _FOLLOW, _OF_DEPLOY),
    ),
    _Call(
        "post",
        contract.DEPLOY,
        "The five steps: pull, stop, remove, start, running.",
        contract.Deployed,
        contract.DeployRequest,
        no=(409, 423),
        accepted=contract.Accepted,
        parameters=(_PREFER,),
    ),
    _Call(
        "get",
        contract.DEPLOYS + "/{deploy_id}",
        "How a deploy stands, or ended.",
        contract.DeployProgress,
        no=(404,),
        parameters=(_DEPLOY_ID,),
    ),
    _Call(
        "post",
        contract.STOP,
        "Stop the container; stopping what is not there is no error.",
        contract.Stopped,
        contract.StopRequest,
        optional=True,
        no=(409,),
    ),
    _Call("post", contract.LEASE, "Renew a lease.", contract.Leased, contract.LeaseRequest, no=(409,)),
    _Call(
        "post",
        contract.OUTCOME,
        "A run passed, and takes its own hold off.",
        contract.OutcomeTaken,
        contract.OutcomeRequest,
        no=(409,),
    ),
    _Call(
        "post",
        contract.HOLD_RELEASE,
        "A person looked, and takes the hold off.",
        contract.OutcomeTaken,
        contract.ReleaseRequest,
        no=(409,),
    ),
)
_STREAMED: Final = (contract.LogLine, contract.Heartbeat, contract.LogError, contract.End)


def document() -> dict[str, Any]:
    """The document as JSON-like data; every status of every call stands in it."""
    models: set[type[BaseModel]] = {contract.Failure, *_STREAMED}
    for call in _CALLS:
        models |= {model for model in (call.answer, call.takes, call.accepted) if model is not None}
    wanted: list[tuple[type[BaseModel], JsonSchemaMode]] = [(model, "validation") for model in models]
    _, defined = models_json_schema(sorted(wanted, key=lambda one: one[0].__name__), ref_template=_REF)
    paths: dict[str, Any] = {}
    for call in _CALLS:
        paths.setdefault(call.path, {})[call.method] = _operation(call)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Deploy Agent",
            "version": __version__,
            "description": "Deploys and stops one container. Behind Cloudflare Access, as this document is.",
        },
        "security": [{"access": []}],
        "paths": paths,
        "components": {
            "schemas": defined["$defs"],
            "securitySchemes": {
                "access": {"type": "apiKey", "in": "header", "name": contract.ASSERTION_HEADER},
            },
        },
    }


def _operation(call: _Call) -> dict[str, Any]:
    answers = {"200": _answer(200, call.answer)}
    if call.accepted is not None:
        answers["202"] = _answer(202, call.accepted)
    for status in sorted({*_ANY, *call.no}):
        answers[str(status)] = _answer(status, contract.Failure)
    # The document tells an unknown method too: whoever reads it knows what comes back.
    answers["405"] = _answer(405, contract.Failure)
    told: dict[str, Any] = {"summary": call.summary, "responses": answers}
    if call.parameters:
        told["parameters"] = list(call.parameters)
    if call.takes is not None:
        told["requestBody"] = {"required": not call.optional, "content": _json(call.takes)}
    return told


def _answer(status: int, model: type[BaseModel] | None) -> dict[str, Any]:
    if model is not None:
        return {"description": _MEANS[status], "content": _json(model)}
    lines = ", ".join(f"`{one.__name__}`" for one in _STREAMED)
    last = "the last is `End` once the container is gone, `LogError` where the engine failed before"
    words = f"one JSON object a line: {lines}; {last}"
    return {"description": words, "content": {contract.NDJSON: {"schema": {"type": "string"}}}}


def _json(model: type[BaseModel]) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": _REF.format(model=model.__name__)}}}
