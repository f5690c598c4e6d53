"""A TCP server on loopback that plays one script a connection, byte by byte if need be."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Self


@dataclass
class Peer:
    """One connection: what was asked, and the means to answer."""

    sock: socket.socket
    released: threading.Event
    head: str = ""
    body: bytes = b""

    @property
    def line(self) -> str:
        return self.head.split("\r\n", 1)[0]

    def header(self, name: str) -> str | None:
        for line in self.head.split("\r\n")[1:]:
            key, _, value = line.partition(":")
            if key.lower() == name.lower():
                return value.strip()
        return None

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def hold(self) -> None:
        """Answer no more until the test is over."""
        self.released.wait(30)

    def wait_for_close(self) -> None:
        with suppress(OSError):
            self.sock.recv(1)

    def receive(self) -> bool:
        data = b""
        while b"\r\n\r\n" not in data:
            chunk = self.sock.recv(65536)
            if not chunk:
                return False
            data += chunk
        head, _, rest = data.partition(b"\r\n\r\n")
        self.head = head.decode()
        size = int(self.header("content-length") or 0)
        while len(rest) < size:
            rest += self.sock.recv(65536)
        self.body = rest
        return True


Script = Callable[[Peer], None]


@dataclass
class RawServer:
    """Plays `script` for every connection; `asked` holds what arrived."""

    script: Script
    tls: ssl.SSLContext | None = None
    asked: list[Peer] = field(default_factory=list)
    faults: list[BaseException] = field(default_factory=list)

    def __enter__(self) -> Self:
        self.released = threading.Event()
        self.arrived = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self.released.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(5)
        assert not self.faults

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    @property
    def url(self) -> str:
        return f"http{'s' if self.tls else ''}://127.0.0.1:{self.port}"

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(sock,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, sock: socket.socket) -> None:
        sock.settimeout(20)
        try:
            if self.tls:
                sock = self.tls.wrap_socket(sock, server_side=True)
            peer = Peer(sock, self.released)
            if peer.receive():
                self.asked.append(peer)
                self.arrived.set()
                self.script(peer)
        except OSError:
            pass  # the client went away, as many of these tests want
        except BaseException as fault:  # noqa: BLE001 - shown at the end of the test
            self.faults.append(fault)
        finally:
            sock.close()


def http(status: int, body: object = b"", *, content_type: str = "application/json", **headers: str) -> bytes:
    """A whole answer; keyword `cf_ray` becomes the header cf-ray."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    fields = {"content-type": content_type, "content-length": str(len(data)), "server": "cloudflare"}
    fields |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {status} X\r\n{head}\r\n".encode() + data


def answers(status: int, body: object = b"", **headers: str) -> Script:
    """A script that gives one answer."""
    data = http(status, body, **headers)
    return lambda peer: peer.send(data)
