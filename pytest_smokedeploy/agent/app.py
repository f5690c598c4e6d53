"""The agent over HTTP: the contract's calls, each behind Access, each answered in its words."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any, Final, TypeVar

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from pydantic import BaseModel, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from pytest_smokedeploy import __version__, contract
from pytest_smokedeploy.agent.access import Access
from pytest_smokedeploy.agent.engines.base import Engine, utc_now
from pytest_smokedeploy.agent.flow import DEPLOY_LABEL, FailedError, Flow, RefusedError
from pytest_smokedeploy.agent.guard import Guard
from pytest_smokedeploy.agent.preflight import preflight
from pytest_smokedeploy.agent.settings import AgentSettings
from pytest_smokedeploy.contract import DeployRequest, Extension, StopRequest
from pytest_smokedeploy.errors import EngineError

EXTENSIONS: Final = (
    Extension.RECEIPT,
    Extension.STATUS,
    Extension.LOGS,
    Extension.PREFLIGHT,
    Extension.ACTIVITY,
)
_HEARTBEAT_SECONDS: Final = contract.HEARTBEAT_SECONDS / 2
M = TypeVar("M", bound=BaseModel)


class _AnswerError(Exception):
    """An answer other than 200."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


def _error(status: int, reason: str, **more: Any) -> JSONResponse:  # noqa: ANN401 - JSON
    return JSONResponse({"status": "error", "reason": reason, **more}, status_code=status)


def build_app(settings: AgentSettings, engine: Engine, access: Access | None = None) -> FastAPI:  # noqa: C901 - a list of calls
    """The agent as an ASGI application.

    Args:
        settings: what the server owns.
        engine: the container engine.
        access: who is let in; by default whom the settings' team and application let in.

    """
    app = FastAPI(
        title="Deploy Agent",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
    )
    flow = Flow(settings, engine)
    app.state.flow = flow
    app.add_middleware(Guard, access=access or Access(settings.team, settings.audience))

    @app.exception_handler(HTTPException)
    async def told(_request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        known = {404: "no such call.", 405: "this call has another method."}
        answer = _error(status, known.get(status, f"not allowed ({status})."))
        answer.headers.update(getattr(error, "headers", None) or {})
        return answer

    @app.exception_handler(_AnswerError)
    async def answered(_request: Request, error: Exception) -> Response:
        known = error if isinstance(error, _AnswerError) else _AnswerError(500, "unknown")
        return _error(known.status, known.reason)

    @app.exception_handler(EngineError)
    async def broken(_request: Request, error: Exception) -> Response:
        return _error(500, str(error))

    @app.get(contract.HEALTH)
    def health() -> Response:
        return JSONResponse({"status": "ok", "environment": settings.environment})

    @app.get(contract.STATUS)
    def status() -> Response:
        return JSONResponse(_status(settings, engine))

    @app.get(contract.PREFLIGHT)
    def look() -> Response:
        return JSONResponse(preflight(settings, engine))

    @app.post(contract.DEPLOY)
    async def deploy(request: Request) -> Response:
        asked = await _body(request, DeployRequest)
        return await run_in_threadpool(_deploy, flow, asked)

    @app.post(contract.STOP)
    async def stop(request: Request) -> Response:
        asked = await _body(request, StopRequest, empty=StopRequest())
        return await run_in_threadpool(_stop, flow, asked, settings.container_name)

    @app.get(contract.LOGS)
    def logs(since: str | None = None, follow: str = "false") -> Response:
        if since is not None:
            try:
                contract.parse_time(since)
            except ValueError as error:
                raise _AnswerError(400, f"since: {error}.") from error
        if follow not in {"true", "false"}:
            raise _AnswerError(400, "follow: true or false.")
        return StreamingResponse(_records(engine, since, follow=follow == "true"), media_type=contract.NDJSON)

    return app


async def _body(request: Request, model: type[M], empty: M | None = None) -> M:
    """The request's body, checked."""
    raw = await request.body()  # bounded by the guard
    if not raw.strip() and empty is not None:
        return empty
    try:
        return model.model_validate_json(raw)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "body"
        raise _AnswerError(400, f"{field}: {first['msg']}.") from error


def _deploy(flow: Flow, asked: DeployRequest) -> Response:
    try:
        return JSONResponse(flow.deploy(asked))
    except RefusedError as error:
        return _error(error.status, str(error))
    except FailedError as error:
        more = {"step": str(error.step), "steps": error.steps, "deploy_id": asked.deploy_id}
        return _error(500, str(error), **more)


def _stop(flow: Flow, asked: StopRequest, name: str) -> Response:
    try:
        flow.stop(asked.deploy_id)
    except RefusedError as error:
        return _error(error.status, str(error))
    return JSONResponse({"status": "stopped", "container_name": name})


def _status(settings: AgentSettings, engine: Engine) -> dict[str, Any]:
    state = engine.inspect()
    base: dict[str, Any] = {
        "container_name": settings.container_name,
        "running": bool(state and state.running),
        "extensions": [str(extension) for extension in EXTENSIONS],
        "environment": settings.environment,
        "execution_plane": settings.execution_plane,
    }
    if state is None:
        return base
    return base | {
        "image": state.image,
        "started_at": state.started_at,
        "container_id": state.container_id,
        "image_digest": state.digest,
        "exit_code": None if state.running else state.exit_code,
        "restart_count": state.restart_count,
        "oom_killed": state.oom_killed,
        "deploy_id": state.labels.get(DEPLOY_LABEL) or None,
        "activity": _activity(engine) if state.running else None,
    }


def _activity(engine: Engine) -> dict[str, Any] | None:
    """The engine's counters; a status is answered without them where they can't be had."""
    try:
        activity = engine.activity()
    except EngineError:
        return None
    return activity.model_dump() if activity else None


def _records(engine: Engine, since: str | None, *, follow: bool) -> Iterator[bytes]:
    """The log as NDJSON: lines, heartbeats in silence, and the end once the container is gone."""
    spoke = time.monotonic()
    for batch in engine.logs(since, follow=follow):
        if batch:
            # Together: a chunk of the answer costs more than a line, and a flood is many lines.
            yield b"".join(_ndjson({"time": r.time, "stream": r.stream, "line": r.line}) for r in batch)
        elif time.monotonic() - spoke >= _HEARTBEAT_SECONDS:
            yield _ndjson({"heartbeat": utc_now()})
        else:
            continue
        spoke = time.monotonic()
    state = engine.inspect()
    if state is None or not state.running:
        yield _ndjson({"end": {"exit_code": state.exit_code if state else None}})


def _ndjson(row: dict[str, Any]) -> bytes:
    return json.dumps(row, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"
