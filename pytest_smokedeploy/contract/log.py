"""Records of the runtime's log, one JSON object a line (extension `logs`)."""

from typing import Literal

from pydantic import StrictInt, StrictStr

from pytest_smokedeploy.contract.words import Answer, Time


class LogLine(Answer):
    """One line of the runtime's output; `time` by the server's clock."""

    time: Time
    stream: Literal["stdout", "stderr"]
    line: StrictStr


class Heartbeat(Answer):
    """A record without a line: the stream is open, and the runtime wrote nothing."""

    heartbeat: Time


class LogError(Answer):
    """The last record of a log stream that broke off; later lines are unknown."""

    error: StrictStr


class Ended(Answer):
    """The container's exit code; None where the engine does not know it."""

    exit_code: StrictInt | None = None


class End(Answer):
    """The last record of a log stream: the container is gone."""

    end: Ended

    @property
    def exit_code(self) -> int | None:
        """The exit code, or None where the engine does not know it."""
        return self.end.exit_code
