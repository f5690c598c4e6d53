"""YAML files that decide something: small, plain, without merge or duplicate keys, with line numbers.

YAML 1.1 reads `on` as true, 1.10 as 1.1 and 010 as 8; here only `true`, `false`, `null` and decimal
integers and floats are more than text, and a float keeps its spelling where text is wanted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from pytest_smokedeploy.support.errors import SettingsError

MAX_BYTES: Final = 256 * 1024
_DEPTH: Final = 32
#: Values in a file once its aliases are written out; our own workflow has about 100.
_VALUES: Final = 20_000
_MERGE: Final = "tag:yaml.org,2002:merge"
_BEGINS: Final = (
    yaml.BlockSequenceStartToken,
    yaml.BlockMappingStartToken,
    yaml.FlowSequenceStartToken,
    yaml.FlowMappingStartToken,
)
_ENDS: Final = (yaml.BlockEndToken, yaml.FlowSequenceEndToken, yaml.FlowMappingEndToken)
_INTEGER: Final = re.compile(r"-?(?:0|[1-9]\d{0,17})")


@dataclass(frozen=True, slots=True)
class Document:
    """A file's data and where each key stands.

    Attributes:
        name: the file's name, for messages.
        data: plain data; keys are text.
        lines: 1-based line of each path of keys and indices.

    """

    name: str
    data: Any
    lines: dict[tuple[str | int, ...], int]

    def line(self, path: tuple[str | int, ...]) -> int | None:
        """The line of the longest known part of `path`, or None."""
        while path:
            if path in self.lines:
                return self.lines[path]
            path = path[:-1]
        return self.lines.get(())


def read(path: Path, *, max_bytes: int = MAX_BYTES) -> Document:
    """Read one file.

    Raises:
        SettingsError: missing, too large, no UTF-8, no YAML, an alias, a duplicate key, too deep.

    """
    return parse(contents(path, max_bytes=max_bytes), path.name)


def contents(path: Path, *, max_bytes: int = MAX_BYTES) -> bytes:
    """The bytes of a small file.

    Raises:
        SettingsError: missing, a pipe, or too large.

    """
    if path.is_fifo():
        raise SettingsError("is a pipe, and a file is wanted.", file=str(path))
    try:
        with path.open("rb") as file:
            raw = file.read(max_bytes + 1)
    except OSError as error:
        raise SettingsError(f"cannot be read: {error.strerror or error}.", file=str(path)) from error
    if len(raw) > max_bytes:
        raise SettingsError(f"is larger than {max_bytes} bytes.", file=path.name)
    return raw


def parse(source: bytes | str, name: str, *, aliases: bool = False) -> Document:
    """Read YAML; errors as in `read`.

    Args:
        source: UTF-8 or text.
        name: the file's name, for messages.
        aliases: whether anchors and aliases are taken, as GitHub takes them in a workflow.

    """
    try:
        text = source if isinstance(source, str) else source.decode("utf-8")
    except UnicodeDecodeError as error:
        raise SettingsError(f"is not UTF-8 ({error.reason}).", file=name) from error
    try:
        depth = 0
        for token in yaml.scan(text, Loader=yaml.SafeLoader):
            depth += isinstance(token, _BEGINS) - isinstance(token, _ENDS)
            if depth > _DEPTH:
                # Here and not when it is walked: scanning takes longer with every open bracket.
                raise SettingsError("is nested too deeply.", file=name, line=token.start_mark.line + 1)
            if not aliases and isinstance(token, (yaml.AliasToken, yaml.AnchorToken)):
                line = token.start_mark.line + 1
                raise SettingsError(
                    "anchors and aliases are not taken here; write it out.", file=name, line=line
                )
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        words = f"is not YAML: {error.problem or error.context}."
        raise SettingsError(words, file=name, line=mark.line + 1 if mark else None) from error
    except yaml.YAMLError as error:
        raise SettingsError(f"is not YAML: {error}.", file=name) from error
    except RecursionError:
        raise SettingsError("is nested too deeply.", file=name) from None
    lines: dict[tuple[str | int, ...], int] = {}
    data = None if node is None else _value(node, (), lines, name)
    return Document(name, data, lines)


def _value(
    node: yaml.Node, path: tuple[str | int, ...], lines: dict[tuple[str | int, ...], int], name: str
) -> Any:  # noqa: ANN401 - plain data
    lines.setdefault(path, node.start_mark.line + 1)
    if len(path) > _DEPTH:
        raise SettingsError("is nested too deeply.", file=name, line=node.start_mark.line + 1)
    if len(lines) > _VALUES:
        raise SettingsError(f"holds more than {_VALUES} values, aliases written out.", file=name)
    if isinstance(node, yaml.MappingNode):
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                raise SettingsError("a key must be a word.", file=name, line=line)
            if key_node.tag == _MERGE:
                words = "a merge key (`<<`) is not taken here, nor by GitHub; write it out."
                raise SettingsError(words, file=name, line=line)
            key = str(key_node.value)
            if key in found:
                raise SettingsError(
                    "the key stands here twice.", file=name, line=line, key=_dotted((*path, key))
                )
            lines[*path, key] = line
            found[key] = _value(value_node, (*path, key), lines, name)
        return found
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, (*path, n), lines, name) for n, item in enumerate(node.value)]
    return _scalar(node)


def _scalar(node: yaml.Node) -> Any:  # noqa: ANN401 - plain data
    text = str(node.value)
    if node.style is not None:  # type: ignore[attr-defined] # quoted or block: text, whatever it looks like
        return text
    if text in {"true", "false"}:
        return text == "true"
    if text in {"", "~", "null"}:
        return None
    return int(text) if _INTEGER.fullmatch(text) else text


def _dotted(path: tuple[str | int, ...]) -> str:
    return ".".join(str(part) for part in path)
