"""Bounds the body of every call, verifies its caller, and writes one line to the log."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

import anyio
import anyio.to_thread
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pytest_smokedeploy import contract
from pytest_smokedeploy.agent.domain.policy import RefusedError
from pytest_smokedeploy.agent.http.access import Access, Caller, DeniedError, UnknownKeyError

BODY_BYTES: Final = 64 * 1024
#: A call's body, from its head to its last byte.
BODY_SECONDS: Final = 10.0
#: Seconds and bytes still read of a body that is too large, so that its sender gets the answer.
_DRAIN_SECONDS: Final = 2.0
_DRAIN_BYTES: Final = 4 * 1024 * 1024
#: Threads that may wait for the team's keys at once: callers with known keys need none of them.
_WAITING: Final = 4
#: Enough of a scope for starlette to read a body by it.
_HTTP: Final = {"type": "http"}
_RAY_LENGTH: Final = 64
_LOG: Final = logging.getLogger("smokedeploy.agent")


class Middleware:
    """ASGI middleware before everything else.

    For whoever answers ``request.state`` holds `caller` (`Caller`) and `body` (bytes, read whole).

    Args:
        app: what is guarded.
        access: who is let in.

    """

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app = app
        self._access = access
        self._few = anyio.CapacityLimiter(_WAITING)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check one call and pass it on."""
        if scope["type"] != "http":
            return
        call = _Call(scope, send)
        try:
            body = await _body(receive)
            call.caller = await self._let_in(Headers(scope=scope).getlist(contract.ASSERTION_HEADER))
            scope.setdefault("state", {}).update(caller=call.caller, body=body)
            await self._app(scope, receive, call.send)
        except ClientDisconnect:
            call.status = 499
        except DeniedError as error:
            await call.refuse(error.status, str(error))
        except RefusedError as error:
            await call.refuse(error.status, str(error), receive)
        except Exception as error:  # noqa: BLE001 - whatever it was, the caller is answered
            # The exception is never sent: its text may hold a secret.
            _LOG.exception("a call failed inside the agent", extra={"call": call.name})
            if not call.status:
                words = f"the agent failed ({type(error).__name__}); its log on the server says more."
                await call.refuse(500, words)
        finally:
            call.log()

    async def _let_in(self, assertions: Sequence[str]) -> Caller:
        try:
            return self._access.verify(assertions)
        except UnknownKeyError:
            await anyio.to_thread.run_sync(self._access.keys.ask, limiter=self._few)
            return self._access.verify(assertions)


class _Call:
    """One call: its answer, and the facts of its log line."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self.name = f"{scope['method']} {scope['path']}"
        self.caller: Caller | None = None
        self.status = 0
        self._ray = Headers(scope=scope).get("cf-ray", "")[:_RAY_LENGTH]
        self._began = time.monotonic()
        self._send = send

    async def send(self, message: Message) -> None:
        """Pass a part of the answer on."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
        await self._send(message)

    async def refuse(self, status: int, reason: str, receive: Receive | None = None) -> None:
        """Answer in the contract's words, read what is left of the body, and close the connection."""
        answer = JSONResponse({"status": "error", "reason": reason}, status_code=status)
        headers = [*answer.raw_headers, (b"connection", b"close")]
        await self.send({"type": "http.response.start", "status": status, "headers": headers})
        await self.send({"type": "http.response.body", "body": answer.body, "more_body": True})
        if receive is not None:
            await _drain(receive)
        await self.send({"type": "http.response.body", "body": b"", "more_body": False})

    def log(self) -> None:
        """One line a call."""
        told: dict[str, Any] = {
            "call": self.name,
            "caller": self.caller.name if self.caller else "",
            "ray": self._ray,
            "status": self.status,
            "seconds": round(time.monotonic() - self._began, 3),
        }
        _LOG.info("call", extra=told)


async def _body(receive: Receive) -> bytes:
    """The whole body, bounded in size and time."""
    body = b""
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for part in Request(_HTTP, receive).stream():
                body += part
                if len(body) > BODY_BYTES:
                    raise RefusedError(413, f"the body is larger than {BODY_BYTES} bytes.")
    except TimeoutError:
        raise RefusedError(408, f"the body did not come within {BODY_SECONDS:g} s.") from None
    return body


async def _drain(receive: Receive) -> None:
    """Read on for a moment: a connection closed on unread bytes takes the answer down with it."""
    size = 0
    with suppress(TimeoutError, ClientDisconnect):
        async with asyncio.timeout(_DRAIN_SECONDS):
            async for part in Request(_HTTP, receive).stream():
                size += len(part)
                if size >= _DRAIN_BYTES:
                    return
