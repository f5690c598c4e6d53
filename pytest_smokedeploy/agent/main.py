"""``smokedeploy agent``: reads its settings, binds, serves, and leaves in order."""

from __future__ import annotations

import argparse
import json
import logging
import signal
import socket
import sys
import threading
from collections.abc import Mapping, Sequence
from typing import Any, Final

from pytest_smokedeploy.agent.engines.base import Engine
from pytest_smokedeploy.agent.flow import Flow
from pytest_smokedeploy.agent.recovery import settled
from pytest_smokedeploy.agent.settings import AgentSettings
from pytest_smokedeploy.errors import EngineError, SmokedeployError
from pytest_smokedeploy.loopback import is_loopback

#: How long a deploy in flight may still take when the agent is told to leave; then it is cancelled.
_FINISH_SECONDS: Final = 10.0
_FIELDS: Final = ("call", "caller", "ray", "status", "seconds")


class _JsonLines(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        row: dict[str, Any] = {"time": self.formatTime(record), "level": record.levelname.lower()}
        row["message"] = record.getMessage()
        row |= {name: getattr(record, name) for name in _FIELDS if hasattr(record, name)}
        return json.dumps(row, ensure_ascii=False)


def run(argv: Sequence[str], environ: Mapping[str, str]) -> int:
    """Serve until SIGTERM or SIGINT; returns 0, or 1 with the reason on stderr.

    Args:
        argv: ``--exit-with-stdin`` ends the agent when its standard input ends, stopping what runs.
        environ: the settings.

    """
    if argv[:1] == ["release"]:
        from pytest_smokedeploy.agent.release import run as release  # noqa: PLC0415 - a command of its own

        return release(argv[1:], environ)
    parser = argparse.ArgumentParser(prog="smokedeploy agent")
    parser.add_argument(
        "--exit-with-stdin",
        action="store_true",
        help="stop the container and leave when standard input ends (a rehearsal's agent)",
    )
    parsed = parser.parse_args(argv)
    try:
        settings = AgentSettings.from_environ(environ)
        engine = _engine(settings, environ)
        listener = _bind(settings)
        flow = settled(settings, engine)
    except SmokedeployError as error:
        print(f"smokedeploy agent: {error}", file=sys.stderr)  # noqa: T201 - a command line's voice
        return 1
    _serve(settings, engine, flow, listener, exit_with_stdin=parsed.exit_with_stdin)
    return 0


def _engine(settings: AgentSettings, environ: Mapping[str, str]) -> Engine:
    if settings.engine == "process" and settings.process_store is not None:
        from pytest_smokedeploy.agent.engines.process import ProcessEngine  # noqa: PLC0415 - one engine is loaded

        words = "smokedeploy agent: the engine `process` is for rehearsals; it isolates nothing."
        print(words, file=sys.stderr)  # noqa: T201 - a command line's voice
        return ProcessEngine(settings.process_store)
    from pytest_smokedeploy.agent.engines.docker import DockerEngine  # noqa: PLC0415 - one engine is loaded

    return DockerEngine(settings.container_name, environ.get("DOCKER_HOST", ""))


def _bind(settings: AgentSettings) -> socket.socket:
    if not is_loopback(settings.bind):
        words = f"smokedeploy agent: BIND {settings.bind} is not loopback: cloudflared alone should reach it."
        print(words, file=sys.stderr)  # noqa: T201 - a command line's voice
    family = socket.AF_INET6 if ":" in settings.bind else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.bind, settings.port))
    except OSError as error:
        listener.close()
        words = f"{settings.bind}:{settings.port} can't be bound: {error.strerror}."
        raise EngineError(words, remedy="Set another PORT.") from error
    listener.listen(64)
    return listener


def _serve(
    settings: AgentSettings, engine: Engine, flow: Flow, listener: socket.socket, *, exit_with_stdin: bool
) -> None:
    import uvicorn  # noqa: PLC0415 - after the settings are known to be right

    from pytest_smokedeploy.agent.app import build_app  # noqa: PLC0415 - likewise

    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonLines())
    logging.getLogger("smokedeploy.agent").addHandler(handler)
    logging.getLogger("smokedeploy.agent").setLevel(logging.INFO)
    config = uvicorn.Config(
        build_app(settings, engine, flow),
        log_config=None,
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=10,
    )
    server = uvicorn.Server(config)
    if exit_with_stdin:
        threading.Thread(target=_watch_stdin, args=(server,), daemon=True).start()
    # The server raises the signal that ended it once more when it is done; left to its default it would
    # end the process before a deploy in hand is ended.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    # The socket listens already: whoever reads this line may connect at once.
    print(json.dumps({"event": "listening", "port": listener.getsockname()[1]}), flush=True)  # noqa: T201
    try:
        server.run(sockets=[listener])
    finally:
        flow.close(_FINISH_SECONDS)
        if exit_with_stdin:
            state = engine.inspect()
            if state is not None and state.ours:
                engine.stop(settings.grace_seconds)
                engine.remove()


def _watch_stdin(server: Any) -> None:  # noqa: ANN401 - uvicorn's server
    while sys.stdin.buffer.read(4096):
        pass
    server.should_exit = True
    # A log stream that is followed would otherwise hold the shutdown until its client leaves.
    server.force_exit = True
