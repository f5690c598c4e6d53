"""Verdicts of a run, and the exit status of each."""

from enum import StrEnum
from typing import Final

EXIT_OK: Final = 0
EXIT_FAILED: Final = 1
EXIT_MISUSE: Final = 4


class Verdict(StrEnum):
    """How a run of the gate ends (DESIGN 3)."""

    PASS = "PASS"  # noqa: S105 - a verdict, not a password
    REHEARSED = "REHEARSED"
    FAIL = "FAIL"
    INCOMPLETE = "INCOMPLETE"
    REFUSED = "REFUSED"


#: The exit status of each verdict. A run refused as misuse, before any request, ends with EXIT_MISUSE.
EXIT_STATUS: Final = dict.fromkeys(Verdict, EXIT_FAILED) | {Verdict.PASS: EXIT_OK, Verdict.REHEARSED: EXIT_OK}
