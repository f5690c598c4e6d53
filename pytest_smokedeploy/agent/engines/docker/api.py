"""Clients of the Docker API: one a call, bounded in time, closed again, errors as EngineError."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from typing import Any, Final, cast

import docker
import requests
from docker.constants import MINIMUM_DOCKER_API_VERSION
from docker.errors import DockerException, NotFound, create_api_error_from_http_exception
from docker.transport.unixconn import UnixHTTPAdapter, UnixHTTPConnection, UnixHTTPConnectionPool
from docker.types import CancellableStream
from urllib3.exceptions import HTTPError

from pytest_smokedeploy.agent.engines.backlog import Backlog
from pytest_smokedeploy.agent.engines.docker.errors import explained
from pytest_smokedeploy.support.errors import EngineError

DEFAULT_HOST: Final = "unix:///var/run/docker.sock"
#: Seconds the engine may take to answer one call, what it does for it included.
CALL_SECONDS: Final = 60
_UNIX: Final = "unix://"


class _Connection(UnixHTTPConnection):
    """The SDK's connection, which closes its socket where nobody listens."""

    adapter: _Adapter

    def connect(self) -> None:
        made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        made.settimeout(self.timeout)
        try:
            made.connect(self.unix_socket)
        except BaseException:
            made.close()
            raise
        self.sock = made
        if self.adapter.cut_off:
            self.close()
            raise ConnectionAbortedError("the call was cut")


class _Adapter(UnixHTTPAdapter):
    """The SDK's adapter, whose connections can be cut from another thread."""

    def __init__(self, address: str, seconds: int) -> None:
        self.connections: list[_Connection] = []
        self.cut_off = False
        super().__init__(address, timeout=seconds)

    def get_connection(self, url: Any, proxies: Any = None) -> UnixHTTPConnectionPool:  # noqa: ANN401, ARG002 - the SDK's own
        """The one pool of this client."""
        with self.pools.lock:
            pool = self.pools.get(url)
            if pool is None:
                pool = self.pools[url] = _Pool(url, self.socket_path, self.timeout)
                pool.adapter = self
        return cast("UnixHTTPConnectionPool", pool)


class _Pool(UnixHTTPConnectionPool):
    adapter: _Adapter

    def _new_conn(self) -> Any:  # noqa: ANN401 - the type of urllib3, the class of the SDK
        made = _Connection(self.base_url, self.socket_path, self.adapter.timeout)
        made.adapter = self.adapter
        self.adapter.connections.append(made)
        return made


class Client(docker.APIClient):
    """The SDK's client; its wait can be ended from another thread.

    Args:
        host: the engine's address.
        version: version of the API, spoken without asking.
        seconds: longest wait for one answer, and between two parts of one.

    """

    def __init__(self, host: str, version: str, seconds: int) -> None:
        super().__init__(base_url=host, version=version, timeout=seconds)
        self._adapter: _Adapter | None = None
        self._answer: requests.Response | None = None
        if host.startswith(_UNIX):
            self._adapter = _Adapter(f"http+{host}", seconds)
            self.mount("http+docker://", self._adapter)

    @contextmanager
    def answer(
        self, method: str, path: str, params: Mapping[str, str], headers: Mapping[str, Any] | None = None
    ) -> Iterator[requests.Response]:
        """An answer that comes in parts: the SDK waits for such for ever, or hides how they end.

        Raises:
            APIError, requests.RequestException: as the SDK's own methods do.

        """
        url = f"{self.base_url}/v{self.api_version}{path}"
        answer = self.request(method, url, params=params, headers=headers, stream=True, timeout=self.timeout)
        self._answer = answer
        try:
            try:
                answer.raise_for_status()
            except requests.HTTPError as error:
                create_api_error_from_http_exception(error)
            yield answer
        finally:
            answer.close()

    def image(self, name: str) -> dict[str, Any]:
        """What the engine knows of an image."""
        return cast("dict[str, Any]", self.inspect_image(name))  # type: ignore[no-untyped-call]

    def container(self, name: str) -> dict[str, Any] | None:
        """What the engine knows of a container, by name or id; None where there is none."""
        try:
            return cast("dict[str, Any]", self.inspect_container(name))
        except NotFound:
            return None

    def cut(self) -> None:
        """End the call under way in another thread; over TCP only once its answer has begun."""
        if self._adapter is None:
            if self._answer is not None:
                with suppress(OSError, AttributeError, DockerException):
                    CancellableStream(iter(()), self._answer).close()
            return
        self._adapter.cut_off = True
        for connection in tuple(self._adapter.connections):
            # None where it has not connected yet: it sees `cut_off` as soon as it has.
            with suppress(OSError, AttributeError):
                cast("socket.socket", connection.sock).shutdown(socket.SHUT_RDWR)


def read_in_thread(client: Client, backlog: Backlog[Any], read: Callable[[], None]) -> threading.Thread:
    """Run `read` in a thread; until an answer begins nothing but `Client.cut` can end it.

    The thread closes `client`, and finishes `backlog` with the error that ended `read`, or None.
    """

    def work() -> None:
        failed: Exception | None = None
        try:
            with closing(client):
                read()
        except (DockerException, requests.RequestException, ValueError) as error:
            failed = error
        except (OSError, AttributeError) as error:
            # AttributeError: urllib3's, where the connection is cut under it.
            failed = requests.ConnectionError(f"the connection broke: {error}")
        backlog.finish(failed)

    thread = threading.Thread(target=work, daemon=True, name="docker-reader")
    thread.start()
    return thread


class DockerApi:
    """One engine's address, and the version of its API once it is known.

    Args:
        host: the engine's address, "" for the default socket.
        seconds: longest wait for the answer to one call.

    """

    def __init__(self, host: str = "", seconds: int = CALL_SECONDS) -> None:
        self.host = host or DEFAULT_HOST
        self.seconds = seconds
        self._version = ""

    @contextmanager
    def client(self, seconds: int | None = None) -> Iterator[Client]:
        """A client, closed at the end.

        Args:
            seconds: longest wait for one answer, None for the usual one.

        Raises:
            EngineError: whatever went wrong inside, in an operator's words.

        """
        longest = self.seconds if seconds is None else seconds
        try:
            with closing(self.open(longest)) as client:
                yield client
        except (DockerException, requests.RequestException, HTTPError) as error:
            # An engine that was replaced may have another version.
            self._version = ""
            raise explained(error, self.host, longest) from error

    def open(self, seconds: int) -> Client:
        """A client that the caller closes, and whose errors are the SDK's own."""
        if not self._version:
            with closing(Client(self.host, MINIMUM_DOCKER_API_VERSION, min(seconds, self.seconds))) as asking:
                self._version = _api_version(asking, self.host)
        return Client(self.host, self._version, seconds)


def _api_version(asking: Client, host: str) -> str:
    # The one call that needs no version; the SDK would ask it anew for every client.
    told = asking.version(api_version=False)
    version = told.get("ApiVersion") if isinstance(told, dict) else None
    if not isinstance(version, str):
        words = f"what answers at {host} is not a Docker engine."
        raise EngineError(words, remedy="Set DOCKER_HOST to the engine's address.")
    return version
