"""Breaks a log off at its limit with an error, also where the engine has dropped lines of it by then.

An engine keeps at least `FILE_BYTES` for each character of the limit before it drops a line: Docker in two
such files, of which it drops the older one once both are full. A character takes at most six bytes there,
and what else stands beside a line fewer than six times `FRAME`. So no line is dropped from a log within its
limit, and of a log from which lines were dropped so much is left that every reader comes past the limit.

The last lines of a longer log are kept: they mostly name the cause of its end.
"""

from collections import deque
from typing import Final, Generic, TypeVar

from pytest_smokedeploy.agent.engines.base import Log, LogRecord
from pytest_smokedeploy.contract import LAST_LINES
from pytest_smokedeploy.support.errors import EngineError

#: Characters that a line counts beside its own (measured: 70 bytes a record; 12 records in a part of a line).
FRAME: Final = 160
#: Bytes for each character of the limit: Docker's JSON writes a control character as six.
FILE_BYTES: Final = 6
#: Characters of the last lines that are kept, and at least the last line (chosen: they are read by a person).
_TAIL: Final = 64 * 1024
T = TypeVar("T")


class Tail(Generic[T]):
    """The last of many lines: `LAST_LINES` at most, and no more than `_TAIL` characters but for the last.

    Attributes:
        dropped: characters of the lines that were not the last.

    """

    def __init__(self) -> None:
        self.dropped = self._size = 0
        self._kept: deque[tuple[T, int]] = deque()

    def add(self, line: T, size: int) -> None:
        """Take the next line, of `size` characters."""
        self._kept.append((line, size))
        self._size += size
        while len(self._kept) > LAST_LINES or (self._size > _TAIL and len(self._kept) > 1):
            size = self._kept.popleft()[1]
            self._size, self.dropped = self._size - size, self.dropped + size

    @property
    def lines(self) -> list[T]:
        """Those that are kept, in order."""
        return [line for line, _ in self._kept]


def limited(log: Log, most: int | None, *, follow: bool) -> Log:
    """`log` as far as its limit, to the end of the batch in which it reaches it, and its last lines.

    Args:
        log: a container's log.
        most: characters it may have, each line `FRAME` more; None: no limit.
        follow: whether it is followed: then it breaks off at once, without its last lines.

    Raises:
        EngineError: it is longer.

    """
    taken, tail = 0, Tail[LogRecord]()
    try:
        while most is None or taken <= most:
            try:
                batch = next(log)
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]
            yield batch
            taken += sum(len(record.line) + FRAME for record in batch)
        words = f"the log is longer than its limit, {most / 1e6:g} million characters"
        where = "lines are missing from there on"
        if not follow:
            for batch in log:
                for record in batch:
                    tail.add(record, len(record.line))
            yield tail.lines
            where = f"lines are missing before its last {len(tail.lines)}"
        raise EngineError(f"{words}: {where}.", remedy="Let the runtime write less, or raise LOG_LIMIT_MB.")
    finally:
        log.close()
