"""A relay of TLS between the gate and the edge, which loses the answer to one call in a way of its own."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

from tests.support.raw_server import Peer, RawServer

#: Takes (the gate's connection, the whole answer), and gives the gate what it will of it.
Lose = Callable[[Peer, bytes], None]


def at_once(_peer: Peer, _answer: bytes) -> None:
    """Nothing of the answer arrives; the connection ends."""


def stalled(peer: Peer, _answer: bytes) -> None:
    """Nothing of the answer arrives until the gate gives up."""
    peer.wait_for_close()


def cut(peer: Peer, answer: bytes) -> None:
    """The first half arrives, and the connection ends."""
    peer.send(answer[: len(answer) // 2])


def dripped(peer: Peer, answer: bytes) -> None:
    """A byte arrives at a time, until the gate gives up."""
    peer.sock.settimeout(0.2)
    for at in range(len(answer)):
        peer.send(answer[at : at + 1])
        with suppress(TimeoutError):
            if not peer.sock.recv(1):
                return


@contextmanager
def relayed(live, path: str, lose: Lose) -> Iterator[None]:
    """A relay in front of the edge of `live`, which loses the answers to POST `path`."""
    address = urlsplit(live.environ["DEPLOY_ENDPOINT"])
    onward = ssl.create_default_context(cafile=live.environ["SSL_CERT_FILE"])
    own = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    own.load_cert_chain(live.folder / "chain.pem", live.folder / "key.pem")

    def script(peer: Peer) -> None:
        rows = [row for row in peer.head.split("\r\n") if not row.lower().startswith("connection:")]
        lost, answer = peer.line.split()[:2] == ["POST", path], b""
        with (
            socket.create_connection(("127.0.0.1", address.port), timeout=60) as plain,
            onward.wrap_socket(plain, server_hostname=address.hostname) as edge,
        ):
            edge.sendall("\r\n".join([*rows, "Connection: close", "", ""]).encode() + peer.body)
            while piece := edge.recv(65536):
                answer += piece
                if not lost:
                    peer.send(piece)
        if lost:
            lose(peer, answer)

    with RawServer(script, tls=own) as server:
        live.environ["DEPLOY_ENDPOINT"] = f"https://{address.hostname}:{server.port}"
        yield
