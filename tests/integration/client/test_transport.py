"""Connections that fail, hang, drip or break; deadlines; Ctrl-C; TLS."""

import socket
import struct
import threading
from contextlib import suppress

import pytest

from pytest_smokedeploy.client import AgentClient
from pytest_smokedeploy.contract import DeployRequest
from pytest_smokedeploy.support.errors import AgentError, MisuseError, UnreachableError
from pytest_smokedeploy.support.redaction import Secret
from tests.support.raw_server import answers, http

GOOD = {"container_name": "runtime", "running": False}
REQUEST = DeployRequest(
    image="example/runtime:1", environment="dev", deploy_id="0" * 8 + "-0000-4000-8000-" + "0" * 12
)
TOKEN = (Secret("example-id.access"), Secret("example-secret-of-a-test"))


def drip(peer, data=b""):
    """One byte at a time, for ever."""
    peer.send(data)
    while not peer.released.wait(0.01):
        peer.send(b"x")


def reset(peer):
    peer.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def over(client):
    """Whether every call's thread has ended: its connection was cut."""
    return all(flight.done.wait(5) for flight in list(client._transport._flights))


def closed_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def test_no_connection_is_definite():
    with (
        AgentClient(f"http://127.0.0.1:{closed_port()}", *TOKEN) as client,
        pytest.raises(UnreachableError, match="no connection could be made") as caught,
    ):
        client.deploy(REQUEST, seconds=5)
    assert (caught.value.definite, caught.value.status, caught.value.clause) == (True, None, "PRE-6")


@pytest.mark.parametrize(
    ("script", "words"),
    [
        pytest.param(lambda peer: None, "broke off", id="closed without an answer"),
        pytest.param(lambda peer: peer.send(b"SSH-2.0-x\r\n\r\n"), "not HTTP", id="another protocol"),
        pytest.param(lambda peer: peer.send(http(200, GOOD)[:-5]), "broke off", id="half a body"),
        pytest.param(lambda peer: peer.send(b"HTTP/1.1 200 OK\r\nconte"), "broke off", id="half a head"),
        pytest.param(reset, "the connection was lost", id="reset"),
    ],
)
def test_half_an_answer_to_a_deploy_leaves_the_outcome_open(client_of, script, words):
    client = client_of(script)
    with pytest.raises(UnreachableError, match=words) as caught:
        client.deploy(REQUEST, seconds=5)
    assert not caught.value.definite
    assert "unknown" in caught.value.message
    assert len(client.server.asked) == 1, "nothing is retried"


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(lambda peer: peer.hold(), id="silence"),
        pytest.param(drip, id="a dripping status line"),
        pytest.param(lambda peer: drip(peer, b"HTTP/1.1 200 OK\r\nx-pad: "), id="dripping headers"),
        pytest.param(lambda peer: drip(peer, b"HTTP/1.1 200 OK\r\n\r\n"), id="a dripping body"),
    ],
)
def test_one_deadline_holds_for_the_whole_call(client_of, script):
    client = client_of(script)
    with pytest.raises(UnreachableError, match=r"within 0\.2 seconds") as caught:
        client.stop(REQUEST.deploy_id, seconds=0.2)
    assert not caught.value.definite
    assert over(client), "the late call's connection was cut"


@pytest.mark.parametrize("path", ["/v1/stop", "/v1/status"])
def test_only_a_deploy_s_own_call_is_a_deploy_in_flight(client_of, path):
    """A stop or a status read that nobody answers says nothing of a deploy."""
    go_on, arrived = threading.Event(), threading.Event()

    def script(peer):
        arrived.set()
        go_on.wait(20)
        peer.send(http(200, {}))

    client = client_of(script)
    call = {"/v1/stop": lambda: client.stop(None, seconds=20), "/v1/status": client.status}[path]

    def ask():
        with suppress(AgentError):
            call()

    asking = threading.Thread(target=ask)
    asking.start()
    assert arrived.wait(5)
    assert client.settle_deploy(0)
    go_on.set()
    asking.join(20)


def test_a_deploy_that_was_cut_is_not_in_flight(client_of):
    client = client_of(lambda peer: peer.hold())
    with pytest.raises(UnreachableError):
        client.deploy(REQUEST, seconds=0.2)
    assert client.settle_deploy(0)


def test_a_handshake_that_never_ends_is_definite_and_is_cut():
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        AgentClient(f"https://127.0.0.1:{listener.getsockname()[1]}", *TOKEN) as client,
    ):
        with pytest.raises(UnreachableError, match="no connection stood within") as caught:
            client.deploy(REQUEST, seconds=0.2)
        assert caught.value.definite
        assert over(client)


def test_close_cuts_what_is_in_flight(client_of):
    client = client_of(lambda peer: peer.hold())
    caught = []

    def call():
        try:
            client.status()
        except AgentError as error:
            caught.append(error)

    thread = threading.Thread(target=call)
    thread.start()
    assert client.server.arrived.wait(5)
    client.close()
    client.close()
    thread.join(5)
    assert [type(error) for error in caught] == [UnreachableError]
    with pytest.raises(RuntimeError, match="closed"):
        client.status()


def test_a_certificate_is_checked_against_ssl_cert_file(serve, authority, monkeypatch):
    file, context = authority
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    server = serve(answers(200, GOOD), tls=context)
    with AgentClient(server.url, *TOKEN) as client:
        assert client.status().problems == ()


def test_an_unknown_certificate_ends_before_the_token_leaves(serve, authority):
    server = serve(answers(200, GOOD), tls=authority[1])
    with (
        AgentClient(server.url, *TOKEN) as client,
        pytest.raises(UnreachableError, match="is not trusted") as caught,
    ):
        client.deploy(REQUEST, seconds=5)
    assert caught.value.definite
    assert not server.asked


def test_proxies_of_the_environment_are_not_used(client_of, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{closed_port()}")
    assert client_of(answers(200, GOOD)).status().status == 200


@pytest.mark.parametrize(
    "endpoint",
    [
        "",
        "agent.example.com",
        "ftp://agent.example.com",
        "http://agent.example.com",
        "http://10.0.0.1:8080",
        "http://agent.localhost",
        "http://localhost.example.com",
        "https://user:word@agent.example.com",
        "https://agent.example.com?x=1",
        "https://agent.example.com#x",
        "https://agent.example.com:port",
        "https://agent.example.com/a b",
        "https://",
        "https://agent.example.com\n",
    ],
)
def test_an_endpoint_that_is_not_allowed_is_misuse(endpoint):
    with pytest.raises(MisuseError) as caught:
        AgentClient(endpoint, *TOKEN)
    assert "word" not in str(caught.value)


@pytest.mark.parametrize(
    "endpoint", ["http://localhost:1", "http://[::1]:1", "http://127.9.9.9", "https://a.example.com/x/"]
)
def test_endpoints_that_are_allowed(endpoint):
    AgentClient(endpoint, *TOKEN).close()


@pytest.mark.parametrize("value", ["example-secret-of-a-test\n", "secret-with-ü", "a\x00b-secret"])
def test_a_secret_that_cannot_travel_is_misuse_and_not_shown(value):
    with pytest.raises(MisuseError, match="CF_ACCESS_CLIENT_SECRET") as caught:
        AgentClient("https://agent.example.com", TOKEN[0], Secret(value))
    assert value.strip() not in str(caught.value)


def test_a_blank_token_is_not_sent(serve):
    server = serve(answers(200, GOOD))
    with AgentClient(server.url, Secret(""), Secret(" \n")) as client:
        client.status()
    assert server.asked[0].header("CF-Access-Client-Id") is None
    assert server.asked[0].header("CF-Access-Client-Secret") is None


def test_bodies_of_deploy_and_stop(client_of):
    client = client_of(answers(200, {"status": "stopped", "container_name": "runtime"}))
    client.deploy(REQUEST, seconds=5)
    client.stop(REQUEST.deploy_id, seconds=5)
    client.stop(None, seconds=5)
    deploy, stop, bare = client.server.asked
    assert b'"env"' not in deploy.body
    assert b'"image":"example/runtime:1"' in deploy.body
    assert stop.body == b'{"deploy_id":"%s"}' % REQUEST.deploy_id.encode()
    assert (bare.line, bare.body) == ("POST /v1/stop HTTP/1.1", b"")


def test_the_keys_that_decrypt_the_token_are_written_nowhere(serve, authority, monkeypatch, tmp_path):
    ca, context = authority
    monkeypatch.setenv("SSL_CERT_FILE", str(ca))
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys"))
    server = serve(answers(200, {"status": "ok", "environment": "dev"}), tls=context)
    with AgentClient(server.url, Secret("example-id.access"), Secret("example")) as client:
        client.health()
    assert "SECRET" not in (tmp_path / "keys").read_text().upper().replace("TLS SECRETS LOG FILE", "")


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_a_proxy_that_is_set_is_named_as_not_used_where_no_connection_is_made(monkeypatch, name):
    for other in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(other, raising=False)
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    monkeypatch.setenv(name, "http://proxy.example:3128")
    with (
        AgentClient(f"http://127.0.0.1:{port}", Secret(""), Secret("")) as client,
        pytest.raises(UnreachableError, match=f"{name} is set, and no proxy is used here") as caught,
    ):
        client.health()
    assert "proxy.example" not in str(caught.value)
