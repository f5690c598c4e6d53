"""One HTTP request in a thread of its own, within one total deadline.

httpx times out per socket operation, so a peer that sends one byte at a time could hold a call for ever.
Here every call runs in a daemon thread: the caller waits for it with a total deadline, and Ctrl-C ends
the wait at once. Each call has a connection of its own: a kept-alive one may be dead, and nothing is
retried.
"""

import os
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, Final, TypeVar

import httpx

from pytest_smokedeploy import __version__
from pytest_smokedeploy.client.answer import HttpAnswer, answer_of, shown
from pytest_smokedeploy.client.endpoint import check_endpoint
from pytest_smokedeploy.support.errors import UnreachableError

T = TypeVar("T")
#: Seconds that `close` waits for the threads of cut calls (chosen: they end at once).
_CLOSE_SECONDS: Final = 2.0
#: Variables that other programs take a proxy from.
_PROXIES: Final = frozenset({"HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"})
_LOOK: Final = "Look at the agent and its tunnel on the server."
#: Longest single wait in seconds: a signal just before a wait begins is handled only when the wait ends.
HEAR_SECONDS: Final = 0.5


class _AbandonedError(Exception):
    """Raised in the worker once the caller has gone, so that an unsent request stays unsent."""


@dataclass(frozen=True, slots=True, repr=False)
class Request:
    """One HTTP request: method, path, headers, JSON body and query.

    Its repr has no fields, since the headers hold the token.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    body: object = None
    params: Mapping[str, str] | None = None

    @property
    def call(self) -> str:
        """Method and path (``"POST /v1/deploy"``)."""
        return f"{self.method} {self.path}"


class Flight:
    """One request under way, which can be cut.

    Attributes:
        call: method and path (``"POST /v1/deploy"``).
        sent: whether a byte of it was sent.
        was_cut: its connection was shut: no answer can arrive, whatever its thread still does.
        done: set once its thread is over.

    """

    def __init__(self, call: str) -> None:
        self.call = call
        self.sent = False
        self.was_cut = False
        self.done = threading.Event()
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._abandoned = False

    def trace(self, name: str, info: Mapping[str, Any]) -> None:
        """Hook for httpcore's trace, called in the worker thread."""
        connected = name == "connection.connect_tcp.complete"
        if not connected and not name.endswith("send_request_headers.started"):
            return
        with self._lock:
            if self._abandoned:
                if connected:
                    # A TLS handshake on a connection that is cut would leave its socket open.
                    info["return_value"].close()
                raise _AbandonedError
            if connected:
                # A duplicate: TLS detaches the original, and a cut must work during the handshake too.
                self._socket = info["return_value"].get_extra_info("socket").dup()
            else:
                self.sent = True

    def abandon(self) -> bool:
        """Keep an unsent request unsent, as nobody waits for it. Returns whether it was sent."""
        with self._lock:
            self._abandoned = True
            return self.sent

    def cut(self) -> bool:
        """Abandon the request and shut its connection. Returns whether it was sent."""
        sent = self.abandon()
        self.was_cut = True
        with self._lock, suppress(OSError):
            if self._socket is not None:
                self._socket.shutdown(socket.SHUT_RDWR)
        return sent

    def finish(self) -> None:
        """Close the socket and set `done`; called in the worker thread at its end."""
        with self._lock:
            if self._socket is not None:
                self._socket.close()
                self._socket = None
        self.done.set()


class Transport:
    """One httpx client: no redirects, no retries, no cookies, no proxies from the environment.

    Args:
        endpoint: ``https://host[/prefix]``; plain http goes to loopback only.

    Raises:
        MisuseError: `endpoint` is not such a URL.

    """

    def __init__(self, endpoint: str) -> None:
        self._base = check_endpoint(endpoint)
        self._flights: set[Flight] = set()
        self._closed = False
        tls = httpx.URL(self._base).scheme == "https"
        # Plain http to loopback needs no certificates, and loading them costs 20 ms; an empty
        # context verifies all the same. create_default_context reads SSL_CERT_FILE.
        context = ssl.create_default_context() if tls else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        # The file that SSLKEYLOGFILE names would hold the keys that decrypt the token.
        context.keylog_filename = None  # type: ignore[assignment] # None means no file
        self._client = httpx.Client(
            verify=context,
            trust_env=False,
            follow_redirects=False,
            limits=httpx.Limits(max_keepalive_connections=0),
            # A kept CF_Authorization cookie would let the anonymous probe in (PRE-6).
            cookies=CookieJar(policy=DefaultCookiePolicy(allowed_domains=[])),
            headers={
                "User-Agent": f"pytest-smokedeploy/{__version__}",
                "Accept": "application/json",
                "Accept-Encoding": "identity",
                "Connection": "close",
            },
        )

    def send(self, request: Request, seconds: float) -> HttpAnswer:
        """One request and its whole answer within `seconds`.

        Raises:
            UnreachableError: no connection, no answer in time, or half of one.

        """

        def work(flight: Flight) -> HttpAnswer:
            with self.stream(request, flight, seconds) as response:
                return answer_of(request.call, response)

        return self.run(request.call, work, seconds)

    def stream(
        self, request: Request, flight: Flight, seconds: float
    ) -> AbstractContextManager[httpx.Response]:
        """A streaming call of httpx, tied to `flight`; `seconds` bounds each socket operation."""
        return self._client.stream(
            request.method,
            self._base + request.path,
            headers=dict(request.headers),
            params=request.params,
            json=request.body,
            timeout=seconds,
            extensions={"trace": flight.trace},
        )

    def run(self, call: str, work: Callable[[Flight], T], seconds: float) -> T:
        """Run `work` in a thread of its own; returns its result within `seconds`.

        An interrupt does not cut a request that was sent, so that its answer can still be awaited
        (`settle`). One not yet sent stays unsent.

        """
        flight = Flight(call)
        outcome: list[T | BaseException] = []

        def body() -> None:
            try:
                outcome.append(work(flight))
            except BaseException as error:  # noqa: BLE001 - handed to the waiting thread
                outcome.append(error)

        try:
            self.launch(flight, body)
            deadline = time.monotonic() + seconds
            left = seconds
            while not (finished := flight.done.wait(min(left, HEAR_SECONDS))) and left > 0:
                left = max(0.0, deadline - time.monotonic())
        except BaseException:
            flight.abandon()
            raise
        if not finished:
            raise late(call, seconds, sent=flight.cut())
        result = outcome[0]
        if isinstance(result, BaseException):
            error = unreachable(call, result, seconds, sent=flight.sent)
            raise error from (None if error is result else result)
        return result

    def launch(self, flight: Flight, work: Callable[[], None]) -> None:
        """Start `work` as `flight`'s worker thread; `work` raises nothing."""

        def body() -> None:
            try:
                work()
            finally:
                flight.finish()
                self._flights.discard(flight)

        if self._closed:
            raise RuntimeError("the agent client is closed")
        self._flights.add(flight)
        threading.Thread(target=body, name=f"smokedeploy {flight.call}", daemon=True).start()

    def settle(self, call: str, seconds: float) -> bool:
        """Wait for `call` where it was left in flight; True if it is over after `seconds`.

        A call that was cut is over: nothing of its answer can arrive.
        """
        return _over((one for one in list(self._flights) if one.call == call and not one.was_cut), seconds)

    def close(self) -> None:
        """Cut what is in flight and close every connection. Twice is no error."""
        self._closed = True
        flights = list(self._flights)
        for flight in flights:
            flight.cut()
        _over(flights, _CLOSE_SECONDS)
        self._client.close()


def _over(flights: Iterable[Flight], seconds: float) -> bool:
    """Wait for `flights`, `seconds` in all; returns whether each is over."""
    deadline = time.monotonic() + seconds
    return all(flight.done.wait(max(0.0, deadline - time.monotonic())) for flight in flights)


def late(call: str, seconds: float, *, sent: bool) -> UnreachableError:
    """The error of a call whose deadline passed."""
    if sent:
        return _error(call, f"no whole answer came within {seconds:g} seconds", sent=True)
    words = f"no connection stood within {seconds:g} seconds{unused_proxy(os.environ)}"
    return _error(call, words, sent=False)


def unreachable(call: str, error: BaseException, seconds: float, *, sent: bool) -> BaseException:
    """The error of a call whose worker raised `error`; one that is not of the connection is unchanged."""
    if isinstance(error, httpx.TimeoutException):
        return late(call, seconds, sent=sent)
    if not isinstance(error, httpx.TransportError | httpx.InvalidURL | _AbandonedError | OSError):
        return error
    detail = shown(str(error), 160)
    if isinstance(error, _AbandonedError):
        words = "the call was given up before it was sent"
    elif not sent and "CERTIFICATE_VERIFY_FAILED" in detail:
        words = f"the server's certificate is not trusted ({detail})"
    elif not sent:
        words = f"no connection could be made ({detail}){unused_proxy(os.environ)}"
    elif isinstance(error, httpx.RemoteProtocolError):
        words = f"the answer broke off or is not HTTP ({detail})"
    else:
        words = f"the connection was lost ({detail})"
    return _error(call, words, sent=sent)


def unused_proxy(environ: Mapping[str, str]) -> str:
    """That a proxy is set and not used, to go on with; "" where none is."""
    named = [name for name in environ if name.upper() in _PROXIES and environ[name]]
    be = "is" if len(named) == 1 else "are"
    return f"; {' and '.join(sorted(named))} {be} set, and no proxy is used here" if named else ""


def _error(call: str, words: str, *, sent: bool) -> UnreachableError:
    unknown = " Whether the agent acted is unknown." if sent and not call.startswith("GET ") else ""
    words, clause = f"{call}: {words}.{unknown}", None if sent else "PRE-6"
    remedy = _LOOK if sent else "Check DEPLOY_ENDPOINT, the network and the tunnel."
    return UnreachableError(words, call=call, definite=not sent, clause=clause, remedy=remedy)
