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
        *(f"environment validation{end}" for end in (" succeeded", " successful", " passed", " ok", ": ok")),
        "environment validated",
    ),
    "OBS-3": tuple(
        f"persistence mounts {rest}"
        for rest in ("validated: {mounts}", "validated ({mounts})", "{mounts} validated")
    ),
    "OBS-4": (
        *(f"replay phase {begun}" for begun in ("started", "starting", "start", "started: {number} events")),
        *(f"replay {begun}" for begun in ("started", "starting")),
    ),
    "OBS-5": tuple(
        f"{name} {done}"
        for name in ("meta orchestrator", "meta-orchestrator", "MetaOrchestrator")
        for done in ("initialised", "initialized")
    ),
    "OBS-6": (
        *(f"idle: waiting{what}" for what in (" for a signal", "", " for SIGTERM")),
        "idle, waiting for a signal",
        *(f"idle{rest}" for rest in ("", " reached", " state", " state reached")),
    ),
    "RUN-1": (
        *(f"execution plane{is_}paper" for is_ in (": ", "=", " = ", " is ")),
        *(f"execution_plane{is_}paper" for is_ in (": ", "=")),
    ),
}
#: Lines that may come before idle and say nothing of a clause; the settings add to them.
DOCUMENTED: Final = (
    *(f"replay phase {done}" for done in ("finished: {number} events", "finished")),
    *(f"replay phase {done}" for done in ("completed: {number} events", "completed", "complete")),
    *(f"replay {done}" for done in ("finished", "completed")),
)
#: Lines that may come once the stop was asked; the settings add to them.
SHUTDOWN: Final = (
    *(f"stopping: signal {name}" for name in ("TERM", "INT", "SIGTERM", "SIGINT")),
    "stopping",
    "stopped",
)
