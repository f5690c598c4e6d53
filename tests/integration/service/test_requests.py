"""Requests that are too large, too slow or broken: cut off, in the contract's words, on raw sockets."""

import json
import socket
import threading

import pytest

from pytest_smokedeploy.agent.http import middleware, serving
from pytest_smokedeploy.contract import ASSERTION_HEADER

SECONDS = 30


@pytest.fixture
def line(agent):
    """A raw connection to the agent."""
    with socket.create_connection(("127.0.0.1", agent.client.base_url.port), SECONDS) as sock:
        yield sock


def read(sock):
    """Status and body of the one answer, which ends with the connection."""
    data = b""
    while chunk := sock.recv(65536):
        data += chunk
    head, _, body = data.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)


def head(agent, *fields, path="/v1/stop"):
    rows = [f"POST {path} HTTP/1.1", "Host: agent", f"{ASSERTION_HEADER}: {agent.keys.service()}", *fields]
    return ("\r\n".join(rows) + "\r\n\r\n").encode()


def test_a_body_that_says_it_is_too_large(agent, line):
    size = middleware.BODY_BYTES * 20
    line.sendall(head(agent, f"Content-Length: {size}") + b" " * size)
    status, body = read(line)
    assert (status, body["status"]) == (413, "error")
    assert str(middleware.BODY_BYTES) in body["reason"]


def test_a_body_without_an_end(agent, line):
    line.sendall(head(agent, "Transfer-Encoding: chunked"))
    chunk = b"8000\r\n" + b" " * 0x8000 + b"\r\n"
    for _ in range(3):
        line.sendall(chunk)
    assert read(line)[0] == 413


def test_the_largest_body_is_heard(agent):
    body = b" " * (middleware.BODY_BYTES - 2) + b"{}"
    headers = {ASSERTION_HEADER: agent.keys.service()}
    assert agent.client.post("/v1/stop", content=body, headers=headers).status_code == 200


def test_a_slow_body_is_cut_off(agent, line):
    line.sendall(head(agent, "Content-Length: 2") + b"{")
    status, body = read(line)
    assert (status, body["status"]) == (408, "error")
    assert f"within {middleware.BODY_SECONDS:g} s" in body["reason"]


def test_a_slow_head_is_cut_off(agent, line):
    """Byte by byte, for ever: each byte is no reason to wait longer."""
    over = threading.Event()

    def drip():
        for byte in head(agent).replace(b"\r\n\r\n", b"\r\nX: y") * 100:
            try:
                line.sendall(bytes([byte]))
            except OSError:
                return
            if over.wait(0.2):
                return

    dripping = threading.Thread(target=drip, daemon=True)
    dripping.start()
    try:
        assert read(line)[0] == 408
    finally:
        over.set()
        dripping.join(5)


def test_a_connection_that_says_nothing_is_cut_off(line):
    line.settimeout(serving.HEAD_SECONDS + 15)
    assert read(line)[0] == 408


def test_a_head_that_is_too_large(agent, line):
    line.sendall(head(agent, "X: " + "y" * 70_000).rstrip())
    assert read(line)[0] == 400


def test_no_http_at_all(line):
    line.sendall(b"\x16\x03\x01 hello\r\n\r\n")
    status, body = read(line)
    assert (status, body["status"]) == (400, "error")


def test_others_are_served_meanwhile(agent, line):
    line.sendall(head(agent, "Content-Length: 2") + b"{")
    assert agent.status()["running"] is False


@pytest.mark.parametrize("path", ["/", "/v1", "/v1/deploy/", "/V1/status", "/v1/deploys", "/docs", "/%00"])
def test_unknown_paths(agent, path):
    answer = agent.call("GET", path)
    assert (answer.status_code, answer.json()) == (404, {"status": "error", "reason": "no such call."})


@pytest.mark.parametrize("method", ["PUT", "DELETE", "HEAD", "OPTIONS", "TRACE", "BREW"])
def test_unknown_methods(agent, method):
    answer = agent.call(method, "/v1/stop")
    assert answer.status_code == 405
    assert "POST" in answer.headers["allow"]


def test_an_upgrade_is_not_taken(agent):
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Key": "x" * 24}
    assert agent.call("GET", "/v1/status", **upgrade).status_code == 200


def test_nothing_is_told_before_access(agent):
    for path in ("/health", "/openapi.json", "/nowhere"):
        assert agent.client.get(path).status_code == 403
