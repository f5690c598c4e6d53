"""Files that are whole after a crash at any byte; what can't be kept is a `StateError`."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pytest_smokedeploy.support.disk import sync
from pytest_smokedeploy.support.errors import SmokedeployError


class StateError(SmokedeployError):
    """What has to be kept over a crash can't be written or read: nothing that rests on it is begun."""


@contextmanager
def kept(what: str, remedy: str = "Free space or mend the folder's permissions.") -> Iterator[None]:
    """Turn an OSError into a StateError of the words `what`, its reason and `remedy`."""
    try:
        yield
    except OSError as error:
        raise StateError(f"{what}: {error.strerror or error}.", remedy=remedy) from error


def append_line(file: Path, line: bytes) -> None:
    """Append `line`, or several with a line feed between them; on the disk before this returns.

    Raises:
        StateError: it can't be written.

    """
    with kept(f"{file} can't be written"):
        handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            # A line that a crash cut short stays as it is; it does not take the next one with it.
            end = os.lseek(handle, 0, os.SEEK_END)
            whole = not end or os.pread(handle, 1, end - 1) == b"\n"
            data = b"%s%s\n" % (b"" if whole else b"\n", line)
            if os.write(handle, data) != len(data):
                raise OSError("written by half")
            os.fsync(handle)
        finally:
            os.close(handle)


def write_whole(file: Path, data: bytes) -> None:
    """Replace `file` by `data` so that a crash leaves the one or the other, never a part; its mode stays.

    Raises:
        StateError: it can't be written; the file is as it was.

    """
    with replacing(file, data):
        pass


@contextmanager
def replacing(file: Path, data: bytes) -> Iterator[None]:
    """As `write_whole`; in the block the data is on the disk, beside the file.

    Raises:
        StateError: it can't be written; the file is as it was, and where there was no room no block began.

    """
    beside = file.with_name(f"{file.name}.new")
    with kept(f"{file} can't be written"):
        mode = stat.S_IMODE(file.stat().st_mode) if file.is_file() else 0o600
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(handle, "wb") as out:  # noqa: PTH123 - a handle, opened with its mode
            os.fchmod(handle, mode)
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
    yield
    with kept(f"{file} can't be written"):
        os.replace(beside, file)  # noqa: PTH105 - the name of the call says what it promises
        sync(file.parent)


def read_whole(file: Path) -> bytes | None:
    """The content of `file`, None where there is none.

    Raises:
        StateError: it can't be read, or is no regular file: a named pipe would be waited for.

    """
    with kept(f"{file} can't be read", ""):
        try:
            handle = os.open(file, os.O_RDONLY | os.O_NONBLOCK)
        except FileNotFoundError:
            return None
        with open(handle, "rb") as content:  # noqa: PTH123 - a handle, opened without a wait
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise OSError("it is no regular file")
            return content.read()
