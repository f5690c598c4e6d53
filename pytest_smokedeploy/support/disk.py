"""What must outlast a loss of power is brought to the disk."""

import os
from pathlib import Path
from typing import Final

#: What an operator does where evidence can't be written.
ROOM: Final = "Make room on the disk of the evidence folder, and see that it can be written to."


def sync(path: Path) -> None:
    """Bring a file's content, or the names in a folder, to the disk.

    Raises:
        OSError: it can't be opened or written.

    """
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
