"""YAML files that decide something: small, plain, without merge or duplicate keys, with line numbers.

YAML 1.1 reads `on` as true, 1.10 as 1.1 and 010 as 8; here only `true`, `false`, `null` and decimal
integers and floats are more than text, and a float keeps its spelling where text is wanted.
"""

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
#: Keys and indices from the document's root.
Place = tuple[str | int, ...]
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
    lines: dict[Place, int]

    def line(self, path: Place) -> int | None:
        """The line of the longest known part of `path`, or None."""
        while path:
            if path in self.lines:
                return self.lines[path]
            path = path[:-1]
        return self.lines.get(())


def read(path: Path) -> Document:
    """Read one file.

    Raises:
        SettingsError: missing, too large, no UTF-8, no YAML, an alias, a duplicate key, too deep.

    """
    return parse(contents(path), path.name)


def contents(path: Path) -> bytes:
    """The bytes of a small file.

    Raises:
        SettingsError: missing, a pipe, or too large.

    """
    try:
        if path.is_fifo():
            raise SettingsError("is a pipe, and a file is wanted.", file=str(path))
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise SettingsError(f"cannot be read: {error.strerror or error}.", file=str(path)) from error
    if len(raw) > MAX_BYTES:
        raise SettingsError(f"is larger than {MAX_BYTES} bytes.", file=path.name)
    return raw


def parse(source: bytes | str, name: str, *, aliases: bool = False) -> Document:
    """Read YAML; errors as in `read`.

    Args:
        source: UTF-8 or text.
        name: the file's name, for messages.
        aliases: whether anchors and aliases are taken, as GitHub takes them in a workflow.

    """
    return _Reader(name).document(source, aliases=aliases)


class _RefusedError(yaml.MarkedYAMLError):
    """What is YAML, and not taken here."""


class _Loader(yaml.SafeLoader):
    """Refuses depth and aliases as they are met: scanning takes longer with every open bracket."""

    def __init__(self, text: str, *, aliases: bool) -> None:
        super().__init__(text)
        self._aliases, self._depth = aliases, 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:  # noqa: ANN401 - as PyYAML
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if not self._aliases and event.anchor is not None:
            words = "anchors and aliases are not taken here; write it out"
            raise _RefusedError(problem=words, problem_mark=event.start_mark)
        if self._depth > _DEPTH:
            raise _RefusedError(problem="is nested too deeply", problem_mark=event.start_mark)
        self._depth += 1
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node


class _Reader:
    """Reads one document; `lines` are those of `Document`."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._lines: dict[Place, int] = {}

    def document(self, source: bytes | str, *, aliases: bool) -> Document:
        try:
            text = source if isinstance(source, str) else source.decode("utf-8")
            loader = _Loader(text, aliases=aliases)
            node = loader.get_single_node()
        except UnicodeDecodeError as error:
            raise self._wrong(f"is not UTF-8 ({error.reason}); save it as UTF-8.") from error
        except _RefusedError as error:
            raise self._wrong(f"{error.problem}.", error.problem_mark) from error
        except yaml.MarkedYAMLError as error:
            words = f"is not YAML: {error.problem or error.context}."
            raise self._wrong(words, error.problem_mark or error.context_mark) from error
        except yaml.YAMLError as error:
            raise self._wrong(f"is not YAML: {error}.") from error
        return Document(self._name, None if node is None else self._value(node, ()), self._lines)

    def _wrong(self, words: str, at: yaml.Mark | None = None, key: str = "") -> SettingsError:
        return SettingsError(words, file=self._name, line=at.line + 1 if at else None, key=key)

    def _value(self, node: yaml.Node, path: Place) -> Any:  # noqa: ANN401 - plain data
        self._lines.setdefault(path, node.start_mark.line + 1)
        if len(path) > _DEPTH:
            raise self._wrong("is nested too deeply.", node.start_mark)
        if len(self._lines) > _VALUES:
            raise self._wrong(f"holds more than {_VALUES} values, aliases written out.")
        if isinstance(node, yaml.MappingNode):
            found: dict[str, Any] = {}
            for key_node, value_node in node.value:
                key = self._key(key_node)
                if key in found:
                    dotted = ".".join(map(str, (*path, key)))
                    raise self._wrong("the key stands here twice.", key_node.start_mark, dotted)
                self._lines[*path, key] = key_node.start_mark.line + 1
                found[key] = self._value(value_node, (*path, key))
            return found
        if isinstance(node, yaml.SequenceNode):
            return [self._value(item, (*path, n)) for n, item in enumerate(node.value)]
        return _scalar(node)

    def _key(self, node: yaml.Node) -> str:
        if not isinstance(node, yaml.ScalarNode):
            raise self._wrong("a key must be a word.", node.start_mark)
        if node.tag == _MERGE:
            words = "a merge key (`<<`) is not taken here, nor by GitHub; write it out."
            raise self._wrong(words, node.start_mark)
        return str(node.value)


def _scalar(node: yaml.Node) -> Any:  # noqa: ANN401 - plain data
    text = str(node.value)
    if node.style is not None:  # type: ignore[attr-defined] # quoted or block: text, whatever it looks like
        return text
    if _INTEGER.fullmatch(text):
        return int(text)
    return {"true": True, "false": False, "": None, "~": None, "null": None}.get(text, text)
