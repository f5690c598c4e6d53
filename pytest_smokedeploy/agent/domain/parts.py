"""Marks the parts of a long line, and leaves out of each what a seam may have cut in two of a secret."""

from dataclasses import replace
from typing import Final

from pytest_smokedeploy.agent.engines.base import Log, LogRecord
from pytest_smokedeploy.support.redaction import Sanitiser

GOES_ON: Final = " [the line goes on]"
CONTINUED: Final = "[the line continued] "
#: Characters at a seam that are left out of one part and stand in the other (chosen: a secret in its longest
#: spelling has mostly fewer). Parts have 2,048 characters in common at the least: `OVERLAP` bytes in UTF-8.
RIM: Final = 768


def marked(log: Log, sanitiser: Sanitiser) -> Log:
    """`log` with the parts of long lines marked, and cut where no secret stands, so that each can be masked.

    Args:
        log: a container's log.
        sanitiser: finds the secrets.

    """
    try:
        while True:
            try:
                batch = next(log)
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]
            yield [_marked(r, sanitiser) if r.continued or r.goes_on else r for r in batch]
    finally:
        log.close()


def _marked(part: LogRecord, sanitiser: Sanitiser) -> LogRecord:
    line = part.line
    if part.goes_on:
        line = f"{line[: sanitiser.around(line, len(line) - RIM)[0]]}{GOES_ON}"
    if part.continued:
        line = f"{CONTINUED}{line[sanitiser.around(line, RIM)[1] :]}"
    return replace(part, line=line)
