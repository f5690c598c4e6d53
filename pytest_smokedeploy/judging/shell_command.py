"""One simple shell command: plain words, so that no shell does anything but start it (docs/workflow.md)."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

_PLAIN: Final = r"[A-Za-z0-9_./=:,@%+^-]"
_VARIABLE: Final = r"\$(?:\w+|\{\w+\})"
#: A variable must be quoted: the shell splits the value of an unquoted one into words.
_WORD: Final = re.compile(rf"""({_PLAIN}*)(?:"({_PLAIN}*|{_VARIABLE})"|'({_PLAIN}*)')?""", re.ASCII)
#: A backslash and a line end between two words.
_CONTINUED: Final = re.compile(r"[ \t]+\\\n[ \t]*")


class NotSimpleError(ValueError):
    """The text is not one simple command; the message says what in it is not."""


def words(text: str) -> list[str]:
    """The words of one simple command, quotes taken off; a variable keeps its `$`, never its braces.

    Args:
        text: a step's `run`, one line, or several with a backslash at each end but the last.

    Raises:
        NotSimpleError: an operator, an expansion, a second line, or a character that no plain word has.

    """
    lines = _CONTINUED.sub(" ", text.strip(" \t\n"))
    if "\n" in lines:
        raise NotSimpleError("it has more than one command line")
    found = []
    for word in lines.replace("\t", " ").split(" "):
        if not word:
            continue
        part = _WORD.match(word)
        end = part.end() if part else 0
        if part is None or end < len(word):
            raise NotSimpleError(f"{word[:40]!a} is no plain word")
        found.append("".join(group or "" for group in part.groups()).translate({123: None, 125: None}))
    if not found:
        raise NotSimpleError("it is empty")
    return found


def options(
    arguments: Sequence[str], valued: Mapping[str, str], flags: str
) -> tuple[list[str], dict[str, str], str]:
    """Split arguments into operands and options of a closed list.

    Args:
        arguments: words after the program's name.
        valued: options that take a value (``--tb=short`` or ``--tb short``), each with the pattern of it.
        flags: the pattern of options that take none.

    Returns:
        Operands in order, options in order, and the first argument that is neither or stands twice, or "".

    """
    operands: list[str] = []
    given: dict[str, str] = {}
    rest = iter(arguments)
    for word in rest:
        name, equals, value = word.partition("=")
        if not word.startswith("-"):
            operands.append(word)
        elif name in valued:
            value = value if equals else next(rest, "")
            if name in given or not re.fullmatch(valued[name], value, re.ASCII):
                return operands, given, f"{name} {value}".strip()
            given[name] = value
        elif not re.fullmatch(flags, word, re.ASCII):
            return operands, given, word
    return operands, given, ""
