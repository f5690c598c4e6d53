"""A way between gate and edge that fails at one call and byte."""

from __future__ import annotations

import itertools
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

from benchmarks.soak.plan import Plan
from tests.rehearsal.live.relay import Way
from tests.support.raw_server import Peer

#: Seconds between two bytes that drip, and for which they do at the least.
_DRIP, _DRIPS = 0.1, 5.0


def failing(plan: Plan, hurt: Callable[[], None]) -> Way:
    """The way of the plan; `hurt` is called when it fails. At byte 0 the edge never hears of the call."""
    numbers, chosen = itertools.count(1), max(plan.call, 1)
    back = 0.0

    def way(peer: Peer, pieces: Iterator[bytes]) -> None:
        nonlocal back
        if next(numbers) == chosen:
            back = time.monotonic() + plan.gap
            hurt()
            if plan.byte:
                pieces = _first(peer, pieces, plan.byte)
            _FAILS[plan.way](peer, pieces, plan.gap)
        elif plan.way == "away" and time.monotonic() < back:
            _reset(peer)
        else:
            for piece in pieces:
                peer.send(piece)

    return way


def _first(peer: Peer, pieces: Iterator[bytes], size: int) -> Iterator[bytes]:
    """Pass so many bytes of the answer on; returns the rest."""
    for piece in pieces:
        peer.send(piece[:size])
        if len(piece) >= size:
            return itertools.chain([piece[size:]], pieces)
        size -= len(piece)
    return iter(())


def _reset(peer: Peer, *_: object) -> None:
    """End the connection at once (RST)."""
    peer.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _close(peer: Peer, *_: object) -> None:
    """End the connection in order, by TLS too."""
    with suppress(OSError):
        peer.sock.unwrap()  # type: ignore[attr-defined]


def _stall(peer: Peer, *_: object) -> None:
    """Nothing more comes, until the gate gives up."""
    peer.wait_for_close()


def _drip(peer: Peer, pieces: Iterator[bytes], gap: float) -> None:
    """The rest comes byte by byte for some seconds, and what is left of it then at once."""
    until = time.monotonic() + _DRIPS + gap
    for piece in pieces:
        rest = piece
        while rest and time.monotonic() < until:
            peer.send(rest[:1])
            rest = rest[1:]
            threading.Event().wait(_DRIP)
        peer.send(rest)


_FAILS: dict[str, Callable[[Peer, Iterator[bytes], float], None]] = {
    "cut": _reset,
    "away": _reset,
    "truncated": _close,
    "stalled": _stall,
    "dripped": _drip,
}
