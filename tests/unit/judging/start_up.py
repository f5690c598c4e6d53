"""The reference runtime's lines, and logs made of them."""

from functools import cache

from pytest_smokedeploy.judging import Line, StartupLog
from pytest_smokedeploy.log_language import Language, Log

MOUNTS = {"audit-events": "/data/audit-events", "snapshots": "/srv/state"}
HEALTHY = [
    "reference-runtime 1.0.0 starting",
    "execution plane: paper",
    "environment validation succeeded",
    "persistence mounts validated: audit-events, snapshots",
    "replay phase started",
    "replay phase finished: 0 events",
    "meta orchestrator initialised",
    "idle: waiting for a signal",
]
TAIL = ["stopping: signal TERM", "stopped"]


@cache
def _language(tag, given):
    return Language(MOUNTS, tag, Log.model_validate_json(given))


def language(tag="", **given):
    return _language(tag, Log(**given).model_dump_json(by_alias=True, exclude_unset=True))


def fed(*lines, **given):
    """A log that was fed `lines`, by the model's language with `given` added."""
    log = StartupLog(language(**given))
    for text in lines:
        log.feed(Line("2026-01-01T00:00:00Z", "stdout", text))
    return log


def whole(lines, *, tail=TAIL, exit_code=0, **given):
    """The log of a whole start: quiet after idle, stopped in order."""
    log = fed(*lines, **given)
    if log.phase == "idle" and not log.violated:
        log.quiet_seconds = 3.0
    log.stopping()
    for text in tail:
        log.feed(Line("2026-01-01T00:01:00Z", "stdout", text))
    log.end(exit_code)
    return log
