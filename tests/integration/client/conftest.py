"""A raw server and a client of it, per test."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import trustme

from pytest_smokedeploy.client import AgentClient
from pytest_smokedeploy.support.redaction import Secret
from tests.support.raw_server import RawServer, Script

TOKEN_ID = "example-id.access"
TOKEN_SECRET = "example-secret-of-a-test"


@pytest.fixture
def serve() -> Iterator[Callable[..., RawServer]]:
    """Start a raw server that plays a script."""
    with ExitStack() as stack:
        yield lambda script, **options: stack.enter_context(RawServer(script, **options))


@pytest.fixture
def client_of(serve: Callable[..., RawServer]) -> Iterator[Callable[..., AgentClient]]:
    """A client of a raw server that plays a script; `client.server` is that server."""
    with ExitStack() as stack:

        def build(script: Script, *, seconds: float = 5.0) -> AgentClient:
            server = serve(script)
            client = AgentClient(server.url, Secret(TOKEN_ID), Secret(TOKEN_SECRET), request_seconds=seconds)
            client.server = server
            return stack.enter_context(client)

        yield build


@pytest.fixture
def authority(tmp_path: Path) -> tuple[Path, ssl.SSLContext]:
    """A certificate authority's file, and a server's context it has signed for loopback."""
    ca = trustme.CA()
    ca.cert_pem.write_to_path(tmp_path / "ca.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("127.0.0.1").configure_cert(context)
    return tmp_path / "ca.pem", context
