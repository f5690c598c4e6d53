"""The frame that most lines of a runtime share, where no known one takes it off."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

from pytest_smokedeploy.log_language.placeholders import HOLES
from pytest_smokedeploy.log_language.templates import escaped

_ROWS: Final = {row.name: row.whole for row in HOLES if row.name != "thread"}
#: A number is a process id between brackets alone; any other may be the message's own.
_ROWS["pid"] = r"(?<=[\[(])\d{1,8}(?=[\])])"
_HOLE: Final = re.compile(
    r"(?<!\w)(?:" + "|".join(f"(?P<{name}>{_ROWS[name]})" for name in ("time", "source", "logger", "level"))
    + rf")(?!\w)|(?P<pid>{_ROWS['pid']})",
    re.IGNORECASE | re.ASCII,
)  # fmt: skip
#: The end of a frame: a hole, or a sign.
_ENDS: Final = re.compile(r"[^\w\s]$")
#: Tokens of a frame, at most; lines that have to share it, at least, and how many of all (chosen).
_TOKENS, _LINES, _SHARE = 8, 3, 0.75


def common_frame(lines: Sequence[str]) -> str:
    """The longest frame that at least three of four lines begin with, "" where there is none.

    Args:
        lines: whole lines, tidied, that are no records and meet no template.

    """
    rows = [_holed(line).split(" ") for line in lines]
    for length in range(_TOKENS, 0, -1):
        heads = Counter(tuple(row[:length]) for row in rows if len(row) > length)
        head, number = max(heads.items(), key=lambda one: one[1], default=((), 0))
        messages = {tuple(row[length:]) for row in rows if tuple(row[:length]) == head}
        shared = number >= _SHARE * len(rows) and len(messages) >= _LINES
        if shared and _ENDS.search(head[-1]):
            return f"{' '.join(head)} {{message}}"
    return ""


def _holed(line: str) -> str:
    """`line` with a hole wherever one takes what stands there; no hole holds a blank."""
    text, at = "", 0
    for found in _HOLE.finditer(line):
        text += escaped(line[at : found.start()]) + f"{{{found.lastgroup}}}"
        at = found.end()
    return text + escaped(line[at:])
