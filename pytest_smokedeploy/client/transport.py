"""Sends one request, within one deadline, in a thread that the main thread never waits on blindly.

httpx times out per socket operation, so a peer that drips one byte at a time holds a call
for ever. Here every call runs in a daemon thread: the caller waits for it with a total
deadline, and Ctrl-C gets out at once. Each call has a connection of its own: a kept-alive
one may be half dead, and nothing is retried.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, Final, TypeVar

import httpx

from pytest_smokedeploy import __version__
from pytest_smokedeploy.client.answer import BODY_CAP, HttpAnswer, shown
from pytest_smokedeploy.client.endpoint import check_endpoint
from pytest_smokedeploy.support.errors import UnreachableError

T = TypeVar("T")
_CLOSE_SECONDS: Final = 2.0
#: A signal that comes just before a wait begins is heard only when the wait ends: none is longer (seconds).
HEAR_SECONDS: Final = 0.5


class _AbandonedError(Exception):
    """The caller has gone; raised in the worker so that an unsent request stays unsent."""


class Flight:
    """One request under way: whether a byte of it was sent, and the means to cut it.

    Args:
        call: method and path (``"POST /v1/deploy"``).

    """

    def __init__(self, call: str) -> None:
        self.call = call
        #: Its connection was shut: no answer comes any more, whatever its thread still does.
        self.was_cut = False
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._abandoned = False
        self.sent = False
        self.done = threading.Event()

    def trace(self, name: str, info: Mapping[str, Any]) -> None:
        """Hook for httpcore's trace, called in the worker thread."""
        if name == "connection.connect_tcp.complete":
            stream = info["return_value"]
            # A duplicate: TLS takes the original away, and cutting must work in its handshake too.
            with self._lock:
                if self._abandoned:
                    # Not one step further: a handshake on what is cut would leave its socket open.
                    stream.close()
                    raise _AbandonedError
                self._socket = stream.get_extra_info("socket").dup()
        elif name.endswith("send_request_headers.started"):
            with self._lock:
                if self._abandoned:
                    raise _AbandonedError
                self.sent = True

    def abandon(self) -> bool:
        """Nobody waits any more: not sent stays not sent. Returns whether it was sent."""
        with self._lock:
            self._abandoned = True
            return self.sent

    def cut(self) -> bool:
        """Abandon it and shut its connection. Returns whether it was sent."""
        sent = self.abandon()
        self.was_cut = True
        with self._lock, suppress(OSError):
            if self._socket is not None:
                self._socket.shutdown(socket.SHUT_RDWR)
        return sent

    def finish(self) -> None:
        """Called by the worker when all is over."""
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
        tls = self._base.startswith("https:")
        # Plain http to loopback needs no certificates, and loading them costs 20 ms; an empty
        # context verifies all the same. SSL_CERT_FILE is heeded by create_default_context.
        context = ssl.create_default_context() if tls else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        # SSLKEYLOGFILE would write what decrypts the token.
        context.keylog_filename = None  # type: ignore[assignment] # None is how it says: no file
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

    def send(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str],
        body: object = None,
        seconds: float,
    ) -> HttpAnswer:
        """One request and its whole answer within `seconds`.

        Raises:
            UnreachableError: no connection, no answer in time, or half of one.

        """
        call = f"{method} {path}"
        started = time.monotonic()

        def work(flight: Flight) -> HttpAnswer:
            with self.stream(method, path, flight, headers=headers, body=body, seconds=seconds) as response:
                kept, too_big = read_capped(response)
                return answer_of(call, response, kept, time.monotonic() - started, too_big=too_big)

        return self.run(call, work, seconds)

    def stream(  # noqa: PLR0913 - one request's parts
        self,
        method: str,
        path: str,
        flight: Flight,
        *,
        headers: Mapping[str, str],
        seconds: float,
        body: object = None,
        params: Mapping[str, str] | None = None,
    ) -> Any:  # noqa: ANN401 - httpx's context manager
        """A streaming call of httpx, tied to `flight`; `seconds` bounds each socket operation."""
        return self._client.stream(
            method,
            self._base + path,
            headers=dict(headers),
            params=params,
            json=body,
            timeout=seconds,
            extensions={"trace": flight.trace},
        )

    def run(self, call: str, work: Callable[[Flight], T], seconds: float) -> T:
        """`work` in a thread of its own, its result within `seconds`.

        An interrupt leaves a request that was sent in flight (see `settle`): what the other
        side does with it is better known than guessed. One not yet sent stays unsent.

        """
        flight = Flight(call)
        outcome: list[T | BaseException] = []

        def body() -> None:
            try:
                outcome.append(work(flight))
            except BaseException as error:  # noqa: BLE001 - handed to the waiting thread
                outcome.append(error)
            finally:
                flight.finish()
                self._flights.discard(flight)

        try:
            self.launch(flight, body, call)
            deadline = time.monotonic() + seconds
            left = seconds
            while not (finished := flight.done.wait(min(left, HEAR_SECONDS))) and left > 0:
                left = max(0.0, deadline - time.monotonic())
        except BaseException:
            flight.abandon()
            raise
        if not finished:
            sent = flight.cut()
            raise late(call, seconds, sent=sent)
        result = outcome[0]
        if isinstance(result, BaseException):
            error = unreachable(call, result, seconds, sent=flight.sent)
            raise error from (None if error is result else result)
        return result

    def launch(self, flight: Flight, body: Callable[[], None], name: str) -> None:
        """Start `body` as `flight`'s worker thread."""
        if self._closed:
            raise RuntimeError("the agent client is closed")
        self._flights.add(flight)
        threading.Thread(target=body, name=f"smokedeploy {name}", daemon=True).start()

    def forget(self, flight: Flight) -> None:
        """`flight` is over."""
        flight.finish()
        self._flights.discard(flight)

    def settle(self, call: str, seconds: float) -> bool:
        """Wait for `call` where it was left in flight; True if it is over after `seconds`.

        A call that was cut is over: nothing of its answer can arrive.
        """
        deadline = time.monotonic() + seconds
        flights = [one for one in list(self._flights) if one.call == call and not one.was_cut]
        waits = [flight.done.wait(max(0.0, deadline - time.monotonic())) for flight in flights]
        return all(waits)

    def close(self) -> None:
        """Cut what is in flight and close every connection. Twice is no error."""
        self._closed = True
        flights = list(self._flights)
        for flight in flights:
            flight.cut()
        deadline = time.monotonic() + _CLOSE_SECONDS
        for flight in flights:
            flight.done.wait(max(0.0, deadline - time.monotonic()))
        self._client.close()


def read_capped(response: httpx.Response) -> tuple[bytes, bool]:
    """The body up to the cap, and whether there was more."""
    kept = bytearray()
    for chunk in response.iter_raw():
        kept += chunk
        if len(kept) > BODY_CAP:
            return bytes(kept[:BODY_CAP]), True
    return bytes(kept), False


def answer_of(
    call: str, response: httpx.Response, body: bytes, seconds: float, *, too_big: bool
) -> HttpAnswer:
    """An `HttpAnswer` of httpx's response and the body read from it."""
    headers = {name.lower(): value for name, value in response.headers.items()}
    return HttpAnswer(call, response.status_code, headers, body, too_big, seconds)


def late(call: str, seconds: float, *, sent: bool) -> UnreachableError:
    """The error of a call whose deadline passed."""
    what = "no whole answer came" if sent else "no connection stood"
    return _error(call, f"{what} within {seconds:g} seconds", sent=sent)


def unreachable(call: str, error: BaseException, seconds: float, *, sent: bool) -> BaseException:
    """What `error` of a worker means, in words; errors that are no connection's pass unchanged."""
    if isinstance(error, httpx.TimeoutException):
        return late(call, seconds, sent=sent)
    if not isinstance(error, httpx.TransportError | httpx.InvalidURL | _AbandonedError | OSError):
        return error
    detail = shown(str(error), 160)
    if isinstance(error, _AbandonedError):
        words = "the call was given up before it was sent"
    elif not sent and "CERTIFICATE_VERIFY_FAILED" in detail:
        words = f"the server's certificate is not to be trusted ({detail})"
    elif not sent:
        words = f"no connection could be made ({detail})"
    elif isinstance(error, httpx.RemoteProtocolError):
        words = f"the answer broke off or is not HTTP ({detail})"
    else:
        words = f"the connection was lost ({detail})"
    return _error(call, words, sent=sent)


def _error(call: str, words: str, *, sent: bool) -> UnreachableError:
    unknown = " Whether the agent acted is unknown." if sent and not call.startswith("GET ") else ""
    return UnreachableError(
        f"{call}: {words}.{unknown}",
        call=call,
        definite=not sent,
        clause=None if sent else "PRE-6",
        remedy="Look at the agent and its tunnel on the server."
        if sent
        else "Check DEPLOY_ENDPOINT, the network and the tunnel.",
    )
