"""An ASGI application on a loopback port that the system chooses, served by a thread."""

import socket
import threading
from pathlib import Path
from typing import Any

import uvicorn

from pytest_smokedeploy.support.errors import SmokedeployError

_SECONDS = 15.0


class Server:
    """Serves one application until `stop`.

    Args:
        app: the application.
        tls: certificate and key files, or None for plain http.

    """

    def __init__(self, app: Any, tls: tuple[Path, Path] | None = None) -> None:  # noqa: ANN401 - ASGI
        # With its protocol named asyncio sends at once what is written (TCP_NODELAY).
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.listen(128)
        self.port: int = self._socket.getsockname()[1]
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            timeout_graceful_shutdown=1,
            ssl_certfile=str(tls[0]) if tls else None,
            ssl_keyfile=str(tls[1]) if tls else None,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), daemon=True)

    def start(self) -> None:
        """Serve; the socket listens already, so callers may connect at once."""
        self._thread.start()

    def stop(self) -> None:
        """Stop serving; cuts what is still open.

        Raises:
            SmokedeployError: it does not end.

        """
        if not self._thread.is_alive():
            self._socket.close()
            return
        self._server.should_exit = True
        self._thread.join(_SECONDS)
        self._socket.close()
        if self._thread.is_alive():
            raise SmokedeployError("a server of the rehearsal does not end.")
