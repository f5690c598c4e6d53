"""Reads RUNTIME_ENV_FILE as ``docker run --env-file`` does (FACTS: Images and Docker)."""

from pathlib import Path
from typing import Final

from pytest_smokedeploy.support.errors import SettingsError

#: Bytes of a line; of a longer one Docker's client says "token too long" (measured).
LINE_BYTES: Final = 65_535
_MARK: Final = b"\xef\xbb\xbf"
#: What is passed over before a name: white space as Unicode has it, without the separators U+001C to U+001F
#: that Python adds (measured).
_SPACE: Final = "".join(c for c in map(chr, range(0x3001)) if c.isspace() and not "\x1c" <= c <= "\x1f")
_QUOTES: Final = ("'", '"')


def read(name: str) -> dict[str, str]:
    """The variables of a file, in its order; blank lines and those that begin with ``#`` are left out.

    A line ends at LF or CR LF and at nothing else; a name ends at the first ``=``; the value is the rest,
    quotes and spaces included. Stricter than Docker: a name alone and a name that is set twice are refused.

    Args:
        name: the file's path.

    Raises:
        ValueError: it can't be read, or a line is none; no line is repeated, since it may be a secret.

    """
    file = Path(name)
    try:
        lines = file.read_bytes().removeprefix(_MARK).split(b"\n")
    except OSError as error:
        raise ValueError(f"can't be read: {error.strerror}") from error
    values, numbers = dict[str, str](), dict[str, int]()
    for number, line in enumerate(lines, 1):
        found, fault = _pair(line.removesuffix(b"\r"))
        if found is not None and found[0] in values:
            fault = f"sets {found[0]}, and so does line {numbers[found[0]]}; keep one of them"
        if fault:
            raise ValueError(SettingsError(f"{fault}.", file=file.name, line=number))
        if found is not None:
            values[found[0]], numbers[found[0]] = found[1], number
    return values


def _pair(line: bytes) -> tuple[tuple[str, str] | None, str]:
    """Name and value of one line, None for one that sets nothing; and what is wrong with it, or ""."""
    if len(line) > LINE_BYTES:
        return None, f"is longer than {LINE_BYTES} bytes"
    try:
        text = line.decode("utf-8").lstrip(_SPACE)
    except UnicodeDecodeError:
        return None, "is no UTF-8; save the file as UTF-8"
    if not text or text.startswith("#"):
        return None, ""
    name, equals, value = text.partition("=")
    if not equals:
        return None, "is no KEY=VALUE line; a name alone has no value here: write one, or take the line out"
    if not name:
        return None, "has no name before its `=`"
    if " " in name or "\t" in name:
        return None, "has a space or tab in the name before its `=`; write KEY=VALUE and nothing before it"
    if "\0" in text:
        return None, "holds a NUL character, which no environment can"
    return (name, value), ""


def unquoted(value: str) -> str:
    """`value` without the pair of quotes around it; "" where there is none."""
    quoted = len(value) > 1 and value[0] == value[-1] and value[0] in _QUOTES
    return value[1:-1] if quoted else ""
