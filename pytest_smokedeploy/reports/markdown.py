"""Tables in GitHub's Markdown; every cell is text."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import Final

from pytest_smokedeploy.support.redaction import printable

#: Characters of a cell (chosen).
_CELL: Final = 1000
#: What Markdown would take for markup of its own.
_MARKUP: Final = {ord(sign): f"&#{ord(sign)};" for sign in "|`*_[]\\~"}


def table(head: Sequence[str], rows: Iterable[Iterable[object]]) -> str:
    """A table of these rows."""
    lines = [head, ["---"] * len(head), *([cell(value) for value in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def block(lines: Iterable[object]) -> str:
    """`lines` as they are, in a block in which Markdown takes nothing for markup."""
    # An escape that is cut in two shows as text.
    shown = (escape(printable(str(line)).replace("\n", " "))[:_CELL] for line in lines)
    return f"<pre>{chr(10).join(shown)}</pre>"


def cell(text: object) -> str:
    """`text` as one cell of a table: no markup, no column, no line of its own."""
    return escape(printable(" ".join(str(text).split()))[:_CELL]).translate(_MARKUP)
