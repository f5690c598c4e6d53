"""A relay of TLS between the gate and the edge, which has each answer go a way of the test's own."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

from tests.support.raw_server import Peer, RawServer

#: Takes (the gate's connection, the whole answer), and gives the gate what it will of it.
Lose = Callable[[Peer, bytes], None]
#: Takes (the gate's connection, the pieces of the answer as they come), and gives the gate what it will.
Way = Callable[[Peer, Iterator[bytes]], None]


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


def lost(path: str, lose: Lose) -> Way:
    """Passes every answer on but those to POST `path`, which `lose` has."""

    def way(peer: Peer, pieces: Iterator[bytes]) -> None:
        if peer.line.split()[:2] == ["POST", path]:
            lose(peer, b"".join(pieces))
        else:
            for piece in pieces:
                peer.send(piece)

    return way


@contextmanager
def relayed(live, way: Way) -> Iterator[None]:
    """A relay in front of the edge of `live`, by which it is reached until the end."""
    before = live.environ["DEPLOY_ENDPOINT"]
    address = urlsplit(before)
    onward = ssl.create_default_context(cafile=live.environ["SSL_CERT_FILE"])
    own = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    own.load_cert_chain(live.chain, live.key)

    def pieces(peer: Peer) -> Iterator[bytes]:
        """What the edge answers; it hears of the call at the first piece."""
        rows = [row for row in peer.head.split("\r\n") if not row.lower().startswith("connection:")]
        with (
            socket.create_connection(("127.0.0.1", address.port), timeout=60) as plain,
            onward.wrap_socket(plain, server_hostname=address.hostname) as edge,
        ):
            edge.sendall("\r\n".join([*rows, "Connection: close", "", ""]).encode() + peer.body)
            while piece := edge.recv(65536):
                yield piece

    with RawServer(lambda peer: way(peer, pieces(peer)), tls=own) as server:
        live.environ["DEPLOY_ENDPOINT"] = f"https://{address.hostname}:{server.port}"
        try:
            yield
        finally:
            live.environ["DEPLOY_ENDPOINT"] = before
