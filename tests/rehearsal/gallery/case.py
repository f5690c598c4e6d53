"""A world of the gallery: the healthy rehearsal plus one deviation, and how the gate must end in it.

Each case states the clause named first, the verdict, the exit status, and whether a deploy may
have been sent. That the container ended stopped is asked of every world. A sound world ends
REHEARSED and names no clause.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pytest_smokedeploy.model.verdicts import EXIT_STATUS, Verdict
from pytest_smokedeploy.rehearsal import Exchange, World

HEALTHY = World().script()
IDLE = 'echo "idle: waiting for a signal"'
REFUSED, FAIL, INCOMPLETE, REHEARSED = "REFUSED", "FAIL", "INCOMPLETE", "REHEARSED"
#: The verdict of a run that was no gate at all, and left no evidence that anybody could offer.
NONE = ""


@dataclass(frozen=True)
class Case:
    """One world and its right end.

    Attributes:
        clause: the clause named first, "" where none is.
        verdict: how the run ends.
        world: the healthy rehearsal plus one deviation.
        status: its exit status where it is not the verdict's own.
        deploys: whether a deploy is sent; where it is not, nothing at all may be asked of the agent.
        options: more of pytest's command line; `{tests}` stands for the smoke tests' folder.
        tests: files or node ids of the smoke tests' folder, which run in place of the whole.
        needs: what the machine must have (tests.support.needs), "" for nothing.
        words: a part of the reason.
        settings: keys of smokedeploy.yml in place of the repository's.
        stopped: False only where the stop itself is taken away.
        files: laid beside a copy of the smoke tests, which runs in their place (name to text).
        workflow: text of the deploy workflow in place of the repository's; "" for none, "/" for a folder.
        environ: more of the gate's own environment.
        also: clauses that are violated besides the first.
        says: words that must stand in what the terminal shows.

    """

    clause: str
    verdict: str
    world: World
    deploys: bool = True
    status: int | None = None
    options: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()
    needs: str = ""
    words: str = ""
    settings: dict[str, Any] = field(default_factory=dict)
    stopped: bool = True
    files: dict[str, str] = field(default_factory=dict)
    workflow: str | None = None
    environ: dict[str, str] = field(default_factory=dict)
    also: tuple[str, ...] = ()
    says: tuple[str, ...] = ()

    @property
    def exit_status(self) -> int:
        """The exit status that the run must end with."""
        return EXIT_STATUS[Verdict(self.verdict)] if self.status is None else self.status

    @property
    def sound(self) -> bool:
        """Whether a gate that does not pass here cries wolf."""
        return self.verdict == REHEARSED


def sound(world: World | None = None, **how: Any) -> Case:
    """A world that must pass."""
    return Case("", REHEARSED, world or World(), **how)


def runtime(*changes: str) -> World:
    """The reference runtime with a line changed, or several: old and new of each."""
    text = HEALTHY
    for old, new in zip(changes[::2], changes[1::2], strict=True):
        assert old in text, old
        text = text.replace(old, new)
    return World(runtime=text)


def before_idle(code: str) -> World:
    """The reference runtime, which does `code` (POSIX shell) just before it says that it is idle."""
    return runtime(IDLE, f"{code}\n{IDLE}")


def after_idle(code: str) -> World:
    """The reference runtime, which does `code` once it has said that it is idle."""
    return runtime(IDLE, f"{IDLE}\n{code}")


def at_the_stop(code: str) -> World:
    """The reference runtime, which does `code` when it is told to stop."""
    return runtime('echo "stopped"', f'{code}\n    echo "stopped"')


def answer(path: str, change: Callable[[dict[str, Any], int], None], *, status: int | None = None) -> World:
    """An agent that lies at `path`; `change` gets the answer and how often the path was asked."""
    asked = [0]

    def tamper(exchange: Exchange) -> None:
        if exchange.path != path:
            return
        asked[0] += 1
        body = json.loads(exchange.body)
        change(body, asked[0])
        exchange.body = json.dumps(body).encode()
        exchange.headers = {"content-type": "application/json"}
        if status is not None:
            exchange.status = status

    return World(tamper=tamper)


def says(path: str, **fields: Any) -> World:
    """An agent that says `fields` at `path` once something runs, and always at other paths."""

    def change(body: dict[str, Any], _asked: int) -> None:
        if path != "/v1/status" or body["running"]:
            body.update(fields)

    return answer(path, change)


def lacks(path: str, name: str) -> World:
    """An agent that leaves `name` out at `path` once something runs."""
    return answer(path, lambda body, _: body.pop(name, None) if body.get("running", True) else None)


def replies(path: str, status: int, body: bytes, kind: str = "application/json") -> World:
    """Something in the agent's place answers `path`, and the agent never hears of it."""

    def intercept(exchange: Exchange) -> bool:
        if exchange.path != path:
            return False
        exchange.status, exchange.body, exchange.headers = status, body, {"content-type": kind}
        return True

    return World(intercept=intercept)


def github(part: str, status: int, body: Any, **headers: str) -> World:
    """GitHub's API answers paths that end in or hold `part` otherwise; bytes are sent as they are."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return World(github=lambda path, s, b: (status, body, named) if part in path else (s, b))
