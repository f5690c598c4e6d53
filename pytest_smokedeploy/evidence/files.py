"""Reads a file of an evidence folder; anything but a regular file of bounded size is refused (EXT-5)."""

import errno
import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import Final

from pytest_smokedeploy.support.errors import EvidenceError

_MIB: Final = 1024 * 1024
#: The most bytes that a file may have, by its name; chosen. The size is looked at before the content.
MOST_BYTES: Final = {
    # Parsed whole, in up to 60 times as much memory (measured). A healthy run's has 0.1 MiB, and
    # `Journal.write` takes no more.
    "journal.jsonl": 8 * _MIB,
    # Hashed in chunks, in less than a second. 100,000 log lines of 2,600 bytes each fit.
    "startup.log": 256 * _MIB,
    # Hashed in chunks; pytest's own, with what failed checks printed.
    "junit.xml": 64 * _MIB,
}

#: The most bytes of a line of the log that are read at once (chosen; an agent's line has up to 16 KiB).
_LINE_BYTES: Final = _MIB


@contextmanager
def opened(path: Path) -> Iterator[BufferedReader]:
    """A regular file, open for reading.

    Raises:
        EvidenceError: it is missing, a link, a folder, a pipe or a device, too large, or can't be read.

    """
    try:
        with open(path, "rb", opener=_open) as file:
            found, most = os.fstat(file.fileno()), MOST_BYTES.get(path.name)
            if not stat.S_ISREG(found.st_mode):
                raise EvidenceError(f"{path} is no regular file.")
            if most is not None and found.st_size > most:
                raise EvidenceError(f"{path} has {found.st_size} bytes, and may have {most}.")
            yield file
    except OSError as error:
        link = error.errno == errno.ELOOP
        words = "it is a symbolic link" if link else error.strerror or repr(error)
        raise EvidenceError(f"{path} can't be read: {words}.") from error


def _open(path: str, flags: int) -> int:
    # A link may lead out of the folder; a pipe that nobody writes to would be waited for.
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)


def fault(path: Path) -> str:
    """Why a file can't be evidence, whatever its content, or ""."""
    try:
        with opened(path):
            return ""
    except EvidenceError as error:
        return str(error)


@contextmanager
def log_lines(folder: Path) -> Iterator[Iterator[str]]:
    """The lines of a folder's ``startup.log``; none where it is missing or no evidence.

    A line of more than `_LINE_BYTES` comes in parts, so that a reader takes bounded memory.

    Raises:
        OSError: it can't be read to its end.

    """
    file = folder / "startup.log"
    if fault(file):
        yield iter(())
        return
    # Not by `opened`, which takes every OSError in its block for one of this file.
    with file.open("rb") as log:
        yield (line.decode("utf-8", "replace") for line in iter(lambda: log.readline(_LINE_BYTES), b""))


def sha256(path: Path) -> str:
    """A file's SHA-256, hex; read in chunks.

    Raises:
        EvidenceError: as `opened` does.

    """
    with opened(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
