"""The log as a stream: records as they come, its end, its silence, its breaks."""

import json
import signal
import threading

import pytest

from pytest_smokedeploy.client import log_stream
from pytest_smokedeploy.contract import End, Heartbeat, LogLine
from pytest_smokedeploy.support.errors import AgentRefusedError, ContractError, EdgeError, UnreachableError
from tests.support.raw_server import answers, http

AT = "2026-01-02T03:04:05.123456789Z"
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/x-ndjson\r\ncf-ray: 8f-FRA\r\n"
END = {"end": {"exit_code": 0}}


def line(text, stream="stdout"):
    return {"time": AT, "stream": stream, "line": text}


def ndjson(*records):
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def streams(*parts, hold=False):
    def script(peer):
        peer.send(HEAD + b"\r\n")
        for part in parts:
            peer.send(part)
        if hold:
            peer.wait_for_close()

    return script


def records_of(stream):
    while not stream.ended:
        if (record := stream.next(60)) is not None:
            yield record


def lines_of(stream):
    return [record.line for record in records_of(stream) if isinstance(record, LogLine)]


def test_records_come_in_order_up_to_the_end(client_of):
    client = client_of(streams(ndjson(line("a"), {"heartbeat": AT}, line("b", "stderr"), END)))
    with client.logs(follow=True) as stream:
        records = list(records_of(stream))
        assert stream.ended
        assert stream.ray == "8f-FRA"
        assert stream.next(0) is None
    assert [type(record) for record in records] == [LogLine, Heartbeat, LogLine, End]
    assert records[2].stream == "stderr"
    assert records[3].exit_code == 0
    (asked,) = client.server.asked
    assert asked.line == "GET /v1/logs?follow=true HTTP/1.1"
    assert asked.header("Accept").startswith("application/x-ndjson")
    assert asked.header("CF-Access-Client-Id") == "example-id.access"


def test_a_record_is_there_the_moment_it_is_sent(client_of):
    taken = threading.Event()

    def script(peer):
        peer.send(HEAD + b"\r\n" + ndjson(line("first")))
        assert taken.wait(10)
        peer.send(ndjson(line("second"), END))

    with client_of(script).logs(follow=True) as stream:
        assert stream.next(5).line == "first"
        assert stream.next(0.02) is None
        assert not stream.ended
        taken.set()
        assert stream.next(5).line == "second"


def test_records_may_arrive_in_any_pieces(client_of):
    data = ndjson(line("grüße"), line("b"), END)
    with client_of(streams(*(data[i : i + 1] for i in range(len(data))))).logs(follow=True) as stream:
        assert lines_of(stream) == ["grüße", "b"]


def test_chunked_transfer(client_of):
    data = ndjson(line("a"), END)
    chunk = b"%x\r\n%s\r\n0\r\n\r\n" % (len(data), data)
    client = client_of(lambda peer: peer.send(HEAD + b"transfer-encoding: chunked\r\n\r\n" + chunk))
    with client.logs(follow=True) as stream:
        assert lines_of(stream) == ["a"]


def test_a_read_that_does_not_follow_may_end_without_an_end(client_of):
    with client_of(streams(ndjson(line("a")))).logs(follow=False) as stream:
        assert lines_of(stream) == ["a"]
        assert stream.ended


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(streams(ndjson(line("a"))), id="closed"),
        pytest.param(streams(ndjson(line("a"), {"error": "the engine is away"})), id="told by the agent"),
        pytest.param(
            streams(ndjson(line("a"), {"error": "the engine is away"}, END)), id="told, then an end"
        ),
        pytest.param(
            lambda peer: peer.send(HEAD + b"transfer-encoding: chunked\r\n\r\nff\r\n" + ndjson(line("a"))),
            id="cut",
        ),
    ],
)
def test_a_followed_stream_that_breaks_off_says_so_after_its_last_record(client_of, script):
    with client_of(script).logs(follow=True) as stream:
        assert stream.next(5).line == "a"
        with pytest.raises(UnreachableError, match="broke off"):
            stream.next(5)
        assert not stream.ended


def test_silence_beyond_the_heartbeats_is_a_fault(client_of, monkeypatch):
    monkeypatch.setattr(log_stream, "IDLE_SECONDS", 0.2)
    client = client_of(streams(ndjson(line("a")), hold=True))
    with client.logs(follow=True) as stream:
        assert stream.next(5).line == "a"
        with pytest.raises(UnreachableError, match=r"no heartbeat for 0\.2 seconds"):
            stream.next(60)


def test_bytes_without_a_record_are_silence(client_of, monkeypatch):
    def script(peer):
        peer.send(HEAD + b"\r\n")
        while not peer.released.wait(0.01):
            peer.send(b"x")

    monkeypatch.setattr(log_stream, "IDLE_SECONDS", 0.2)
    with (
        client_of(script).logs(follow=True) as stream,
        pytest.raises(UnreachableError, match="no heartbeat"),
    ):
        stream.next(60)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"plain text\n", "not JSON"),
        (b"[1]\n", "no record"),
        (b"{}\n", "no record"),
        (ndjson(line("a") | END), "no record"),
        (ndjson({"line": "a", "stream": "stdout"}), "breaks the contract"),
        (ndjson(line("a", "stdin")), "breaks the contract"),
        (ndjson({"heartbeat": "now"}), "breaks the contract"),
        (ndjson({"end": 0}), "breaks the contract"),
        (b"\xff\n", "UTF-8"),
        (ndjson(line("a"))[:-3], "half a record"),
    ],
)
def test_what_is_no_record_breaks_the_contract(client_of, data, words):
    with (
        client_of(streams(data)).logs(follow=True) as stream,
        pytest.raises(ContractError, match=words),
    ):
        stream.next(5)


def test_a_long_line_is_cut_with_a_mark(client_of, monkeypatch):
    monkeypatch.setattr(log_stream, "LINE_CAP", 10)
    with client_of(streams(ndjson(line("0123456789abc"), END))).logs(follow=True) as stream:
        assert lines_of(stream) == ["0123456789 [cut: 3 characters more]"]


def test_a_record_without_end_is_not_kept(client_of, monkeypatch):
    monkeypatch.setattr(log_stream, "RECORD_CAP", 1000)
    with (
        client_of(streams(b"x" * 70_000, hold=True)).logs(follow=True) as stream,
        pytest.raises(ContractError, match="larger than 1000 bytes"),
    ):
        stream.next(5)


def test_a_slow_consumer_makes_the_agent_wait_and_loses_nothing(client_of, monkeypatch):
    monkeypatch.setattr(log_stream, "QUEUE_CAP", 5_000)
    texts = [f"{number} {'x' * 1000}" for number in range(500)]
    with client_of(streams(ndjson(*map(line, texts), END))).logs(follow=True) as stream:
        found = []
        for record in records_of(stream):
            assert stream._held <= 5_000 + 80_000  # a piece of the answer is taken whole
            found += [record.line] if isinstance(record, LogLine) else []
    assert found == texts


@pytest.mark.parametrize(
    ("script", "error", "words"),
    [
        (answers(404, {"status": "error", "reason": "no logs"}), AgentRefusedError, "no logs"),
        (answers(530, b"error code: 1033"), EdgeError, "no tunnel"),
        (answers(200, b"<html>Cloudflare Access", content_type="text/html"), EdgeError, "login page"),
        (answers(200, {"lines": []}), ContractError, "application/json"),
        (lambda peer: None, UnreachableError, "broke off"),
    ],
)
def test_what_is_no_log_is_named_at_once(client_of, script, error, words):
    with pytest.raises(error, match=words):
        client_of(script).logs(follow=True)


def test_an_answer_that_never_begins_ends_at_the_deadline(client_of):
    client = client_of(lambda peer: peer.wait_for_close(), seconds=0.2)
    with pytest.raises(UnreachableError, match=r"within 0\.2 seconds"):
        client.logs(follow=True)


def test_close_ends_a_reader_that_waits_for_its_consumer(client_of, monkeypatch):
    monkeypatch.setattr(log_stream, "QUEUE_CAP", 1)
    client = client_of(streams(ndjson(*[line("x" * 1000)] * 2000), hold=True))
    stream = client.logs(follow=True)
    assert stream.next(5) is not None
    stream.close()
    assert stream.ended
    assert stream._flight.done.is_set()


def test_an_open_stream_is_no_deploy_in_flight_and_ends_with_its_client(client_of):
    client = client_of(streams(hold=True))
    stream = client.logs(follow=True)
    assert client.settle_deploy(0)
    client.close()
    assert stream._flight.done.is_set()
    with pytest.raises(UnreachableError):
        stream.next(5)
    stream.close()


def test_an_interrupt_gets_out_of_next_at_once(client_of):
    def script(peer):
        peer.send(HEAD + b"\r\n" + ndjson(line("a")))
        assert waiting.wait(10)
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
        peer.wait_for_close()

    waiting = threading.Event()
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with client_of(script).logs(follow=True) as stream:
            assert stream.next(5).line == "a"
            with pytest.raises(KeyboardInterrupt):  # noqa: PT012 - it may come in either line
                waiting.set()
                stream.next(20)
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_stream_of_which_nothing_comes_while_the_status_is_answered_is_held_back_on_the_way(client_of):
    def script(peer):
        if peer.line.startswith("GET /v1/logs"):
            peer.hold()
        else:
            peer.send(http(200, {"running": True, "container_name": "runtime-dev"}))

    client = client_of(script, seconds=0.5)
    with pytest.raises(UnreachableError, match="something on the way holds it back") as caught:
        client.logs(follow=True)
    assert "proxy_buffering off" in str(caught.value)
    assert "cloudflared must be 2025.4.2 or later" in str(caught.value)
