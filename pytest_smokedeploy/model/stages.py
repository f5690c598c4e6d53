"""The stages of a smoke deploy."""

from enum import StrEnum
from typing import Final


class Stage(StrEnum):
    """The gate's stages, in the order they run."""

    PRECONDITIONS = "preconditions"
    DEPLOY = "deploy"
    VERIFY = "verify"
    OBSERVE = "observe"
    SHUTDOWN = "shutdown"
    EXIT = "exit"


STAGES: Final = tuple(Stage)
