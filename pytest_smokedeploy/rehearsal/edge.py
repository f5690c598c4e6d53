"""The edge: Cloudflare Access and the tunnel before the agent, as far as a client can tell (FACTS)."""

from __future__ import annotations

import threading
import uuid
from collections.abc import AsyncIterator
from typing import Final

import httpx
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from pytest_smokedeploy import contract
from pytest_smokedeploy.rehearsal.access import Team
from pytest_smokedeploy.rehearsal.world import Exchange, World

_METHODS: Final = ["GET", "POST", "PUT", "PATCH", "DELETE"]
_HOP: Final = frozenset({"host", "connection", "content-length", "transfer-encoding", "date", "server"})
_SECONDS: Final = 100.0


class Edge:
    """Checks the token, takes it off, signs an assertion, and passes the call on.

    Args:
        world: how it behaves.
        team: whose application the agent is.
        token: the one service token that is let in (id, secret).

    Attributes:
        origin: the agent's address, or None while it is not up.
        requests: what reached the agent, (method, path), in order.

    """

    def __init__(self, world: World, team: Team, token: tuple[str, str]) -> None:
        self.origin: str | None = None
        self.requests: list[tuple[str, str]] = []
        self._world = world
        self._team = team
        self._token = token
        self._lock = threading.Lock()
        self._client = httpx.AsyncClient(
            timeout=_SECONDS, trust_env=False, limits=httpx.Limits(max_keepalive_connections=0)
        )
        certs = Route("/cdn-cgi/access/certs", self._certs, methods=["GET"])
        self.app = Starlette(routes=[certs, Route("/{path:path}", self._call, methods=_METHODS)])

    async def _certs(self, _request: Request) -> Response:
        return JSONResponse(self._team.jwks())

    async def _call(self, request: Request) -> Response:
        refused = self._refused(request)
        return self._marked(refused) if refused is not None else await self._pass(request)

    # -- Access ----------------------------------------------------------------------------

    def _refused(self, request: Request) -> Response | None:
        """Access's own answer to whoever does not belong, or None."""
        mode = self._world.edge
        given = (request.headers.get("cf-access-client-id"), request.headers.get("cf-access-client-secret"))
        if mode == "open" or given == self._token:
            return None
        if mode == "login_redirect":
            host = request.headers.get("host", "")
            where = f"{self._team.address}/cdn-cgi/access/login/{host}?kid={self._team.audience}"
            return Response(status_code=302, headers={"location": where})
        if mode == "login_page":
            page = "<!DOCTYPE html><title>Sign in - Cloudflare Access</title><h1>Sign in</h1>"
            return Response(page, media_type="text/html")
        status = 401 if mode == "strict" and given != (None, None) else 403
        headers = {"cf-access-aud": self._team.audience, "cf-access-domain": request.headers.get("host", "")}
        page = "<!DOCTYPE html><title>Error - Cloudflare Access</title><h1>Forbidden</h1>"
        return Response(page, status_code=status, headers=headers, media_type="text/html")

    def _marked(self, response: Response) -> Response:
        """Every answer of the edge says whose it is."""
        if self._world.edge != "no_ray":
            response.headers["cf-ray"] = f"{uuid.uuid4().hex[:16]}-DEV"
            response.headers["server"] = "cloudflare"
        return response

    # -- tunnel ----------------------------------------------------------------------------

    async def _pass(self, request: Request) -> Response:
        path = request.url.path
        exchange = Exchange(request.method, path, await request.body(), 200, {}, b"")
        if self._world.edge == "no_tunnel":
            return self._marked(Response("error code: 1033", status_code=530, media_type="text/plain"))
        if self._world.edge == "origin_down" or self.origin is None:
            return self._marked(
                Response("<html>502 Bad gateway</html>", status_code=502, media_type="text/html")
            )
        with self._lock:
            self.requests.append((request.method, path))
        intercept = self._world.intercept
        # In a thread: a fault may hold an answer back, and the edge still serves everyone else.
        if intercept is not None and await run_in_threadpool(intercept, exchange):
            return self._marked(Response(exchange.body, exchange.status, exchange.headers))
        try:
            return self._marked(await self._forward(request, exchange))
        except httpx.HTTPError:
            return self._marked(
                Response("<html>502 Bad gateway</html>", status_code=502, media_type="text/html")
            )

    async def _forward(self, request: Request, exchange: Exchange) -> Response:
        # Neither the token nor a forged header of Access reaches the origin.
        headers = {
            k: v
            for k, v in request.headers.items()
            if k not in _HOP and not k.startswith(("cf-", "accept-encoding"))
        }
        headers[contract.ASSERTION_HEADER] = self._team.assertion(self._token[0])
        headers["cf-ray"] = uuid.uuid4().hex[:16]
        url = f"{self.origin}{exchange.path}"
        sent = self._client.build_request(
            request.method, url, params=request.query_params, headers=headers, content=exchange.request
        )
        answer = await self._client.send(sent, stream=True)
        kept = {k: v for k, v in answer.headers.items() if k not in _HOP}
        if answer.headers.get("content-type", "").startswith(contract.NDJSON):
            return StreamingResponse(_relay(answer), answer.status_code, kept)
        exchange.status, exchange.headers, exchange.body = answer.status_code, kept, await answer.aread()
        await answer.aclose()
        if self._world.tamper is not None:
            await run_in_threadpool(self._world.tamper, exchange)
        return Response(exchange.body, exchange.status, exchange.headers)


async def _relay(answer: httpx.Response) -> AsyncIterator[bytes]:
    """Every write of the origin at once, as `cloudflared` flushes NDJSON."""
    try:
        async for chunk in answer.aiter_raw():
            yield chunk
    except httpx.HTTPError:
        return
    finally:
        await answer.aclose()
