"""The file ``startup.log``, whose disk may fill while the runtime is watched."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TextIO


class LogFile:
    """A text file that is written until the first error, of which it tells once; it raises none.

    Args:
        path: the file, replaced.
        failed: called with the error after which nothing more is written.

    """

    def __init__(self, path: Path, failed: Callable[[OSError], None]) -> None:
        self._failed = failed
        self._file: TextIO | None = None
        try:
            self._file = path.open("w", encoding="utf-8", errors="backslashreplace")
        except OSError as error:
            failed(error)

    def write(self, text: str) -> None:
        """Write `text`, at the latest at the next `flush`."""
        self._do(lambda file: file.write(text))

    def flush(self) -> None:
        """Put on the file what was written."""
        self._do(lambda file: file.flush())

    def close(self) -> None:
        """Put on the file what was written, and close it; twice is no error."""
        self._do(lambda file: file.close())

    def _do(self, act: Callable[[TextIO], object]) -> None:
        # A closed one takes nothing more.
        if self._file is None or self._file.closed:
            return
        try:
            act(self._file)
        except OSError as error:
            file, self._file = self._file, None
            with suppress(OSError):
                file.close()  # what could not be written is tried once more
            self._failed(error)
