"""An engine that goes away is noticed, also where it lets nobody read its events."""

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingUnixStreamServer

import pytest

from pytest_smokedeploy.agent.engines.docker import presence
from pytest_smokedeploy.agent.engines.docker.api import DockerApi
from pytest_smokedeploy.agent.engines.docker.events import EngineEvents

SECONDS = 30


class Refusing(BaseHTTPRequestHandler):
    """As a proxy before the engine that lets through nothing but questions whether it is there."""

    events = b"403 No"

    def do_GET(self):
        known = "/_ping" in self.path or self.path.endswith("/version")
        body = b'{"ApiVersion": "1.41"}' if known else b'{"message": "forbidden"}'
        self.server.asked.append(self.path)
        self.server.pinged.set() if "_ping" in self.path else None
        self.wfile.write(
            b"HTTP/1.1 %s\r\nContent-Type: application/json\r\n" % (b"200 OK" if known else self.events)
        )
        self.wfile.write(b"Content-Length: %d\r\nConnection: close\r\n\r\n" % len(body) + body)

    def log_message(self, *_):
        pass


@contextmanager
def engine(path):
    with ThreadingUnixStreamServer(str(path), Refusing) as server:
        server.asked, server.pinged = [], threading.Event()
        serving = threading.Thread(target=server.serve_forever, args=(0.02,))
        serving.start()
        try:
            yield server
        finally:
            server.shutdown()
            serving.join()


@pytest.fixture
def watched(tmp_path, monkeypatch):
    """The engine's socket, the thread of `away`, what ends it, what it says then, what it told of a start."""
    monkeypatch.setattr(presence, "_ASK_SECONDS", 0.02)
    api, closing, said = DockerApi(f"unix://{tmp_path / 'e.sock'}", seconds=5), threading.Event(), []
    started = threading.Event()
    watched = (api, EngineEvents(api, "a=b"), closing, started.set)
    work = threading.Thread(target=lambda: said.append(presence.away(*watched)))

    def ended():
        work.join(SECONDS)
        return said

    yield tmp_path / "e.sock", work, closing, ended, started
    closing.set()
    work.join(SECONDS)


def test_one_that_refuses_its_events_is_asked_until_it_does_not_answer(watched):
    path, work, _, ended, started = watched
    with engine(path) as server:
        work.start()
        assert server.pinged.wait(SECONDS)
        assert started.wait(SECONDS), "it can't tell what was"
        assert any("/events" in asked for asked in server.asked)
        assert work.is_alive()
    assert ended() == [True]


def test_one_whose_answer_ends_at_once_is_not_away_as_long_as_it_answers(watched, monkeypatch):
    """As behind a proxy that keeps no answer open: else the agent would settle without a pause."""
    monkeypatch.setattr(presence, "_ASK_SECONDS", SECONDS)
    monkeypatch.setattr(Refusing, "events", b"200 OK")
    path, work, closing, ended, _ = watched
    with engine(path) as server:
        work.start()
        assert server.pinged.wait(SECONDS)
        closing.set()
        assert ended() == [False]
        assert sum("/events" in asked and "until" not in asked for asked in server.asked) == 1


def test_a_wait_that_is_called_off_says_no(watched):
    path, work, closing, ended, _ = watched
    with engine(path) as server:
        work.start()
        assert server.pinged.wait(SECONDS)
        closing.set()
        assert ended() == [False]


def test_one_that_is_not_there_at_all(watched):
    _, work, _, ended, _ = watched
    work.start()
    assert ended() == [True]
