"""Ctrl-C while a call is under way."""

import signal
import threading

import pytest

from pytest_smokedeploy.client import AgentClient
from pytest_smokedeploy.contract import DeployRequest
from pytest_smokedeploy.support.redaction import Secret
from tests.support.raw_server import answers, http

GOOD = {"container_name": "runtime", "running": False}
REQUEST = DeployRequest(image="example/runtime:1", environment="dev")


@pytest.fixture(autouse=True)
def _default_handler():
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def interrupt():
    signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)


def test_an_interrupt_gets_out_at_once_and_the_sent_deploy_can_be_waited_for(client_of):
    answered = threading.Event()
    go_on = threading.Event()

    def script(peer):
        interrupt()
        go_on.wait(20)
        peer.send(http(200, GOOD))
        answered.set()

    client = client_of(script)
    with pytest.raises(KeyboardInterrupt):
        client.deploy(REQUEST, seconds=20)
    assert not client.settle_deploy(0.05)
    go_on.set()
    assert client.settle_deploy(5)
    assert answered.wait(5)


class SlowHandshake:
    """Interrupts the client while it waits for the TLS handshake, then lets it finish."""

    def __init__(self, context):
        self.context = context
        self.go_on = threading.Event()

    def wrap_socket(self, sock, *, server_side):
        interrupt()
        self.go_on.wait(20)
        return self.context.wrap_socket(sock, server_side=server_side)


def test_a_deploy_interrupted_before_it_was_sent_is_never_sent(serve, authority, monkeypatch):
    file, context = authority
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    slow = SlowHandshake(context)
    server = serve(answers(200, GOOD), tls=slow)
    with AgentClient(server.url, Secret("example-id.access"), Secret("example-secret")) as client:
        with pytest.raises(KeyboardInterrupt):
            client.deploy(REQUEST, seconds=20)
        slow.go_on.set()
        assert client.settle_deploy(5)
    assert not server.asked
