"""The agent over HTTP: the contract's calls, each behind Cloudflare Access."""

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

from pytest_smokedeploy import contract
from pytest_smokedeploy.agent.domain import hold
from pytest_smokedeploy.agent.domain.container import key_of
from pytest_smokedeploy.agent.domain.deploys import DeployRecord
from pytest_smokedeploy.agent.domain.files import StateError
from pytest_smokedeploy.agent.domain.flow import Flow
from pytest_smokedeploy.agent.domain.policy import RefusedError, unknown_field
from pytest_smokedeploy.agent.domain.preflight import preflight
from pytest_smokedeploy.agent.domain.status import status
from pytest_smokedeploy.agent.http.access import Access
from pytest_smokedeploy.agent.http.log_feed import MOST, Readers
from pytest_smokedeploy.agent.http.middleware import Middleware
from pytest_smokedeploy.agent.http.openapi import PATH, document
from pytest_smokedeploy.support.errors import EngineError
from pytest_smokedeploy.support.redaction import Sanitiser

_DEPLOY_ID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_LOG_QUERY: Final = ("since", "follow", "deploy_id")
#: Stops that may wait for their container at once.
_STOPS: Final = 8
_RELEASED: Final = {"status": "released"}
M = TypeVar("M", bound=BaseModel)


def build_app(flow: Flow, access: Access, leaving: threading.Event | None = None) -> FastAPI:
    """The agent as an ASGI application.

    Args:
        flow: deploys, stops, leases and holds.
        access: who is let in.
        leaving: set once the agent leaves; logs that are followed end by it.

    """
    app = FastAPI(
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        exception_handlers={
            HTTPException: _unknown,
            **dict.fromkeys((RefusedError, StateError, EngineError), _failed),
        },
    )
    app.add_middleware(Middleware, access=access)
    described = document()
    told: dict[str, Callable[[], dict[str, Any]]] = {
        contract.HEALTH: lambda: {"status": "ok", "environment": flow.settings.environment},
        contract.STATUS: partial(status, flow),
        contract.PREFLIGHT: partial(preflight, flow),
        PATH: lambda: described,
    }
    for path, tell in told.items():
        app.add_api_route(path, tell, response_model=None)
    _logs(app, flow, leaving or threading.Event())
    _deploys(app, flow)
    _keeping(app, flow)
    return app


async def _unknown(_request: Request, error: Exception) -> Response:
    """The answer to a call that the agent does not have."""
    status_code = getattr(error, "status_code", 500)
    known = {404: "no such call.", 405: "this call has another method."}
    reason = known.get(status_code, f"not allowed ({status_code}).")
    return JSONResponse({"status": "error", "reason": reason}, status_code, getattr(error, "headers", None))


async def _failed(_request: Request, error: Exception) -> Response:
    return JSONResponse({"status": "error", "reason": str(error)}, getattr(error, "status", 500))


def _logs(app: FastAPI, flow: Flow, leaving: threading.Event) -> None:
    # A runtime that prints its environment must not send it to CI.
    secrets = flow.settings.secrets
    readers = Readers(Sanitiser(secrets).text if secrets else str, leaving)

    @app.get(contract.LOGS)
    def logs(
        request: Request, since: str | None = None, follow: str = "false", deploy_id: str | None = None
    ) -> Response:
        for name, _ in request.query_params.multi_items():
            if name not in _LOG_QUERY or len(request.query_params.getlist(name)) > 1:
                words = ", ".join(f"`{known}`" for known in _LOG_QUERY)
                raise RefusedError(400, f"query: {words}, each once, and nothing else.")
        if since is not None:
            try:
                contract.parse_time(since)
            except ValueError as error:
                raise RefusedError(400, f"since: {error}.") from error
        if follow not in {"true", "false"}:
            raise RefusedError(400, "follow: true or false.")
        if readers.full:
            raise RefusedError(409, f"{MOST} readers read the log already; close one and ask again.")
        there = flow.container.look() if deploy_id is not None else None
        if deploy_id is not None and (there is None or not there.ours or key_of(there) != deploy_id):
            raise RefusedError(404, "no container of this deploy is there.")
        # The log is opened before the answer begins: an engine that does not answer is a 500.
        log = flow.engine.logs(since, follow=follow == "true")
        return StreamingResponse(readers.feed(log), media_type=contract.NDJSON)


def _deploys(app: FastAPI, flow: Flow) -> None:
    """Deploy, its progress, and stop."""
    stops = ThreadPoolExecutor(_STOPS, "stop")
    named = {"container_name": flow.settings.container_name}

    @app.post(contract.DEPLOY)
    async def deploy(request: Request) -> Response:
        asked = await _body(request, contract.DeployRequest)
        respond_async = _prefers_async(request)
        if respond_async and asked.deploy_id is None:
            raise RefusedError(400, "deploy_id: a deploy answered with 202 is looked up by it; send one.")
        found = await run_in_threadpool(flow.deploy, asked, request.state.caller.name)
        if respond_async and not isinstance(found, DeployRecord):
            place = f"{contract.DEPLOYS}/{asked.deploy_id}"
            headers = {"Location": place, "Preference-Applied": contract.RESPOND_ASYNC}
            return JSONResponse({"deploy_id": asked.deploy_id}, 202, headers)
        # No thread waits with it: a deploy in flight never keeps another call from its answer.
        record = found if isinstance(found, DeployRecord) else await asyncio.wrap_future(found.ended)
        return JSONResponse(record.body, record.status)

    @app.get(contract.DEPLOYS + "/{deploy_id}")
    def deploy_progress(deploy_id: str) -> Response:
        known = flow.find(deploy_id) if _DEPLOY_ID.fullmatch(deploy_id) else None
        if known is None:
            raise RefusedError(404, "no deploy of this id is known here.")
        return JSONResponse(known.progress() | named)

    @app.post(contract.STOP)
    async def stop(request: Request) -> Response:
        asked = await _body(request, contract.StopRequest, empty=b"{}")
        # A stop may take the whole grace; its threads are its own.
        act = partial(flow.stop, asked.deploy_id, request.state.caller.name)
        await asyncio.get_running_loop().run_in_executor(stops, act)
        return JSONResponse({"status": "stopped"} | named)


def _keeping(app: FastAPI, flow: Flow) -> None:
    """Lease and hold."""

    @app.post(contract.LEASE)
    async def lease(request: Request) -> Response:
        asked = await _body(request, contract.LeaseRequest)
        until = await run_in_threadpool(flow.leases.renew, asked.deploy_id, asked.lease_seconds)
        return JSONResponse({"deploy_id": asked.deploy_id, "lease_expires_at": until})

    @app.post(contract.OUTCOME)
    async def outcome(request: Request) -> Response:
        asked = await _body(request, contract.OutcomeRequest)
        await run_in_threadpool(flow.passed, asked.deploy_id, request.state.caller.name)
        return JSONResponse(_RELEASED)

    @app.post(contract.HOLD_RELEASE)
    async def release(request: Request) -> Response:
        caller = request.state.caller
        if not caller.human:
            words = "log in through Access, or use `smokedeploy agent release`."
            raise RefusedError(403, f"a hold is released by a person: {words}")
        asked = await _body(request, contract.ReleaseRequest)
        await run_in_threadpool(hold.released, flow.store, asked.reason, caller.name)
        return JSONResponse(_RELEASED)


async def _body(request: Request, model: type[M], empty: bytes = b"") -> M:
    """The request's body, checked; the middleware bounds it. `empty` stands for a blank one."""
    try:
        return model.model_validate_json((await request.body()).strip() or empty)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "body"
        if first["type"] == "extra_forbidden":
            raise RefusedError(400, unknown_field(field)) from error
        raise RefusedError(400, f"{field}: {first['msg']}.") from error


def _prefers_async(request: Request) -> bool:
    """Whether the header ``Prefer`` asks for 202 (RFC 7240; its tokens are of any case)."""
    said = ",".join(request.headers.getlist(contract.PREFER))
    return contract.RESPOND_ASYNC in {part.partition(";")[0].strip().lower() for part in said.split(",")}
