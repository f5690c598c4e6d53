"""The agent over HTTP: the contract's calls, each behind Cloudflare Access."""

import asyncio
import re
import threading
from functools import partial
from typing import Final, TypeVar

import anyio
import anyio.to_thread
from pydantic import BaseModel, ValidationError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pytest_smokedeploy import contract
from pytest_smokedeploy.agent.domain import hold
from pytest_smokedeploy.agent.domain.container import KEY_LABEL, key_of
from pytest_smokedeploy.agent.domain.deploys import Deploy, DeployRecord
from pytest_smokedeploy.agent.domain.flow import Flow
from pytest_smokedeploy.agent.domain.parts import marked
from pytest_smokedeploy.agent.domain.policy import RefusedError, unknown_field
from pytest_smokedeploy.agent.domain.preflight import preflight
from pytest_smokedeploy.agent.domain.status import status
from pytest_smokedeploy.agent.engines.base import Log
from pytest_smokedeploy.agent.http.access import Access
from pytest_smokedeploy.agent.http.log_feed import MOST, LogResponse, Readers
from pytest_smokedeploy.agent.http.middleware import Middleware
from pytest_smokedeploy.agent.http.openapi import DEPLOY_OF_ID, PATH, Operation, document
from pytest_smokedeploy.support import release_commands
from pytest_smokedeploy.support.errors import SmokedeployError
from pytest_smokedeploy.support.redaction import Sanitiser

_DEPLOY_ID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SECONDS: Final = re.compile(r"[0-9]{1,2}")
_LOG_QUERY: Final = ("since", "follow", "deploy_id")
#: Stops that may wait for their container at once.
_STOPS: Final = 8
_RELEASED: Final = {"status": "released"}
_UNKNOWN: Final = {404: "no such call.", 405: "this call has another method."}
M = TypeVar("M", bound=BaseModel)


class _Calls:
    """The contract's calls, one method each, whose first line the OpenAPI document repeats.

    The middleware has read and bounded their bodies. What is no coroutine runs in a thread.
    """

    def __init__(self, flow: Flow, leaving: threading.Event) -> None:
        self._flow = flow
        self._named = {"container_name": flow.settings.container_name}
        # A stop may take the whole grace; its threads are its own.
        self._stops = anyio.CapacityLimiter(_STOPS)
        # A runtime that prints its environment must not send it to CI.
        secrets = flow.settings.secrets
        self._sanitiser = Sanitiser(secrets)
        masked = self._sanitiser.text if secrets else str
        self._readers = Readers(masked, flow.store.folder, leaving)

    def health(self, _request: Request) -> Response:
        """The agent is up."""
        return JSONResponse({"status": "ok", "environment": self._flow.settings.environment})

    def status(self, _request: Request) -> Response:
        """The container as it is now."""
        return JSONResponse(status(self._flow))

    def preflight(self, _request: Request) -> Response:
        """What a deploy would meet. Read-only."""
        return JSONResponse(preflight(self._flow))

    def openapi(self, _request: Request) -> Response:
        """The calls of this agent, as an OpenAPI document."""
        return JSONResponse(document(CALLS))

    def logs(self, request: Request) -> Response:
        """The container's output, as NDJSON."""
        query, flow = request.query_params, self._flow
        if any(name not in _LOG_QUERY or len(query.getlist(name)) > 1 for name in query):
            words = ", ".join(f"`{known}`" for known in _LOG_QUERY)
            raise RefusedError(400, f"query: {words}, each once, and nothing else.")
        since, follow, deploy_id = map(query.get, _LOG_QUERY)
        if since is not None:
            try:
                contract.parse_time(since)
            except ValueError as error:
                raise RefusedError(400, f"since: {error}.") from error
        if follow not in {"true", "false", None}:
            raise RefusedError(400, "follow: true or false.")
        if self._readers.full:
            raise RefusedError(409, f"{MOST} readers read the log already; close one and ask again.")
        there = flow.container.look(deploy_id or "")
        if deploy_id is not None and (there is None or not there.ours or key_of(there) != deploy_id):
            raise RefusedError(404, "no container of this deploy is there.")
        which = there.container_id if there is not None else ""

        def opened() -> Log:
            log = flow.engine.logs(since, follow=follow == "true", container_id=which)
            return marked(log, self._sanitiser)

        # One with a time of its own to begin at reads alone: each file takes room where the state is kept.
        key = which if which and follow == "true" and since is None else None
        # The log is opened before the answer begins: an engine that does not answer is a 500.
        sent = self._readers.feed(opened(), opened, key)
        return LogResponse(sent)

    def events(self, request: Request) -> Response:
        """What the engine itself told of a deploy's container."""
        query = request.query_params
        if len(asked := query.getlist("deploy_id")) != 1 or len(query) != 1:
            raise RefusedError(400, "query: `deploy_id`, once, and nothing else.")
        self._deploy(asked[0])
        told = self._flow.engine.events({KEY_LABEL: asked[0]})
        rows = [event.model_dump(exclude_none=True) for event in told.events]
        return JSONResponse({"deploy_id": asked[0], "events": rows, "incomplete": told.incomplete})

    async def deploy(self, request: Request) -> Response:
        """The five steps: pull, stop, remove, start, running."""
        asked = _body(request, contract.DeployRequest)
        respond_async = _prefers_async(request)
        if respond_async and asked.deploy_id is None:
            raise RefusedError(400, "deploy_id: a deploy answered with 202 is looked up by it; send one.")
        found = await run_in_threadpool(self._flow.deploy, asked, request.state.caller.name)
        if respond_async and not isinstance(found, DeployRecord):
            place = f"{contract.DEPLOYS}/{asked.deploy_id}"
            headers = {"Location": place, "Preference-Applied": contract.RESPOND_ASYNC}
            return JSONResponse({"deploy_id": asked.deploy_id}, 202, headers)
        # No thread waits with it: a deploy in flight never keeps another call from its answer.
        record = found if isinstance(found, DeployRecord) else await asyncio.wrap_future(found.ended)
        return JSONResponse(record.body, record.status)

    async def progress(self, request: Request) -> Response:
        """How a deploy stands, or ended; with `wait` once that has changed."""
        seconds = request.query_params.get(contract.WAIT, "0")
        if not _SECONDS.fullmatch(seconds) or int(seconds) > contract.LONGEST_WAIT_SECONDS:
            words = f"{contract.WAIT}: whole seconds from 0 to {contract.LONGEST_WAIT_SECONDS}."
            raise RefusedError(400, words)
        deploy_id = request.path_params["deploy_id"]
        known = await run_in_threadpool(self._deploy, deploy_id)
        if isinstance(known, Deploy):
            # In this order: no change follows the end.
            changed, ended = known.changed, known.ended.done()
            if int(seconds) and not ended:
                await asyncio.wait([asyncio.wrap_future(changed)], timeout=int(seconds))
                known = await run_in_threadpool(self._deploy, deploy_id)
        return JSONResponse(known.progress() | self._named)

    async def stop(self, request: Request) -> Response:
        """Stop the container; stopping what is not there is no error."""
        deploy_id = _body(request, contract.StopRequest, empty=b"{}").deploy_id
        act, who = self._flow.stop, request.state.caller.name
        name = await anyio.to_thread.run_sync(act, deploy_id, who, limiter=self._stops)
        return JSONResponse({"status": "stopped", "container_name": name})

    def lease(self, request: Request) -> Response:
        """Renew a lease."""
        asked = _body(request, contract.LeaseRequest)
        until = self._flow.leases.renew(asked.deploy_id, asked.lease_seconds)
        return JSONResponse({"deploy_id": asked.deploy_id, "lease_expires_at": until})

    def outcome(self, request: Request) -> Response:
        """A run passed, and takes its own hold off."""
        self._flow.passed(_body(request, contract.OutcomeRequest).deploy_id, request.state.caller.name)
        return JSONResponse(_RELEASED)

    def release(self, request: Request) -> Response:
        """A person looked, and takes the hold off."""
        caller = request.state.caller
        if not caller.human:
            how = release_commands.both(str(self._flow.settings.state))
            raise RefusedError(403, f"a hold is released by a person, {how}.")
        hold.released(self._flow.store, _body(request, contract.ReleaseRequest).reason, caller.name)
        return JSONResponse(_RELEASED)

    def _deploy(self, deploy_id: str) -> Deploy | DeployRecord:
        known = self._flow.find(deploy_id) if _DEPLOY_ID.fullmatch(deploy_id) else None
        if known is None:
            raise RefusedError(404, "no deploy of this id is known here.")
        return known


CALLS: Final = (
    Operation(contract.HEALTH, _Calls.health, contract.Health),
    Operation(contract.STATUS, _Calls.status, contract.Status),
    Operation(contract.PREFLIGHT, _Calls.preflight, contract.Preflight),
    Operation(contract.LOGS, _Calls.logs, no=(404, 409)),
    Operation(contract.EVENTS, _Calls.events, contract.EventRecord, no=(404,)),
    Operation(contract.DEPLOY, _Calls.deploy, contract.Deployed, contract.DeployRequest, (409, 423)),
    Operation(DEPLOY_OF_ID, _Calls.progress, contract.DeployProgress, no=(404,)),
    Operation(contract.STOP, _Calls.stop, contract.Stopped, contract.StopRequest, (409,)),
    Operation(contract.LEASE, _Calls.lease, contract.Leased, contract.LeaseRequest, (409,)),
    Operation(contract.OUTCOME, _Calls.outcome, contract.OutcomeTaken, contract.OutcomeRequest, (409,)),
    Operation(contract.HOLD_RELEASE, _Calls.release, contract.OutcomeTaken, contract.ReleaseRequest, (409,)),
)


def build_app(flow: Flow, access: Access, leaving: threading.Event | None = None) -> Starlette:
    """The agent as an ASGI application.

    Args:
        flow: deploys, stops, leases and holds.
        access: who is let in.
        leaving: set once the agent leaves; logs that are followed end by it.

    """
    failed = dict.fromkeys((HTTPException, SmokedeployError), _failed)
    app, service = Starlette(exception_handlers=failed), _Calls(flow, leaving or threading.Event())
    app.router.redirect_slashes = False
    app.add_middleware(Middleware, access=access)
    for call in (*CALLS, Operation(PATH, _Calls.openapi)):
        route = Route(call.path, partial(call.act, service))
        route.methods = {call.method}  # starlette adds HEAD, which the contract has not
        app.router.routes.append(route)
    return app


async def _failed(_request: Request, error: Exception) -> Response:
    """The answer to a call that there is not, that is refused, or that failed."""
    if isinstance(error, HTTPException):
        unknown = {"status": "error", "reason": _UNKNOWN[error.status_code]}
        return JSONResponse(unknown, error.status_code, error.headers)
    return JSONResponse({"status": "error", "reason": str(error)}, getattr(error, "status", 500))


def _body(request: Request, model: type[M], empty: bytes = b"") -> M:
    """The request's body, checked. `empty` stands for a blank one."""
    try:
        return model.model_validate_json(request.state.body.strip() or empty)
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
