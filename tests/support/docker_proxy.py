"""Stands between an agent and a Docker engine, and holds one chosen call before the engine hears it."""

from __future__ import annotations

import contextlib
import re
import select
import socket
import threading


class DockerProxy:
    """A unix socket that forwards to the engine's.

    Attributes:
        reached: set once the chosen call arrived and is held.
        go: lets what is held go on to the engine.
        calls: what went through, ("POST", path without its version), in order.
        edits: bytes of what is sent to the engine, and those of the same number that it gets in their place.

    """

    def __init__(self, path, engine):
        self.calls, self.reached, self.go = [], threading.Event(), threading.Event()
        self.edits = {}
        self._lost = None
        self._open, self._away = [], False
        self._engine, self._hold, self._closed = engine, [], threading.Event()
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen(64)
        self.host = f"unix://{path}"
        threading.Thread(target=self._accept, daemon=True).start()

    def hold(self, method, pattern, after=None):
        """Hold the next call of `method` whose path matches; without `go` it never reaches the engine.

        `after`, another such pair, must have come first.
        """
        self.reached.clear(), self.go.clear()
        self._hold = [
            (one, re.compile(path)) for one, path in [*([after] if after else []), (method, pattern)]
        ]

    def lose(self, method, pattern):
        """Let the engine hear the next such call, and nobody its answer."""
        self._lost = (method, re.compile(pattern))

    def cut(self):
        """Until `mend` the engine is away: what is open breaks off, and nothing gets through."""
        self._away = True
        for one in list(self._open):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def mend(self):
        self._away = False

    def close(self):
        self._closed.set()
        self._listener.close()

    def _accept(self):
        while True:
            try:
                caller, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._forward, args=(caller,), daemon=True).start()

    def _forward(self, caller):
        with caller, socket.socket(socket.AF_UNIX) as engine:
            self._open.append(engine)
            try:
                engine.connect("/nowhere" if self._away else str(self._engine))
            except OSError:
                return  # the engine is away
            lost = threading.Event()
            threading.Thread(target=self._back, args=(engine, caller, lost), daemon=True).start()
            with contextlib.suppress(OSError):
                while data := caller.recv(65536):
                    if not self._passes(data, lost) and not self._held(caller):
                        return
                    for old, new in self.edits.items():
                        data = data.replace(old, new.ljust(len(old)))
                    engine.sendall(data)
                engine.shutdown(socket.SHUT_WR)
                self._closed.wait(0.1)

    def _held(self, caller):
        """Whether it may go on; False once the agent is gone, whose end closes this connection."""
        while not self.go.wait(0.02):
            # Only looked at: it may be the body of the call that is held.
            if select.select([caller], [], [], 0)[0] and not caller.recv(1, socket.MSG_PEEK):
                return False
        return True

    def _passes(self, data, lost):
        found = re.match(rb"(GET|POST|DELETE|HEAD) (?:/v[0-9.]+)?(/\S*) HTTP", data)
        if not found:
            return True
        method, path = found[1].decode(), found[2].decode()
        self.calls.append((method, path))
        if self._lost and method == self._lost[0] and self._lost[1].search(path):
            self._lost = None
            lost.set()
        if self._hold and method == self._hold[0][0] and self._hold[0][1].search(path):
            self._hold.pop(0)
            if not self._hold:
                self.reached.set()
                return False
        return True

    @staticmethod
    def _back(engine, caller, lost):
        with contextlib.suppress(OSError):
            while (data := engine.recv(65536)) and not lost.is_set():
                caller.sendall(data)
        # The engine hung up, and so does this.
        with contextlib.suppress(OSError):
            caller.shutdown(socket.SHUT_RDWR)
