"""``smokedeploy stop``: the workflow's last step, for a run that was killed (DESIGN 5, layer 4)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pytest_smokedeploy.client import AgentClient
from pytest_smokedeploy.errors import SmokedeployError
from pytest_smokedeploy.evidence import Journal, replay, write_folder
from pytest_smokedeploy.lifecycle import Book
from pytest_smokedeploy.lifecycle.stopping import Stopper
from pytest_smokedeploy.redaction import Sanitiser
from pytest_smokedeploy.settings import Options, resolve


def owed(events: list[dict[str, Any]]) -> str | None:
    """The deploy id that a stop is owed for, or None: no deploy sent, a definite no, or stopped."""
    found: str | None = None
    for event in events:
        if event.get("event") == "deploy.promised":
            found = str(event.get("deploy_id"))
        elif event.get("event") in {"deploy.refused", "stop.confirmed"}:
            found = None
        elif event.get("event") == "stop.unconfirmed" and found is None:
            found = str(next((e.get("deploy_id") for e in events if e.get("event") == "deploy.promised"), ""))
    return found


def rescue(folder: Path, config: Path | None, environ: Mapping[str, str]) -> tuple[str, bool]:
    """Stop what the journal in `folder` shows as deployed and not stopped.

    Returns:
        What happened, in words, and whether nothing is left running.

    Raises:
        SmokedeployError: the settings are wrong.

    """
    file = folder / "journal.jsonl"
    if not file.exists():
        return f"no journal in {folder}: no deploy was sent, nothing to stop.", True
    events = Journal.read(file)
    deploy_id = owed(events)
    if deploy_id is None:
        return "the journal owes no stop; everything is left alone.", True
    started: dict[str, Any] = next((e for e in events if e.get("event") == "run.started"), {})
    if started.get("rehearsal"):
        return "the journal is a rehearsal's; its world ended with it.", True
    named = environ.get("SMOKEDEPLOY_CONFIG")
    options = Options(
        config=config or (Path(named) if named else None),
        folder=Path("smoke_tests"),
        environment="dev",
        image_tag=_tag(started),
        evidence=folder,
    )
    run = resolve(options, environ)
    journal = Journal(file, Sanitiser(run.all_secrets()))
    gate = replay(events)
    book = Book(gate, journal)
    with AgentClient(run.endpoint, run.client_id, run.client_secret) as client:
        try:
            said = client.status().raw.get("extensions")
            extensions = frozenset(str(name) for name in said) if isinstance(said, list) else frozenset()
        except SmokedeployError:
            # Without a status the stop goes out all the same, by the id the journal promised.
            extensions = frozenset({"receipt"})
        stopper = Stopper(run, client, book, deploy_id, extensions)
        shutdown = stopper.look_again(stopper.stop("smokedeploy stop, after the run"))
    write_folder(folder, journal.events)
    journal.close()
    done = shutdown.confirmed and shutdown.comeback is False
    return f"{shutdown.failed or shutdown.words}", done


def _tag(started: Mapping[str, Any]) -> str:
    image = started.get("image")
    return str(image.get("tag", "")) if isinstance(image, Mapping) else ""
