"""The HTTP server under the agent: slow and broken requests are cut off, and it leaves in order."""

import asyncio
import signal
import socket
import threading
from contextlib import suppress
from typing import Any, Final

import h11
import uvicorn
from starlette.responses import JSONResponse
from uvicorn.protocols.http.h11_impl import H11Protocol

from pytest_smokedeploy import contract

#: From the connection, or the first byte of a further request, to the end of its head.
HEAD_SECONDS: Final = 10.0
#: Seconds a call in flight may still take once the agent is asked to leave: a pull is slow.
FINISH_SECONDS: Final = 600
#: Seconds after which a log reader that does not read is disconnected.
_CUT_SECONDS: Final = 2.0
_HEAD_BYTES: Final = 32 * 1024


class Protocol(H11Protocol):
    """uvicorn's protocol with a deadline for a request's head and the contract's errors."""

    _head: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A connection: its first request is awaited from now on."""
        super().connection_made(transport)
        self._expect()

    def data_received(self, data: bytes) -> None:
        """Bytes: of a head until it is whole."""
        if self._head is None and (self.cycle is None or self.cycle.response_complete):
            self._expect()
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._relax()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone, and nothing is awaited any more."""
        self._relax()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """What is no HTTP is answered like every other malformed request."""
        self._refuse(400, msg)

    def _expect(self) -> None:
        self._head = self.loop.call_later(HEAD_SECONDS, self._too_slow)

    def _relax(self) -> None:
        if self._head is not None:
            self._head.cancel()
            self._head = None

    def _too_slow(self) -> None:
        self._head = None
        if not self.transport.is_closing():
            self._refuse(408, f"the request's head did not come within {HEAD_SECONDS:g} s.")

    def _refuse(self, status: int, reason: str) -> None:
        answer = JSONResponse({"status": "error", "reason": reason})
        headers = [*answer.raw_headers, (b"connection", b"close")]
        head = h11.Response(status_code=status, headers=headers)
        # Where an answer is under way already, all that is left is to hang up.
        with suppress(h11.LocalProtocolError):
            for part in (head, h11.Data(data=bytes(answer.body)), h11.EndOfMessage()):
                self.transport.write(self.conn.send(part) or b"")
        self.transport.close()


class AgentServer(uvicorn.Server):
    """Serves one application until it is asked to leave.

    Args:
        app: the application.
        leaving: set once the server leaves; followed logs end by it.

    """

    def __init__(self, app: Any, leaving: threading.Event) -> None:  # noqa: ANN401 - ASGI
        config = uvicorn.Config(
            app,
            http=Protocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            h11_max_incomplete_event_size=_HEAD_BYTES,
            timeout_graceful_shutdown=FINISH_SECONDS,
        )
        super().__init__(config)
        self._leaving = leaving

    def serve_until_told(self, listener: socket.socket) -> None:
        """Serve on a listening socket until a signal or `should_exit`; the call in hand is finished."""
        # uvicorn raises the signal anew once it has left: the process would die of it, and not end.
        for sign in (signal.SIGTERM, signal.SIGINT):
            signal.signal(sign, lambda *_: None)
        self.run(sockets=[listener])

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End what is followed, finish what is in hand."""
        self._leaving.set()
        cut = asyncio.get_running_loop().call_later(_CUT_SECONDS, self._cut_readers)
        await super().shutdown(sockets)
        cut.cancel()

    def _cut_readers(self) -> None:
        for connection in list(self.server_state.connections):
            scope = getattr(connection, "scope", None)
            if scope is not None and scope["path"] == contract.LOGS:
                connection.transport.abort()
