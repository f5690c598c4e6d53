"""An ASGI application on a loopback port that the system chooses, served by a thread."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn

from pytest_smokedeploy.support.errors import SmokedeployError

_SECONDS = 15.0


@contextmanager
def serving(app: Any, tls: tuple[Path, Path] | None = None) -> Iterator[int]:  # noqa: ANN401 - ASGI
    """Serve `app` on the port that is yielded, and cut at the end what is still open.

    Args:
        app: the application.
        tls: certificate and key files, or None for plain http.

    Raises:
        SmokedeployError: it does not end.

    """
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
    server = uvicorn.Server(config)
    # With its protocol named asyncio sends at once what is written (TCP_NODELAY).
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        # From here on callers may connect.
        listener.listen(128)
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join(_SECONDS)
    if thread.is_alive():
        raise SmokedeployError("a server of the rehearsal does not end.")
