"""A template: literal text with placeholders, read once and matched from left to right.

Nothing is tried twice: a part that does not stand where it must ends the match, so that the time is
linear in the message, whatever it holds.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import zip_longest
from os.path import commonprefix
from typing import Final

from pytest_smokedeploy.log_language.placeholders import SAMPLES, Take
from pytest_smokedeploy.log_language.words import normalize

#: Characters of a template, at the most (chosen; a message has twice as many).
MAX_TEMPLATE: Final = 1024
_PART: Final = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
WORD: Final = re.compile(r"[^\W\d_]{2,}")
#: What only a regular expression holds.
_PATTERN: Final = re.compile(r"\.[*+]|\\[dDwWsS](?![A-Za-z])|^\^|\$$")
_LOWER: Final = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
#: Unicode categories of control, format, private, surrogate, unassigned and separator characters.
_UNSEEN: Final = frozenset({"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"})


class TemplateError(ValueError):
    """A template breaks a rule.

    Attributes:
        path: keys and indices under `log`, as far as they are known.

    """

    def __init__(self, message: str, path: tuple[str | int, ...] = ()) -> None:
        super().__init__(message)
        self.path = path


@dataclass(frozen=True, slots=True)
class Template:
    """A template as it was written and as it is matched.

    Attributes:
        text: as it was written.
        parts: literal text in lower case, and what the placeholders between take.
        names: the placeholders' names, in order.
        literal: the literal text, a blank for each placeholder.
        filled: the text with a sample in each placeholder.

    """

    text: str
    parts: tuple[str | Take, ...]
    names: tuple[str, ...]
    literal: str
    filled: str

    @classmethod
    def read(cls, text: str, takers: Mapping[str, Take]) -> Template:
        """Read `text`.

        Args:
            text: the template; ``{{`` and ``}}`` are braces.
            takers: what each placeholder takes.

        Raises:
            TemplateError: it is empty or long, holds an unprintable character or a word of two scripts, an
                unknown placeholder, two that touch, or no literal word.

        """
        if not text.strip():
            raise TemplateError("is empty; write the line, letter by letter")
        if len(text) > MAX_TEMPLATE:
            raise TemplateError(f"has more than {MAX_TEMPLATE} characters, and a line of a log has fewer")
        _check_characters(text)
        if found := _PATTERN.search(text):
            better = "a template is literal; write the line as it stands, with {number} and the like"
            raise TemplateError(f"holds {found[0]!r} like a regular expression, and {better}")
        template = cls(text, *_split(tidy(text), takers))
        if not WORD.search(template.literal) and not _drawn(text):
            raise TemplateError(
                "holds no literal word; write the words of the line (or signs alone, like ===)"
            )
        if sum(name in {"id", "path"} for name in template.names) > 1:
            raise TemplateError("has more than one of {id} and {path}; write all but one out")
        return template

    @classmethod
    def exact(cls, text: str) -> Template:
        """The template that `text` alone meets, braces and all."""
        _check_characters(text)
        return cls(text, (lower(tidy(text)),), (), text, text)

    @classmethod
    def frame(cls, text: str, takers: Mapping[str, Take]) -> Template:
        """Read a frame, which ends in ``{message}``; that part is left out.

        Raises:
            TemplateError: as in `read`; it does not end in the message, or nothing tells where that begins.

        """
        _check_characters(text)
        body = tidy(text).removesuffix("{message}")
        if body == tidy(text):
            raise TemplateError("is no frame: it must end in {message}")
        template = cls(text, *_split(body, takers))
        if not {"time", "level"} & set(template.names) and not WORD.search(template.literal):
            raise TemplateError("must hold {time}, {level} or a literal word before {message}")
        return template

    def reach(self, message: str, lowered: str) -> tuple[int, int]:
        """How far `message` meets the template: the number of its parts that are met, and the position."""
        at = 0
        for number, part in enumerate(self.parts):
            if isinstance(part, str):
                end = at + len(part) if lowered.startswith(part, at) else -1
            else:
                end = part(message, at)
            if end < 0:
                return number, at
            at = end
        return len(self.parts), at

    def met(self, message: str, lowered: str) -> bool:
        """Whether the whole of `message` meets the template."""
        return self.reach(message, lowered) == (len(self.parts), len(message))

    def parting(self, message: str) -> int:
        """The position, from 0, at which `message` and the template part."""
        number, at = self.reach(message, lowered := lower(message))
        part = self.parts[number] if number < len(self.parts) else ""
        literal = part if isinstance(part, str) else ""
        return at + len(commonprefix([lowered[at:], literal]))  # noqa: RUF071 - of characters


def escaped(text: str) -> str:
    """`text` as a template writes it."""
    return text.replace("{", "{{").replace("}", "}}")


def tidy(text: str) -> str:
    """`text` in NFC, runs of blanks as one, the ends trimmed."""
    return " ".join(part for part in re.split(r"[ \t]+", normalize("NFC", text)) if part)


def lower(text: str) -> str:
    """`text` with ASCII's capitals in lower case, at the same length."""
    return text.lower() if text.isascii() else text.translate(_LOWER)


def _check_characters(text: str) -> None:
    for character in text:
        if unicodedata.category(character) in _UNSEEN or (character.isspace() and character != " "):
            raise TemplateError(f"holds the character U+{ord(character):04X}, which nobody sees; remove it")
    for word in re.findall(r"[^\W\d_]+", text):
        if not word.isascii() and len({unicodedata.name(c, "?").split()[0] for c in word}) > 1:
            raise TemplateError(f"mixes scripts in the word {word!a}; write it in one")


def _drawn(text: str) -> bool:
    """Whether a template is a rule like ``===`` or a row of a drawn banner: three signs, and nothing else."""
    signs = text.replace(" ", "")
    return len(signs) > 2 and all(unicodedata.category(one)[0] in "PS" for one in signs)  # noqa: PLR2004


def _split(text: str, takers: Mapping[str, Take]) -> tuple[tuple[str | Take, ...], tuple[str, ...], str, str]:
    literals, names, at = [""], list[str](), 0
    for found in _PART.finditer(text):
        literals[-1] += text[at : found.start()]
        at, name = found.end(), found[1]
        if name is None:
            if len(found[0]) == 1:
                raise TemplateError(f"has a single {found[0]}; write {found[0] * 2} for a brace")
            literals[-1] += found[0][0]
            continue
        if name not in takers:
            known = f"there are {', '.join(f'{{{one}}}' for one in takers)}; write {{{{ and }}}} for braces"
            raise TemplateError(f"has the placeholder {{{name}}}, which there is none of; {known}")
        if names and not literals[-1]:
            raise TemplateError("has two placeholders that touch; write what stands between them")
        names.append(name)
        literals.append("")
    literals[-1] += text[at:]
    pairs = zip_longest(map(lower, literals), (takers[name] for name in names))
    parts = tuple(part for pair in pairs for part in pair if part)
    filled = "".join(map("".join, zip_longest(literals, (SAMPLES[name] for name in names), fillvalue="")))
    return parts, tuple(names), " ".join(literals), filled
