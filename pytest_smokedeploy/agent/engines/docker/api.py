"""Clients of the Docker API: one a call, bounded in time, closed again, errors as EngineError."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from functools import partial
from typing import Any, Final, cast

import docker
import requests
from docker.constants import MINIMUM_DOCKER_API_VERSION
from docker.errors import DockerException, ImageNotFound, NotFound, create_api_error_from_http_exception
from docker.transport.unixconn import UnixHTTPAdapter, UnixHTTPConnection, UnixHTTPConnectionPool
from docker.types import CancellableStream
from urllib3.exceptions import HTTPError

from pytest_smokedeploy.agent.engines.docker.errors import explained
from pytest_smokedeploy.support.errors import EngineError

DEFAULT_HOST: Final = "unix:///var/run/docker.sock"
#: Seconds the engine may take to answer one call, what it does for it included.
CALL_SECONDS: Final = 60
_UNIX: Final = "unix://"


class _Connection(UnixHTTPConnection):
    """The SDK's connection, which closes its socket where nobody listens."""

    def __init__(self, adapter: _Adapter, url: str) -> None:
        super().__init__(url, adapter.socket_path, adapter.timeout)
        self._adapter = adapter

    def connect(self) -> None:
        made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        made.settimeout(self.timeout)
        self._adapter.sockets.append(made)
        try:
            made.connect(self.unix_socket)
        except BaseException:
            made.close()
            raise
        self.sock = made
        if self._adapter.cut_off:
            self.close()
            raise ConnectionAbortedError("the call was cut")


class _Adapter(UnixHTTPAdapter):
    """The SDK's adapter, whose connections can be cut from another thread."""

    def __init__(self, address: str, seconds: int) -> None:
        self.sockets: list[socket.socket] = []
        self.cut_off = False
        super().__init__(address, timeout=seconds)

    def get_connection(self, url: Any, proxies: Any = None) -> UnixHTTPConnectionPool:  # noqa: ANN401 - the SDK's own
        """The one pool of this client."""
        pool = super().get_connection(url, proxies)
        # The SDK names its class of connections in this method.
        pool._new_conn = partial(_Connection, self, url)  # type: ignore[method-assign, assignment]  # noqa: SLF001
        return pool


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

    def image_labels(self, name: str) -> dict[str, str]:
        """Labels that an image brings to its containers; none where the image is gone."""
        with suppress(ImageNotFound):
            return (self.image(name).get("Config") or {}).get("Labels") or {}
        return {}

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
        for made in tuple(self._adapter.sockets):
            # An error where it has not connected yet: it sees `cut_off` as soon as it has.
            with suppress(OSError):
                made.shutdown(socket.SHUT_RDWR)


class DockerApi:
    """One engine's address, and the version of its API and its kind once they are known.

    Args:
        host: the engine's address, "" for the default socket.
        seconds: longest wait for the answer to one call.

    Attributes:
        podman: whether it is Podman; known from the first client on.

    """

    def __init__(self, host: str = "", seconds: int = CALL_SECONDS) -> None:
        self.host = host or DEFAULT_HOST
        self.seconds = seconds
        self.podman = False
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
        if not self._version:
            with self._opened(MINIMUM_DOCKER_API_VERSION, min(longest, self.seconds)) as asking:
                self._version, self.podman = _version(asking, self.host)
        with self._opened(self._version, longest) as client:
            yield client

    @contextmanager
    def _opened(self, version: str, seconds: int) -> Iterator[Client]:
        try:
            with closing(Client(self.host, version, seconds)) as client:
                yield client
        except (DockerException, requests.RequestException, HTTPError) as error:
            # An engine that was replaced may have another version.
            self._version = ""
            raise explained(error, self.host, seconds) from error


def _version(asking: Client, host: str) -> tuple[str, bool]:
    """The version of the API, and whether the engine is Podman."""
    # The one call that needs no version; the SDK would ask it anew for every client.
    told = asking.version(api_version=False)
    version = told.get("ApiVersion") if isinstance(told, dict) else None
    if not isinstance(version, str):
        words = f"what answers at {host} is not a Docker engine."
        raise EngineError(words, remedy="Set DOCKER_HOST to the engine's address.")
    return version, any("Podman" in part["Name"] for part in told.get("Components") or [])
