"""What a rehearsal's world is like: healthy by default, each fault one field."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

Edge = Literal[
    "healthy",
    "strict",  # 401 for a wrong token, never a redirect
    "login_redirect",  # an Allow policy stands beside Service Auth
    "login_page",  # the same, answered with 200
    "open",  # no Access application at all
    "half_open",  # Access guards /health and nothing else
    "cookie",  # a success sets CF_Authorization, as outside strict mode
    "expires",  # the token runs out once a deploy was answered
    "expires_strict",
    "lapses",  # it runs out before the deploy
    "no_ray",  # not through the edge
    "no_tunnel",  # 530, error code: 1033
    "no_tunnel_json",  # the same as RFC 9457 JSON
    "origin_down",  # 502
    "slow_origin",  # 524
    "bot_check",  # 403, error code: 1010
    "redirect_loop",
]


@dataclass(slots=True)
class Exchange:
    """One call at the edge and its answer, which a fault may change."""

    method: str
    path: str
    request: bytes
    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class World:
    """A rehearsal's world.

    Attributes:
        engine: what the runtime runs on.
        runtime: script in place of the reference runtime, or None.
        edge: how Access and the tunnel behave.
        tamper: changes an answer after the agent gave it (a lying agent, a broken way).
        relay: changes a piece of what the agent streams; None breaks the stream off there.
        intercept: answers in the agent's place, or None to let the call through.
        github: changes an answer of GitHub's API: (path, status, body) -> (status, body) or (status,
            body, headers); a body of bytes is sent as it is.
        environ: the client's environment; None removes a variable.
        agent_environ: the agent's own.
        phase: text of the phase ledger in place of a complete one.
        inspections: text of the sign-offs.
        applied: migrations applied to the database, or None for all.
        agent: whether the agent is up.
        agent_command: another agent in place of ours; it is given the same environment, tells its port as
            a line of JSON (``{"port": 1234}``), and leaves when its standard input ends.

    """

    engine: str = "process"
    runtime: str | None = None
    edge: Edge = "healthy"
    tamper: Callable[[Exchange], None] | None = None
    relay: Callable[[bytes], bytes | None] | None = None
    intercept: Callable[[Exchange], bool] | None = None
    github: Callable[[str, int, Any], tuple[Any, ...]] | None = None
    environ: Mapping[str, str | None] = field(default_factory=dict)
    agent_environ: Mapping[str, str | None] = field(default_factory=dict)
    phase: str | None = None
    inspections: str | None = None
    applied: tuple[str, ...] | None = None
    agent: bool = True
    agent_command: tuple[str, ...] | None = None
    runtime_file: Path = Path(__file__).with_name("runtime") / "run"

    def script(self) -> str:
        """The runtime's script."""
        return self.runtime_file.read_text(encoding="utf-8") if self.runtime is None else self.runtime
