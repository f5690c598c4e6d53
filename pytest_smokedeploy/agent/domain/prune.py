"""``smokedeploy agent prune``: removes images that this agent pulled and no container uses."""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import ValidationError

from pytest_smokedeploy.agent.domain.deploys import DeployRecord
from pytest_smokedeploy.agent.domain.files import kept
from pytest_smokedeploy.agent.domain.release import person
from pytest_smokedeploy.agent.domain.state import Store
from pytest_smokedeploy.agent.engines.base import Engine
from pytest_smokedeploy.agent.engines.registry import ENGINES
from pytest_smokedeploy.agent.settings import AgentSettings
from pytest_smokedeploy.contract import Outcome, StepName
from pytest_smokedeploy.support.errors import SmokedeployError
from pytest_smokedeploy.support.output import say
from pytest_smokedeploy.support.redaction import Sanitiser


def run(argv: Sequence[str], environ: Mapping[str, str]) -> int:
    """Remove all but the last images, whether the agent runs or not, but for a deploy under way.

    A stop or the end of a lease waits for none of it.

    Args:
        argv: ``--keep N``, images that are kept though nobody uses them.
        environ: the agent's settings.

    Returns:
        0; or 1 with the reason on stderr: wrong settings, another user's state or none, a deploy under way,
        an engine that does not answer.

    """
    parser = argparse.ArgumentParser(prog="smokedeploy agent prune")
    parser.add_argument("--keep", required=True, type=_count, help="images to keep, the last pulled first")
    keep = parser.parse_args(argv).keep
    try:
        settings = AgentSettings.from_environ(environ)
        _check_owner(settings.state)
        store = Store(settings.state, Sanitiser(settings.secrets).data)
        engine = ENGINES[settings.engine].make(settings)
        store.read()
        with store.pruning():
            for image in pulled(store)[keep:]:
                say(f"smokedeploy agent prune: {_remove(store, engine, image, person(environ))}")
    except SmokedeployError as error:
        for line in str(error).splitlines():
            say(f"smokedeploy agent prune: {line}", sys.stderr)
        return 1
    return 0


def _check_owner(folder: Path) -> None:
    with kept(f"{folder} can't be used"):
        owner = folder.stat().st_uid
    if owner != os.geteuid():
        words = f"{folder} belongs to another user, who could not open what this one writes there."
        raise SmokedeployError(
            words, remedy="Prune as the agent's user: `sudo -u deploy-agent ... agent prune`."
        )


def pulled(store: Store) -> list[str]:
    """Images that the remembered deploys pulled, each once, the last one first.

    Raises:
        StateError: the records can't be read.

    """
    found = list[tuple[int, str]]()
    with kept(f"{store.deploys} can't be read"):
        for file in store.deploys.glob("*.json"):
            try:
                record = DeployRecord.model_validate_json(file.read_bytes())
            except ValidationError:
                continue  # it tells no image
            steps = record.body.get("steps") or ()
            if any((s["step"], s["outcome"]) == (StepName.PULL, Outcome.DONE) for s in steps):
                found.append((file.stat().st_mtime_ns, record.image))
    return list(dict.fromkeys(image for _, image in sorted(found, reverse=True)))


def _remove(store: Store, engine: Engine, image: str, who: str) -> str:
    """Remove one image; returns what became of it."""
    if not engine.remove_image(image):
        return f"{image} is used by a container, or not there; left as it is"
    store.audit("image.removed", who=f"{who} on the server", why=f"{image} was pruned")
    return f"{image} was removed"


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of images; 0 or more")
    return int(text)
