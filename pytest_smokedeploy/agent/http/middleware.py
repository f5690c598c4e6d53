"""What every call passes before it is heard: its body bounded, its caller known, and one line in the log."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from typing import Any, Final

import anyio
import anyio.to_thread
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pytest_smokedeploy import contract
from pytest_smokedeploy.agent.http.access import Access, Caller, DeniedError, UnknownKeyError

BODY_BYTES: Final = 64 * 1024
#: A call's body, from its head to its last byte.
BODY_SECONDS: Final = 10.0
#: What is still read of a body that is too large, so that its sender hears the answer.
_DRAIN_SECONDS: Final = 2.0
_DRAIN_BYTES: Final = 4 * 1024 * 1024
#: Threads that may wait for the team's keys at once: callers with known keys need none of them.
_WAITING: Final = 4
_ASSERTION: Final = contract.ASSERTION_HEADER.lower().encode()
_RAY: Final = b"cf-ray"
_RAY_LENGTH: Final = 64
_LOG: Final = logging.getLogger("smokedeploy.agent")


class _CutError(Exception):
    """The body did not come as it should."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class _GoneError(Exception):
    """The caller left before the body was whole."""


class Middleware:
    """ASGI middleware before everything else.

    The caller stands in ``request.state.caller`` (`Caller`) for whoever answers.

    Args:
        app: what is guarded.
        access: who is let in.
        body_seconds: how long a body may take.

    """

    def __init__(self, app: ASGIApp, access: Access, body_seconds: float = BODY_SECONDS) -> None:
        self._app = app
        self._access = access
        self._body_seconds = body_seconds
        self._few = anyio.CapacityLimiter(_WAITING)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hear one call."""
        if scope["type"] != "http":
            return
        call = _Call(scope, send)
        try:
            await self._hear(scope, receive, call)
        except _GoneError:
            call.status = 499
        except _CutError as error:
            await call.refuse(error.status, error.reason)
            await _drain(receive)
            await call.end()
        except DeniedError as error:
            await call.refuse(403, str(error))
            await call.end()
        except Exception as error:  # noqa: BLE001 - whatever it was, the caller is answered
            # Never a word of the exception to the caller: it may hold what it must not.
            _LOG.exception("a call failed inside the agent", extra={"call": call.name})
            if not call.started:
                words = f"the agent failed ({type(error).__name__}); its log on the server says more."
                await call.refuse(500, words)
                await call.end()
        finally:
            call.log()

    async def _hear(self, scope: Scope, receive: Receive, call: _Call) -> None:
        body = await self._body(receive)
        given = [value.decode("latin-1") for name, value in scope["headers"] if name == _ASSERTION]
        call.caller = await self._let_in(given)
        scope.setdefault("state", {})["caller"] = call.caller
        waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def replay() -> Message:
            return waiting.pop() if waiting else await receive()

        await self._app(scope, replay, call.send)

    async def _let_in(self, assertions: Sequence[str]) -> Caller:
        try:
            return self._access.verify(assertions, wait=False)
        except UnknownKeyError:
            return await anyio.to_thread.run_sync(self._access.verify, assertions, limiter=self._few)

    async def _body(self, receive: Receive) -> bytes:
        """The whole body, bounded in size and time."""
        parts: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(self._body_seconds):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise _GoneError
                    parts.append(message.get("body", b""))
                    size += len(parts[-1])
                    if size > BODY_BYTES:
                        raise _CutError(413, f"the body is larger than {BODY_BYTES} bytes.")
                    if not message.get("more_body", False):
                        return b"".join(parts)
        except TimeoutError:
            raise _CutError(408, f"the body did not come within {self._body_seconds:g} s.") from None


class _Call:
    """One call's answer, and what the log says of it."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self.name = f"{scope['method']} {scope['path']}"
        self.caller: Caller | None = None
        self.status = 0
        self.started = False
        self._ray = next((v.decode("latin-1") for k, v in scope["headers"] if k == _RAY), "")
        self._began = time.monotonic()
        self._send = send

    async def send(self, message: Message) -> None:
        """Pass a part of the answer on."""
        if message["type"] == "http.response.start":
            self.started, self.status = True, message["status"]
        await self._send(message)

    async def refuse(self, status: int, reason: str) -> None:
        """Answer in the contract's words, and let go of the connection once `end` is called."""
        answer = JSONResponse({"status": "error", "reason": reason}, status_code=status)
        headers = [*answer.raw_headers, (b"connection", b"close")]
        await self.send({"type": "http.response.start", "status": status, "headers": headers})
        await self.send({"type": "http.response.body", "body": answer.body, "more_body": True})

    async def end(self) -> None:
        """The answer is whole."""
        await self.send({"type": "http.response.body", "body": b"", "more_body": False})

    def log(self) -> None:
        """One line a call."""
        told: dict[str, Any] = {
            "call": self.name,
            "caller": self.caller.name if self.caller else "",
            "ray": self._ray[:_RAY_LENGTH],
            "status": self.status,
            "seconds": round(time.monotonic() - self._began, 3),
        }
        _LOG.info("call", extra=told)


async def _drain(receive: Receive) -> None:
    """Read on for a moment: a connection closed on unread bytes takes the answer down with it."""
    size = 0
    try:
        async with asyncio.timeout(_DRAIN_SECONDS):
            while size < _DRAIN_BYTES:
                message = await receive()
                size += len(message.get("body", b""))
                if message["type"] == "http.disconnect" or not message.get("more_body", False):
                    return
    except TimeoutError:
        return
