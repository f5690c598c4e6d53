"""The audit log: who did what, when and why, one line a change, in files of bounded size."""

import os
import re
from pathlib import Path
from typing import Final

from pytest_smokedeploy.agent.domain.files import append_line, kept
from pytest_smokedeploy.support.disk import sync

#: Bytes of one file, and older files that are kept (chosen: some 30,000 deploys in all).
FILE_BYTES: Final = 8 * 1024 * 1024
OLDER_FILES: Final = 8
_OLDER: Final = re.compile(r"audit-([0-9]{6,})\.jsonl")


class AuditLog:
    """``audit.jsonl``; once it is full it becomes ``audit-NNNNNN.jsonl``, numbered from 1.

    Whoever appends holds the lock of its folder.

    Args:
        folder: where it lies.

    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file = folder / "audit.jsonl"

    @property
    def begun(self) -> bool:
        """Whether any file of it is there."""
        return os.path.lexists(self._file) or bool(self._older())

    def append(self, line: bytes) -> None:
        """Append `line`, or several with a line feed between them; on the disk before this returns.

        Raises:
            StateError: it can't be written.

        """
        with kept(f"{self._file} can't be rotated"):
            self._rotate(len(line))
        append_line(self._file, line)

    def _rotate(self, more: int) -> None:
        """Give a full file its number, in one step, and remove the oldest beyond those that are kept."""
        if not self._file.exists() or self._file.stat().st_size + more < FILE_BYTES:
            return
        older = self._older()
        number = older[-1][0] + 1 if older else 1
        self._file.rename(self._folder / f"audit-{number:06}.jsonl")
        sync(self._folder)
        # Those beyond that a cut-off rotation left are removed with them.
        for _, file in older[: max(0, len(older) + 1 - OLDER_FILES)]:
            file.unlink()

    def _older(self) -> list[tuple[int, Path]]:
        """Number and path of each older file, the oldest first."""
        found = ((_OLDER.fullmatch(file.name), file) for file in self._folder.iterdir())
        return sorted((int(match[1]), file) for match, file in found if match is not None)
