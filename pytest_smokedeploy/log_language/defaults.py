"""The model's own templates: the reference runtime's lines word for word, and their obvious variants."""

from collections.abc import Mapping
from typing import Final

from pytest_smokedeploy.model import Stated

#: By clause; the settings may give a clause others in their place.
MILESTONES: Final[Mapping[Stated, tuple[str, ...]]] = {
    "OBS-1": (
        "reference-runtime {version} starting",
        "reference-runtime starting",
        "runtime {version} starting",
        "runtime starting",
        "starting runtime {version}",
    ),
    "OBS-2": (
        "environment validation succeeded",
        "environment validation successful",
        "environment validation passed",
        "environment validation ok",
        "environment validation: ok",
        "environment validated",
    ),
    "OBS-3": (
        "persistence mounts validated: {mounts}",
        "persistence mounts validated ({mounts})",
        "persistence mounts {mounts} validated",
    ),
    "OBS-4": (
        "replay phase started",
        "replay phase starting",
        "replay phase start",
        "replay phase started: {number} events",
        "replay started",
        "replay starting",
    ),
    "OBS-5": tuple(
        f"{name} {done}"
        for name in ("meta orchestrator", "meta-orchestrator", "MetaOrchestrator")
        for done in ("initialised", "initialized")
    ),
    "OBS-6": (
        "idle: waiting for a signal",
        "idle: waiting",
        "idle: waiting for SIGTERM",
        "idle, waiting for a signal",
        "idle",
        "idle reached",
        "idle state",
        "idle state reached",
    ),
    "RUN-1": (
        "execution plane: paper",
        "execution plane=paper",
        "execution plane = paper",
        "execution plane is paper",
        "execution_plane: paper",
        "execution_plane=paper",
    ),
}
#: Lines that may come before idle and say nothing of a clause; the settings add to them.
DOCUMENTED: Final = (
    "replay phase finished: {number} events",
    "replay phase finished",
    "replay phase completed: {number} events",
    "replay phase completed",
    "replay phase complete",
    "replay finished",
    "replay completed",
)
#: Lines that may come once the stop was asked; the settings add to them.
SHUTDOWN: Final = (
    *(f"stopping: signal {name}" for name in ("TERM", "INT", "SIGTERM", "SIGINT")),
    "stopping",
    "stopped",
)
