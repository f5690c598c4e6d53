"""The agent over HTTP: the contract's calls, each behind Access, each answered in its words."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final, TypeVar

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from pydantic import BaseModel, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from pytest_smokedeploy import __version__, contract
from pytest_smokedeploy.agent.domain.audit import StateError
from pytest_smokedeploy.agent.domain.container import key_of
from pytest_smokedeploy.agent.domain.deploys import DeployRecord
from pytest_smokedeploy.agent.domain.flow import Flow
from pytest_smokedeploy.agent.domain.policy import RefusedError, unknown_field
from pytest_smokedeploy.agent.domain.preflight import preflight
from pytest_smokedeploy.agent.domain.reconcile import reconcile
from pytest_smokedeploy.agent.domain.status import state_of
from pytest_smokedeploy.agent.domain.status import status as told_status
from pytest_smokedeploy.agent.engines.base import Engine
from pytest_smokedeploy.agent.http.access import Access, Caller
from pytest_smokedeploy.agent.http.log_feed import MOST, Readers
from pytest_smokedeploy.agent.http.middleware import Middleware
from pytest_smokedeploy.agent.http.openapi import PATH, document
from pytest_smokedeploy.agent.settings import AgentSettings
from pytest_smokedeploy.contract import (
    DeployRequest,
    LeaseRequest,
    OutcomeRequest,
    ReleaseRequest,
    StopRequest,
)
from pytest_smokedeploy.support.errors import EngineError
from pytest_smokedeploy.support.redaction import Sanitiser

_DEPLOY_ID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_LOG_QUERY: Final = ("since", "follow", "deploy_id")
#: Stops that may wait for their container at once.
_STOPS: Final = 8
M = TypeVar("M", bound=BaseModel)


class _AnswerError(Exception):
    """An answer other than 200."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


def _error(status: int, reason: str, **more: Any) -> JSONResponse:  # noqa: ANN401 - JSON
    return JSONResponse({"status": "error", "reason": reason, **more}, status_code=status)


def build_app(
    settings: AgentSettings,
    engine: Engine,
    flow: Flow | None = None,
    access: Access | None = None,
    leaving: threading.Event | None = None,
) -> FastAPI:
    """The agent as an ASGI application.

    Args:
        settings: what the server owns.
        engine: the container engine.
        flow: deploys, stops, lends and holds; by default one of these settings, settled first.
        access: who is let in; by default whom the settings' team and application let in.
        leaving: set once the agent leaves; logs that are followed end by it.

    Raises:
        EngineError: the engine does not answer, so what is there can't be settled.
        StateError: the state can't be read or written.

    """
    app = FastAPI(
        title="Deploy Agent",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
    )
    flow = flow or reconcile(settings, engine)
    app.add_middleware(Middleware, access=access or Access(settings.team, settings.audience))
    _refusals(app)
    _reads(app, settings, engine, flow)
    _logs(app, settings, engine, leaving or threading.Event())
    _deploys(app, settings, flow)
    _keeping(app, flow)
    return app


def _refusals(app: FastAPI) -> None:
    """Every error in the contract's words."""

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

    @app.exception_handler(RefusedError)
    async def refused(_request: Request, error: Exception) -> Response:
        return _error(error.status if isinstance(error, RefusedError) else 500, str(error))

    @app.exception_handler(StateError)
    @app.exception_handler(EngineError)
    async def broken(_request: Request, error: Exception) -> Response:
        return _error(500, str(error))


def _reads(app: FastAPI, settings: AgentSettings, engine: Engine, flow: Flow) -> None:
    """What is asked and changes nothing."""

    @app.get(contract.HEALTH)
    def health() -> Response:
        return JSONResponse({"status": "ok", "environment": settings.environment})

    described = document()

    @app.get(PATH)
    def described_here() -> Response:
        return JSONResponse(described)

    @app.get(contract.STATUS)
    def status() -> Response:
        return JSONResponse(told_status(settings, engine, flow))

    @app.get(contract.PREFLIGHT)
    def look() -> Response:
        held = state_of(flow).hold
        return JSONResponse({**preflight(settings, engine), "hold": held.told() if held else None})


def _logs(app: FastAPI, settings: AgentSettings, engine: Engine, leaving: threading.Event) -> None:
    # A runtime that prints its environment must not tell it to CI.
    secrets = settings.secrets
    mask: Callable[[str], str] = Sanitiser(secrets).text if secrets else str
    readers = Readers(mask, leaving)

    @app.get(contract.LOGS)
    def logs(
        request: Request, since: str | None = None, follow: str = "false", deploy_id: str | None = None
    ) -> Response:
        for name, _ in request.query_params.multi_items():
            if name not in _LOG_QUERY or len(request.query_params.getlist(name)) > 1:
                words = ", ".join(f"`{known}`" for known in _LOG_QUERY)
                raise _AnswerError(400, f"query: {words}, each once, and nothing else.")
        if since is not None:
            try:
                contract.parse_time(since)
            except ValueError as error:
                raise _AnswerError(400, f"since: {error}.") from error
        if follow not in {"true", "false"}:
            raise _AnswerError(400, "follow: true or false.")
        if readers.full:
            raise _AnswerError(409, f"{MOST} readers read the log already; close one and ask again.")
        there = engine.inspect() if deploy_id is not None else None
        if deploy_id is not None and (there is None or not there.ours or key_of(there) != deploy_id):
            raise _AnswerError(404, "no container of this deploy is there.")
        # Looked for at once: an engine that does not answer is a 500, and no log that breaks off.
        log = engine.logs(since, follow=follow == "true")
        return StreamingResponse(readers.feed(log), media_type=contract.NDJSON)


def _deploys(app: FastAPI, settings: AgentSettings, flow: Flow) -> None:
    """Deploy, its progress, and stop."""
    stops = ThreadPoolExecutor(_STOPS, "stop")

    @app.post(contract.DEPLOY)
    async def deploy(request: Request) -> Response:
        asked = await _body(request, DeployRequest)
        respond_async = _prefers_async(request)
        if respond_async and asked.deploy_id is None:
            raise _AnswerError(400, "deploy_id: a deploy answered with 202 is looked up by it; send one.")
        found = await run_in_threadpool(flow.deploy, asked, _caller(request).name)
        if isinstance(found, DeployRecord):
            return JSONResponse(found.body, found.status)
        if respond_async:
            headers = {
                "Location": f"{contract.DEPLOYS}/{asked.deploy_id}",
                "Preference-Applied": contract.RESPOND_ASYNC,
            }
            return JSONResponse({"deploy_id": asked.deploy_id}, 202, headers)
        # No thread waits with it: a deploy in flight never keeps another call from its answer.
        record = await asyncio.wrap_future(found.ended)
        return JSONResponse(record.body, record.status)

    @app.get(contract.DEPLOYS + "/{deploy_id}")
    def deploy_progress(deploy_id: str) -> Response:
        known = flow.find(deploy_id) if _DEPLOY_ID.fullmatch(deploy_id) else None
        if known is None:
            raise _AnswerError(404, "no deploy of this id is known here.")
        return JSONResponse({**known.progress(), "container_name": settings.container_name})

    @app.post(contract.STOP)
    async def stop(request: Request) -> Response:
        asked = await _body(request, StopRequest, empty=StopRequest())
        # A stop may take the whole grace; its threads are its own.
        act = partial(flow.stop, asked.deploy_id, _caller(request).name)
        await asyncio.get_running_loop().run_in_executor(stops, act)
        return JSONResponse({"status": "stopped", "container_name": settings.container_name})


def _keeping(app: FastAPI, flow: Flow) -> None:
    """Lease and hold."""

    @app.post(contract.LEASE)
    async def lease(request: Request) -> Response:
        asked = await _body(request, LeaseRequest)
        until = await run_in_threadpool(flow.leases.renew, asked.deploy_id, asked.lease_seconds)
        return JSONResponse({"deploy_id": asked.deploy_id, "lease_expires_at": until})

    @app.post(contract.OUTCOME)
    async def outcome(request: Request) -> Response:
        asked = await _body(request, OutcomeRequest)
        await run_in_threadpool(flow.passed, asked.deploy_id, _caller(request).name)
        return JSONResponse({"status": "released"})

    @app.post(contract.HOLD_RELEASE)
    async def release(request: Request) -> Response:
        caller = _caller(request)
        if not caller.human:
            words = (
                "a hold is released by a person: log in through Access, or use `smokedeploy agent release`."
            )
            raise _AnswerError(403, words)
        asked = await _body(request, ReleaseRequest)
        await run_in_threadpool(flow.holds.released, asked.reason, caller.name)
        return JSONResponse({"status": "released"})


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
        if first["type"] == "extra_forbidden":
            raise _AnswerError(400, unknown_field(field)) from error
        raise _AnswerError(400, f"{field}: {first['msg']}.") from error


def _caller(request: Request) -> Caller:
    """Who calls, as the guard found out."""
    caller: Caller = request.state.caller
    return caller


def _prefers_async(request: Request) -> bool:
    """Whether the header ``Prefer`` asks for 202 (RFC 7240; its tokens are of any case)."""
    said = ",".join(request.headers.getlist(contract.PREFER))
    return contract.RESPOND_ASYNC in {part.partition(";")[0].strip().lower() for part in said.split(",")}
