"""The agent's own application behind a real socket, and the team's key server beside it."""

from __future__ import annotations

import json
import threading
import time
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import jwt
import pytest

from pytest_smokedeploy.agent.domain.flow import Flow
from pytest_smokedeploy.agent.domain.reconcile import reconcile
from pytest_smokedeploy.agent.engines.process.engine import ProcessEngine
from pytest_smokedeploy.agent.http.access import Access
from pytest_smokedeploy.agent.http.app import build_app
from pytest_smokedeploy.agent.http.keys import Keys
from pytest_smokedeploy.agent.settings import AgentSettings
from pytest_smokedeploy.contract import ASSERTION_HEADER
from pytest_smokedeploy.rehearsal.access import Team
from pytest_smokedeploy.rehearsal.server import serving


class KeyServer:
    """Serves the keys of some teams, as Access does; or is down, slow, or answers something else.

    Attributes:
        teams: whose keys are listed.
        asked: how often it was asked.
        body: bytes served in place of the keys, or None.
        status: the HTTP status.
        held: while it is clear, answers wait for it.
        reached: set when a question is under way.

    """

    def __init__(self):
        self.teams, self.asked, self.body, self.status = [], 0, None, 200
        self.held, self.reached = threading.Event(), threading.Event()
        self.held.set()
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                owner.asked += 1
                owner.reached.set()
                owner.held.wait(30)
                body = owner.body
                if body is None:
                    body = json.dumps({"keys": [t.jwks()["keys"][0] for t in owner.teams]}).encode()
                try:
                    self.send_response(owner.status)
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)
                except OSError:
                    return  # the agent no longer waits

            def log_message(self, *_):
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self):
        self.held.set()
        self._server.shutdown()
        self._server.server_close()


class Clock:
    """Monotonic seconds that a test sets."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


class Door:
    """The agent behind its socket, the key server, one team, and the clock of the keys."""

    def __init__(self, folder, keys):
        self.keys, self.clock = keys, Clock()
        self.team = Team(keys.url)
        keys.teams.append(self.team)
        for name in ("audit", "snapshots", "store"):
            (folder / name).mkdir()
        settings = AgentSettings.from_environ(
            {
                "ENVIRONMENT": "dev",
                "CONTAINER_NAME": "runtime",
                "AUDIT_EVENTS_PATH": str(folder / "audit"),
                "SNAPSHOTS_PATH": str(folder / "snapshots"),
                "STATE_PATH": str(folder / "state"),
                "ALLOWED_IMAGES": "example.test/runtime",
                "CF_ACCESS_TEAM_DOMAIN": keys.url,
                "CF_ACCESS_AUD": self.team.audience,
                "ENGINE": "process",
                "PROCESS_STORE": str(folder / "store"),
            }
        )
        self.access = Access(Keys(keys.url, self.clock), self.team.audience)
        self._server = ExitStack()
        control = reconcile(settings, ProcessEngine(folder / "store"))
        app = build_app(Flow(settings, control), self.access)
        self.url = f"http://127.0.0.1:{self._server.enter_context(serving(app))}"

    def close(self):
        self._server.close()

    def claims(self, **changes):
        """A service token's claims; a change to None leaves a claim out."""
        now = int(time.time())
        claims = {
            "type": "app",
            "aud": [self.team.audience],
            "iss": self.team.address,
            "iat": now,
            "exp": now + 60,
            "common_name": "gate.access",
            "sub": "",
        }
        return {name: value for name, value in (claims | changes).items() if value is not None}

    def sign(self, team=None, **changes):
        """An assertion of these claims, signed by the team (or another)."""
        signer = team or self.team
        # As JWS: JWT's own encoder would refuse some of what the tests sign.
        claims = json.dumps(self.claims(**changes)).encode()
        return jwt.api_jws.encode(claims, signer.key, algorithm="RS256", headers={"kid": signer.kid})

    def get(self, *assertions, path="/health", headers=()):
        """The answer to a call that carries these assertions."""
        sent = [*((ASSERTION_HEADER, given) for given in assertions), *headers]
        return httpx.get(f"{self.url}{path}", headers=sent, timeout=20, trust_env=False)

    def until(self, condition, seconds=10):
        """Wait for what happens in another thread."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, "it did not come to that"
            threading.Event().wait(0.01)


@pytest.fixture
def key_server():
    server = KeyServer()
    yield server
    server.close()


@pytest.fixture
def door(tmp_path, key_server):
    door = Door(tmp_path, key_server)
    yield door
    door.close()
