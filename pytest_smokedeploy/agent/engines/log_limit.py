"""Breaks a log off at its limit with an error, also where the engine has dropped lines of it by then.

An engine keeps at least `FILE_BYTES` for each character of the limit before it drops a line: Docker in two
such files, of which it drops the older one once both are full. A character takes at most six bytes there,
and what else stands beside a line fewer than six times `FRAME`. So no line is dropped from a log within its
limit, and of a log from which lines were dropped so much is left that every reader comes past the limit.
"""

from typing import Final

from pytest_smokedeploy.agent.engines.base import Log
from pytest_smokedeploy.support.errors import EngineError

#: Characters that a line counts beside its own (measured: 70 bytes a record; 12 records in a part of a line).
FRAME: Final = 160
#: Bytes for each character of the limit: Docker's JSON writes a control character as six.
FILE_BYTES: Final = 6


def limited(log: Log, most: int | None) -> Log:
    """`log` as far as its limit, and to the end of the batch in which it reaches it.

    Args:
        log: a container's log.
        most: characters it may have, each line `FRAME` more; None: no limit.

    Raises:
        EngineError: it is longer.

    """
    taken = 0
    try:
        while True:
            try:
                batch = next(log)
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]
            yield batch
            taken += sum(len(record.line) + FRAME for record in batch)
            if most is not None and taken > most:
                words = (
                    f"the log is longer than its limit, {most / 1e6:g} million characters: lines are missing."
                )
                raise EngineError(words, remedy="Let the runtime write less, or raise LOG_LIMIT_MB.")
    finally:
        log.close()
