"""The edge: Cloudflare Access and the tunnel before the agent, as far as a client sees them (FACTS)."""

import json
import ssl
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
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

#: For calls to the agent, which are plain http to loopback: loading the usual certificates costs 20 ms.
NO_TLS: Final = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
_METHODS: Final = ["GET", "POST", "PUT", "PATCH", "DELETE"]
_HOP: Final = frozenset({"host", "connection", "content-length", "transfer-encoding", "date", "server"})
_SECONDS: Final = 100.0
_STRICT: Final = frozenset({"strict", "expires_strict"})
_EXPIRING: Final = frozenset({"expires", "expires_strict"})
_PROBLEM: Final = {"status": 530, "title": "Error 1033: Cloudflare Tunnel error", "error_code": 1033}
_NO_TUNNEL: Final = json.dumps(_PROBLEM | {"retryable": True, "cloudflare_error": True})
#: Headers that Access sets, or that do not reach the origin: neither the token nor a forged one.
_ACCESS: Final = ("cf-", "accept-encoding")
#: The edge's own answers where no origin can give one: status, media type, body.
_DOWN: Final = {
    "no_tunnel": (530, "text/plain", "error code: 1033"),
    "no_tunnel_json": (530, "application/json", _NO_TUNNEL),
    "slow_origin": (524, "text/plain", "error code: 524"),
    "origin_down": (502, "text/html", "<html>502 Bad gateway</html>"),
}


@dataclass(eq=False)
class Edge:
    """Checks the token, takes it off, signs an assertion, and passes the call on.

    Args:
        world: how it behaves.
        team: whose application the agent is.
        token: the one service token that is let in (id, secret).

    Attributes:
        origin: the agent's address, or None while it is not up.
        requests: what reached the agent, (method, path), in order.
        app: the ASGI application.

    """

    world: World
    team: Team
    token: tuple[str, str]
    origin: str | None = None
    requests: list[tuple[str, str]] = field(default_factory=list)
    _expired: bool = False

    def __post_init__(self) -> None:
        limits = httpx.Limits(max_keepalive_connections=0)
        self._client = httpx.AsyncClient(verify=NO_TLS, timeout=_SECONDS, trust_env=False, limits=limits)
        certs = Route("/cdn-cgi/access/certs", self._certs, methods=["GET"])
        self.app = Starlette(routes=[certs, Route("/{path:path}", self._call, methods=_METHODS)])

    async def _certs(self, _request: Request) -> Response:
        return JSONResponse(self.team.jwks())

    async def _call(self, request: Request) -> Response:
        return self._marked(self._refused(request) or await self._pass(request))

    # -- Access ----------------------------------------------------------------------------

    def _refused(self, request: Request) -> Response | None:
        """Access's own answer to a call that it does not let in, or None."""
        mode, path = self.world.edge, request.url.path
        if mode == "bot_check":
            # Before Access has its say (FACTS: Access, a scripted User-Agent).
            return Response("error code: 1010", status_code=403, media_type="text/plain")
        if mode == "redirect_loop":
            return Response(status_code=302, headers={"location": str(request.url)})
        given = (request.headers.get("cf-access-client-id"), request.headers.get("cf-access-client-secret"))
        lapsed = self._expired or (mode == "lapses" and path == contract.DEPLOY and given != (None, None))
        if mode == "open" or (mode == "half_open" and path != contract.HEALTH):
            return None
        if (given == self.token or "cf_authorization" in request.cookies) and not lapsed:
            return None
        if self.team.knows(request.headers.get(contract.PERSON_HEADER, "")):
            return None
        return self._no(request, known=given != (None, None))

    def _no(self, request: Request, *, known: bool) -> Response:
        mode, host = self.world.edge, request.headers.get("host", "")
        if mode == "login_redirect":
            where = f"{self.team.address}/cdn-cgi/access/login/{host}?kid={self.team.audience}"
            return Response(status_code=302, headers={"location": where})
        if mode == "login_page":
            page = "<!DOCTYPE html><title>Sign in - Cloudflare Access</title><h1>Sign in</h1>"
            return Response(page, media_type="text/html")
        status = 401 if mode in _STRICT and known else 403
        headers = {"cf-access-aud": self.team.audience, "cf-access-domain": host}
        page = "<!DOCTYPE html><title>Error - Cloudflare Access</title><h1>Forbidden</h1>"
        return Response(page, status_code=status, headers=headers, media_type="text/html")

    def _marked(self, response: Response) -> Response:
        """`response` with the headers that mark an answer of the edge."""
        if self.world.edge != "no_ray":
            response.headers["cf-ray"] = f"{uuid.uuid4().hex[:16]}-DEV"
            response.headers["server"] = "cloudflare"
        if self.world.edge == "cookie" and response.status_code < 400:  # noqa: PLR2004
            cookie = self.team.assertion(self.token[0])
            response.set_cookie("CF_Authorization", cookie, secure=True, httponly=True)
        return response

    # -- tunnel ----------------------------------------------------------------------------

    async def _pass(self, request: Request) -> Response:
        path = request.url.path
        exchange = Exchange(request.method, path, await request.body(), 200, {}, b"")
        if self.world.edge in _DOWN:
            return _down(self.world.edge)
        if self.origin is None:
            return _down("origin_down")
        self.requests.append((request.method, path))
        intercept = self.world.intercept
        # In a thread: a fault may hold an answer back, and the edge still serves everyone else.
        if intercept is not None and await run_in_threadpool(intercept, exchange):
            return Response(exchange.body, exchange.status, exchange.headers)
        try:
            return await self._forward(request, exchange)
        except httpx.HTTPError:
            return _down("origin_down")
        finally:
            deploy = (request.method, exchange.path) == ("POST", contract.DEPLOY)
            self._expired = self._expired or (deploy and self.world.edge in _EXPIRING)

    async def _forward(self, request: Request, exchange: Exchange) -> Response:
        headers = {k: v for k, v in request.headers.items() if k not in _HOP and not k.startswith(_ACCESS)}
        person = request.headers.get(contract.PERSON_HEADER)
        headers[contract.ASSERTION_HEADER] = person or self.team.assertion(self.token[0])
        headers["cf-ray"] = uuid.uuid4().hex[:16]
        url = f"{self.origin}{exchange.path}"
        sent = self._client.build_request(
            request.method, url, params=request.query_params, headers=headers, content=exchange.request
        )
        answer = await self._client.send(sent, stream=True)
        kept = {k: v for k, v in answer.headers.items() if k not in _HOP}
        if answer.headers.get("content-type", "").startswith(contract.NDJSON):
            return StreamingResponse(self._relay(answer), answer.status_code, kept)
        exchange.status, exchange.headers, exchange.body = answer.status_code, kept, await answer.aread()
        await answer.aclose()
        if self.world.tamper is not None:
            await run_in_threadpool(self.world.tamper, exchange)
        return Response(exchange.body, exchange.status, exchange.headers)

    async def _relay(self, answer: httpx.Response) -> AsyncIterator[bytes]:
        """Each write of the origin as it comes, as `cloudflared` flushes NDJSON."""
        change = self.world.relay
        try:
            async for chunk in answer.aiter_raw():
                # In a thread: a fault may hold a piece back, and the edge still serves everyone else.
                passed = chunk if change is None else await run_in_threadpool(change, chunk)
                if passed is None:
                    return
                yield passed
        except httpx.HTTPError:
            return
        finally:
            await answer.aclose()


def _down(mode: str) -> Response:
    """The edge's own answer in the origin's place."""
    status, media_type, body = _DOWN[mode]
    return Response(body, status, media_type=media_type)
