"""What the agent asks of a container engine: its own one container, and nothing else."""

import re
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Event
from types import MappingProxyType
from typing import Final, Protocol

from pytest_smokedeploy.contract import (
    STOPPED_STATES,
    Activity,
    EngineEvent,
    EngineState,
    Limits,
    Mount,
    parse_time,
)

#: Prefix of a pull's progress line about one layer.
LAYER: Final = "layer "
#: States of a container that has processes, or may have them again.
ALIVE_STATES: Final = frozenset({EngineState.RUNNING, EngineState.PAUSED, EngineState.RESTARTING})
#: Labels that any container has.
NO_LABELS: Final[Mapping[str, str]] = MappingProxyType({})
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FRACTION: Final = re.compile(r"\.(\d{1,9})")


def utc_now() -> str:
    """The time now, RFC 3339 in UTC with microseconds."""
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def nanoseconds(text: str) -> int:
    """An RFC 3339 time as whole nanoseconds since 1970, none of its up to nine digits lost.

    Times of different lengths and offsets compare only so: as text ``0.1Z`` comes after ``0.19Z``.

    Raises:
        ValueError: it is not such a time.

    """
    seconds = (parse_time(text) - _EPOCH) // timedelta(seconds=1)
    found = _FRACTION.search(text)
    return seconds * 10**9 + (int(found[1].ljust(9, "0")) if found else 0)


@dataclass(frozen=True, slots=True)
class ContainerSpec:
    """A container to start: what the server owns, and the image asked for."""

    image: str
    env: Mapping[str, str]
    mounts: tuple[Mount, ...]
    labels: Mapping[str, str] = field(default_factory=dict)
    network_mode: str = "none"
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True)
class CreatedContainer:
    """A created container as the engine reports it, less what its image adds.

    Attributes:
        env: each variable with its value; values may be secret, so none is shown by `repr`.
        mounts: every mount but the volumes that the image declares; `name` is "" for one nobody asked for.
        network: the network mode.
        health_check: whether the engine runs a health check in it.
        limits: those that the engine holds.

    """

    env: tuple[tuple[str, str], ...] = field(repr=False)
    mounts: tuple[Mount, ...]
    network: str
    health_check: bool
    limits: Limits


@dataclass(frozen=True, slots=True)
class ContainerState:
    """The container as the engine sees it now.

    Attributes:
        ours: whether this agent made it.
        labels: those that the agent gave it; none of a container that it did not make.
        renamed: the name that somebody gave it in place of the agent's, or "".

    """

    container_id: str
    image: str
    digest: str | None
    state: EngineState
    started_at: str | None
    exit_code: int | None
    ours: bool
    restart_count: int = 0
    oom_killed: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)
    renamed: str = ""

    @property
    def running(self) -> bool:
        """Whether its processes run now; a paused one's do not."""
        return self.state is EngineState.RUNNING

    @property
    def alive(self) -> bool:
        """Whether it has to be stopped: it runs, is paused or restarts."""
        return self.state in ALIVE_STATES

    @property
    def stopped(self) -> bool:
        """Whether its processes have ended and none will start."""
        return self.state in STOPPED_STATES


@dataclass(frozen=True, slots=True)
class ToldEvents:
    """What the engine told of a container, in order; `incomplete` is why some may be missing, or None."""

    events: tuple[EngineEvent, ...] = ()
    incomplete: str | None = None


@dataclass(frozen=True, slots=True)
class LogRecord:
    """One line of output with the time it was written (RFC 3339) and its stream, or a part of a long one.

    Attributes:
        continued: whether the line began in the record before; the end of that stands here too.
        goes_on: whether the line goes on in the next record.

    """

    time: str
    stream: str
    line: str
    continued: bool = False
    goes_on: bool = False


@dataclass(frozen=True, slots=True)
class LogEnd:
    """The end of a log: its container has ended; `exit_code` is None where the engine does not know it."""

    exit_code: int | None


#: Batches of lines; what it returns is how that one container ended, None where it does not end here.
Log = Generator[Sequence[LogRecord], None, LogEnd | None]


#: Takes one line for people each time a pull got on.
Progress = Callable[[str], None] | None


class Engine(Protocol):
    """One engine, one container name. Every method raises EngineError for what goes wrong."""

    def ping(self) -> str:
        """The engine's version."""

    def away(self, closing: Event, started: Callable[[], None]) -> bool:
        """Wait until the engine goes away: True; False once `closing` was set. Raises nothing.

        Args:
            closing: ends the wait.
            started: called, from the same thread, when the engine told that a container of the agent's was
                started, by whomever, and again and again where it tells no events.

        """

    def pull(self, image: str, cancelled: Event | None = None, progress: Progress = None) -> str | None:
        """Pull an image; returns its digest (``sha256:...``) where the engine knows one.

        Args:
            image: the reference.
            cancelled: once it is set the pull is given up at once, with EngineError.
            progress: called from the same thread with one line for people each time the pull got on,
                ``layer ID: ...`` where it is about one.

        """

    def inspect(self, labels: Mapping[str, str] = NO_LABELS) -> ContainerState | None:
        """The container: the agent's own that is alive, under whatever name; else what has the agent's name.

        Else its own last one, under another name; None where there is none.

        Args:
            labels: only one of the agent's own that has these is looked for.

        """

    def alive(self) -> Sequence[ContainerState]:
        """Each container of the agent's own that is alive: by hand more than one may be started."""

    def stop(self, grace_seconds: int, container_id: str = "") -> None:
        """SIGTERM, the grace, SIGKILL; stopping what is not running is no error.

        Args:
            grace_seconds: between the two signals.
            container_id: which container; "" for the one that `inspect` tells.

        """

    def remove(self, container_id: str = "") -> None:
        """Remove the stopped container, as `stop` finds it; removing what is not there is no error."""

    def start(self, spec: ContainerSpec, cancelled: Event | None = None) -> CreatedContainer:
        """Create the container, read it back and start it. Restart policy: no; the image's health check: off.

        Where what was created is not what `spec` asks for, or `cancelled` is set by then, it is not started,
        with EngineError.
        """

    def logs(self, since: str | None, *, follow: bool, container_id: str = "") -> Log:
        """Output of the container that is there now, from the start or `since`, in batches of what is there.

        It is found as `stop` finds it.

        An empty batch about every second of silence; ends with the container where it is followed,
        and otherwise with what there is. EngineError where it is longer than the container's limit: after
        its beginning where it is followed, and otherwise after its last lines too.
        """

    def remove_image(self, image: str) -> bool:
        """Remove an image that was pulled; False where a container uses it, or it is not there."""

    def activity(self) -> Activity | None:
        """Counters, or None where the engine can't tell."""

    def events(self, labels: Mapping[str, str]) -> ToldEvents:
        """What the engine told by now of the container that has these labels, or had them.

        Whatever is not known is left out: a record without its `create` began later.
        """
