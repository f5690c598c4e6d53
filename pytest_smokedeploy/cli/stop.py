"""``smokedeploy stop``: the workflow's last step, for a run that was killed (DESIGN 5, layer 4).

It pays the stop that the run's journal owes, and writes what the run left unwritten.
"""

import argparse
import os
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

from pytest_smokedeploy.client import AgentClient, hold
from pytest_smokedeploy.evidence import Journal, owed, replay
from pytest_smokedeploy.judging import Record
from pytest_smokedeploy.lifecycle import FactRecorder, outcome
from pytest_smokedeploy.lifecycle.deploying import overdue
from pytest_smokedeploy.lifecycle.stopping import Stopper
from pytest_smokedeploy.run import completion
from pytest_smokedeploy.settings import Options, RunConfig, resolve
from pytest_smokedeploy.support.errors import EvidenceError, SmokedeployError
from pytest_smokedeploy.support.output import say
from pytest_smokedeploy.support.redaction import Sanitiser

_LOOK: Final = "Ask the agent's GET /v1/status, and stop by hand what runs."
_OWED: Final = "the journal owes no stop"
_UNWRITTEN: Final = "; the evidence could not be written"
_CUT: Final = "the run was cut off: the gate's process ended before it saw the container stopped."
_LOOK_WHO: Final = "Find out in the job's log what ended it."
#: Events after which a run's journal says itself why it did not pass.
_ENDS: Final = frozenset({"signal", "run.spoiled", "run.finished"})
#: Events of a deploy's end; without one of them it may still be under way.
_ANSWERED: Final = frozenset({"deploy.answered", "deploy.failed", "deploy.refused"})


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the evidence folder and the settings file."""
    parser.add_argument("--smokedeploy-evidence", "--evidence", dest="evidence", type=Path, default=None)
    parser.add_argument("--smokedeploy-config", "--config", dest="config", type=Path, default=None)


def run(parsed: argparse.Namespace) -> bool:
    """Print what was done; true where nothing is left running."""
    words, stopped = _rescue(Options.merged(vars(parsed) | {"environment": "dev"}, os.environ))
    say(f"smokedeploy stop: {words}")
    return stopped


def _rescue(options: Options) -> tuple[str, bool]:
    """Stop what the journal in the evidence folder shows as deployed and not stopped; complete the folder.

    Returns:
        What happened, in words, and whether nothing is left running.

    Raises:
        SmokedeployError: the settings are wrong, or the journal can't be read.

    """
    folder = options.evidence
    file = folder / "journal.jsonl"
    try:
        events, damaged = Journal.look(file)
    except EvidenceError as error:
        if isinstance(error.__cause__, FileNotFoundError):
            return f"no journal in {folder}: no deploy was sent, nothing to stop.", True
        raise EvidenceError(f"{error} Whether a stop is owed is not known.", remedy=_LOOK) from error
    deploy_id = owed(events)
    if deploy_id is None and damaged:
        words = f"{damaged} lines of the journal can't be read: whether a stop is owed is not known."
        raise EvidenceError(words, remedy=_LOOK)
    started = _first(events, "run.started")
    rehearsed = started.get("rehearsal") is True
    image = started.get("image")
    options = replace(options, image_tag=str(image.get("tag", "")) if isinstance(image, Mapping) else "")
    if deploy_id is None or rehearsed:
        words = "the journal is a rehearsal's; its world ended with it" if rehearsed else _OWED
        lacked = _complete(folder, Journal(file, Sanitiser()), cut=deploy_id is not None)
        whole = not lacked and _first(events, "run.finished")
        told = "" if whole or rehearsed else _hold(events, options)
        return f"{words}{lacked or '; everything is left alone'}{told.rstrip('.')}.", True
    run = resolve(options, os.environ)
    sanitiser = Sanitiser(run.named_secrets().values())
    journal = Journal(file, sanitiser)
    facts = FactRecorder(_gate(events), journal)
    own, run_url = run.client_id.reveal(), run.github.url_of
    facts.hold = partial(hold.words, own=own, run_url=run_url, endpoint=run.endpoint)
    # Whatever the run had proven by then: what had to be rescued is no evidence (EXT-5).
    facts.note("run.spoiled", words=f"{_CUT} {_LOOK_WHO}", remedy=_LOOK_WHO)
    promised = _first(events, "deploy.promised")
    with AgentClient(run.endpoint, run.client_id, run.client_secret) as client:
        named = promised.get("named") is not False
        stopper = Stopper(run, client, facts, deploy_id, time.monotonic, named, _container_id(events))
        shutdown = stopper.stop("smokedeploy stop, after the run", _open_seconds(events, run))
        stopper.look_again()
    done = shutdown.confirmed and shutdown.second_look is False
    words = sanitiser.text(shutdown.told)
    lacked = _complete(folder, journal)
    return f"{words}{lacked}{_hold(events, options)}", done and not lacked.startswith(_UNWRITTEN)


def _complete(folder: Path, journal: Journal, *, cut: bool = False) -> str:
    """Write what the run left unwritten; returns that it was, or why not, to go on with: "" for nothing.

    `cut` is whether its journal owes a stop that nobody sends: of a run without an end that is the reason.
    """
    try:
        with closing(journal):
            if journal.shared:
                return "; the run is still under way, and its evidence is left to it"
            if cut and _ENDS.isdisjoint(event.get("event") for event in journal.events):
                journal.write("run.spoiled", words=f"{_CUT} {_LOOK_WHO}", remedy=_LOOK_WHO)
            lacked = completion.complete(folder, journal, os.environ)
    except (LookupError, TypeError, ValueError, AttributeError, OSError) as error:
        return f"{_UNWRITTEN} ({type(error).__name__}: {error})"
    return "; the evidence that the run left out is written" if lacked else ""


def _container_id(events: list[dict[str, Any]]) -> str | None:
    """The container that the deploy started, None where its answer does not tell it."""
    answer = next((event.get("answer") for event in events if event.get("event") in _ANSWERED), None)
    told = answer.get("container_id") if isinstance(answer, Mapping) else None
    return told if isinstance(told, str) else None


def _first(events: list[dict[str, Any]], name: str) -> dict[str, Any]:
    return next((event for event in events if event.get("event") == name), {})


def _hold(events: list[dict[str, Any]], options: Options) -> str:
    """What the status says of the hold, to go on with; "" where the agent keeps none or the run set none."""
    promised = _first(events, "deploy.promised")
    if not promised.get("hold") or _first(events, "deploy.refused"):
        return ""
    try:
        run = resolve(options, os.environ)
        with AgentClient(run.endpoint, run.client_id, run.client_secret) as client:
            words = outcome.look(client, str(promised.get("deploy_id")), run)[1]
        return f"; {Sanitiser(run.named_secrets().values()).text(words)}"
    except SmokedeployError as error:
        return f"; whether the agent is on hold is not known ({error})"


def _gate(events: list[dict[str, Any]]) -> Record:
    """The run's gate; a journal that lost a line makes none, and is no reason not to stop."""
    try:
        return replay(events)
    except (LookupError, TypeError, ValueError):
        return Record(rehearsal=False)


def _open_seconds(events: list[dict[str, Any]], run: RunConfig) -> float:
    """How long a deploy that the journal shows without an answer may still be under way."""
    if any(str(event.get("event")) in _ANSWERED for event in events):
        return 0.0
    try:
        sent = next(datetime.fromisoformat(e["at"]) for e in events if e.get("event") == "deploy.promised")
        passed = (datetime.now(UTC) - sent).total_seconds()
    except (StopIteration, KeyError, TypeError, ValueError):
        passed = 0.0
    return max(0.0, overdue(run) - max(passed, 0.0))
