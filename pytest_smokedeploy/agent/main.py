"""``smokedeploy agent``: reads its settings, binds, serves, and leaves in order."""

import argparse
import json
import os
import signal
import socket
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Final

from pytest_smokedeploy.agent.domain.container import key_of
from pytest_smokedeploy.agent.domain.control import ContainerControl
from pytest_smokedeploy.agent.domain.deploys import read_record
from pytest_smokedeploy.agent.domain.files import StateError
from pytest_smokedeploy.agent.domain.flow import Flow
from pytest_smokedeploy.agent.domain.reconcile import reconcile, watch_engine
from pytest_smokedeploy.agent.domain.state import TakenError
from pytest_smokedeploy.agent.domain.unstarted import end_lease
from pytest_smokedeploy.agent.engines.base import Engine
from pytest_smokedeploy.agent.engines.registry import ENGINES
from pytest_smokedeploy.agent.http import logs
from pytest_smokedeploy.agent.http.access import Access
from pytest_smokedeploy.agent.http.app import build_app
from pytest_smokedeploy.agent.http.keys import Keys
from pytest_smokedeploy.agent.http.serving import FINISH_SECONDS, AgentServer
from pytest_smokedeploy.agent.settings import AgentSettings, ContainerSettings, WrongSettingsError
from pytest_smokedeploy.support.errors import EngineError, SmokedeployError
from pytest_smokedeploy.support.loopback import is_loopback
from pytest_smokedeploy.support.output import say
from pytest_smokedeploy.support.redaction import Sanitiser

#: Seconds that a deploy in flight may still take once standard input ended (a rehearsal's agent).
_SHORT_SECONDS: Final = 10.0
#: Settings of the container whose default does where what is set is wrong.
_NUMBERS: Final = frozenset({"STOP_GRACE_SECONDS", "LEASE_MAX_SECONDS"})
#: Seconds that a thread computes before it lets another: a call waits as long each time it has asked the
#: engine something, and while a log is read it does so behind two such threads (default: 5 ms).
_TURN_SECONDS: Final = 0.0005


def run(argv: Sequence[str], environ: Mapping[str, str]) -> int:
    """Serve until SIGTERM or SIGINT; returns 0, or 1 with the reason on stderr.

    Args:
        argv: ``init``, ``release`` or ``prune`` with its options; ``--check`` looks and serves nothing;
            ``--exit-with-stdin`` ends the agent when its standard input ends, stopping what runs.
        environ: the settings.

    """
    if argv[:1] == ["release"]:
        from pytest_smokedeploy.agent.domain.release import run as release  # noqa: PLC0415 - a command of its own

        return release(argv[1:], environ)
    if argv[:1] == ["prune"]:
        from pytest_smokedeploy.agent.domain.prune import run as prune  # noqa: PLC0415 - a command of its own

        return prune(argv[1:], environ)
    if argv[:1] == ["init"]:
        from pytest_smokedeploy.agent.installation import run as init  # noqa: PLC0415 - a command of its own

        return init(argv[1:])
    parsed = _parser().parse_args(argv)
    if parsed.check:
        from pytest_smokedeploy.agent.check import check  # noqa: PLC0415 - a command of its own

        return check(environ)
    try:
        # What stopping takes comes first: no other setting keeps a container running.
        own = _container_settings(environ)
        logs.start(sys.stderr, Sanitiser())
        control = _settled(own, make_engine(own))
        try:
            settings = AgentSettings.from_environ(environ)
            logs.start(sys.stderr, Sanitiser(settings.secrets))
            _serve(Flow(settings, control), _bind(settings), exit_with_stdin=parsed.exit_with_stdin)
        finally:
            # One that can't serve leaves nothing that is lent, as one that leaves in order.
            control.close(0.0)
    except SmokedeployError as error:
        for line in str(error).splitlines():
            _say(line)
        return 1
    return 0


def _container_settings(environ: Mapping[str, str]) -> ContainerSettings:
    """The settings that stopping takes; a number among them that is wrong has its default.

    Raises:
        WrongSettingsError: which container it is can't be told; every wrong setting is named.

    """
    for left_out in (frozenset[str](), _NUMBERS):
        with suppress(WrongSettingsError):
            given = {name: text for name, text in environ.items() if name not in left_out}
            return ContainerSettings.from_environ(given)
    return AgentSettings.from_environ(environ)


def _settled(settings: ContainerSettings, engine: Engine) -> ContainerControl:
    """Settle what the last agent left; where STATE_PATH can't be used, end the lease of what runs first."""
    try:
        return reconcile(settings, engine)
    except TakenError:
        raise
    except StateError as error:
        _say(f"it can't start: {error.message}")
        leaving = threading.Event()
        for sign in (signal.SIGTERM, signal.SIGINT):
            signal.signal(sign, lambda *_: leaving.set())
        end_lease(settings, engine, leaving, _say)
        raise


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="smokedeploy agent",
        description="Serve the Deploy Agent; its settings come from the environment.",
        epilog="smokedeploy agent init lays unit, settings and folders on the server; "
        "smokedeploy agent release --reason TEXT takes a hold off; "
        "smokedeploy agent prune --keep N removes images that it pulled.",
    )
    words = "say what of the settings and the server is wrong, and leave"
    parser.add_argument("--check", action="store_true", help=words)
    words = "stop the container and leave when standard input ends (a rehearsal's agent)"
    parser.add_argument("--exit-with-stdin", action="store_true", help=words)
    return parser


def _say(words: str) -> None:
    # A wrong setting is shown as it is set, and may be an address with a password in it.
    say(Sanitiser().text(f"smokedeploy agent: {words}"), sys.stderr)


def make_engine(settings: ContainerSettings) -> Engine:
    """The engine that the settings name."""
    if not ENGINES[settings.engine].isolated:
        _say("the engine `process` is for rehearsals; it isolates nothing.")
    return ENGINES[settings.engine].make(settings)


def _bind(settings: AgentSettings) -> socket.socket:
    if not is_loopback(settings.bind):
        _say(f"BIND {settings.bind} is not loopback: whoever reaches it can try to pass by the tunnel.")
    family = socket.AF_INET6 if ":" in settings.bind else socket.AF_INET
    # With its protocol named: only then does asyncio send at once (TCP_NODELAY) what is written. Without,
    # the second part of an answer waits for the first one's acknowledgement, 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.bind, settings.port))
    except OSError as error:
        listener.close()
        words = f"{settings.bind}:{settings.port} can't be bound: {error.strerror}."
        raise EngineError(words, remedy="Set another PORT.") from error
    listener.listen(64)
    return listener


def _serve(flow: Flow, listener: socket.socket, *, exit_with_stdin: bool) -> None:
    access, leaving = Access(Keys(flow.settings.team), flow.settings.audience), threading.Event()
    server = AgentServer(build_app(flow, access, leaving), leaving)
    sys.setswitchinterval(_TURN_SECONDS)
    if exit_with_stdin:
        threading.Thread(target=_watch_stdin, args=(server,), daemon=True).start()
    flow.store.audit("agent.started", why=flow.control.settled)
    # The socket listens already, so a client may connect as soon as this line is out.
    print(json.dumps({"event": "listening", "port": listener.getsockname()[1]}), flush=True)  # noqa: T201
    access.keys.refresh()
    threading.Thread(target=watch_engine, args=(flow.control,), name="engine-watch", daemon=True).start()
    try:
        server.serve_until_told(listener)
    finally:
        # A deploy whose caller was answered with 202 is in hand too.
        flow.control.close(_SHORT_SECONDS if server.force_exit else FINISH_SECONDS)
        if exit_with_stdin:
            _leave_nothing(flow)


def _leave_nothing(flow: Flow) -> None:
    """Stop what a rehearsal left, and remove it; a failed start's container is kept to be looked at."""
    try:
        state = flow.container.look()
        if state is not None and state.ours:
            flow.engine.stop(flow.settings.grace_seconds, state.container_id)
            record = read_record(flow.store, key_of(state))
            if record is None or record.deployed:
                flow.engine.remove(state.container_id)
    except SmokedeployError as error:
        _say(f"what ran could not be stopped, or removed: {error}")


def _watch_stdin(server: AgentServer) -> None:
    # Not through the buffer: a thread that waits in it keeps the interpreter from ending.
    while os.read(sys.stdin.fileno(), 4096):
        pass
    # Nobody is left to wait for an answer.
    server.force_exit = True
    server.should_exit = True
