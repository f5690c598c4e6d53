"""A registry behind a line so slow that a pull is still under way when a test wants it to be."""

from __future__ import annotations

import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

_PIECE = 32 * 1024
_DRIP_SECONDS = 0.05


class SlowRegistry:
    """Passes calls on to a registry; the bytes of an image drip until `release`.

    Attributes:
        reached: set once some of an image's bytes are on their way.

    """

    def __init__(self, port):
        self.reached, self._quick = threading.Event(), threading.Event()
        slow = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                slow.pass_on(self, f"http://127.0.0.1:{port}{self.path}")

            do_HEAD = do_GET  # noqa: N815 - the server's own name

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def release(self):
        self._quick.set()

    def close(self):
        self.release()
        self._server.shutdown()
        self._server.server_close()

    def pass_on(self, caller, url):
        headers = [row for row in caller.headers.items() if row[0].lower() != "host"]
        answer = httpx.request(caller.command, url, headers=headers, timeout=30, trust_env=False)
        body = answer.content
        with suppress(OSError):
            caller.send_response(answer.status_code)
            for name, value in answer.headers.items():
                if name.lower() not in {"connection", "date", "transfer-encoding", "server"}:
                    caller.send_header(name, value)
            caller.end_headers()
            if caller.command == "HEAD":
                return
            # The configuration is small, and comes at once.
            for start in range(0, len(body), _PIECE):
                caller.wfile.write(body[start : start + _PIECE])
                caller.wfile.flush()
                if len(body) > _PIECE:
                    self.reached.set()
                    self._quick.wait(_DRIP_SECONDS)
