"""The rules on templates, and the entries that the model's own templates and the settings make."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

from pytest_smokedeploy.log_language import defaults
from pytest_smokedeploy.log_language.frames import FRAMES
from pytest_smokedeploy.log_language.placeholders import hole_takers, takers
from pytest_smokedeploy.log_language.templates import Template, TemplateError, lower
from pytest_smokedeploy.log_language.words import WordLists, fold, says_off


@dataclass(frozen=True, slots=True)
class Entry:
    """A template and what a line that meets it is.

    Attributes:
        kind: `milestone` (RUN-1's statement too), `documented`, `shutdown` or `excepted`.
        template: what the line must be.
        clause: the milestone, or the clause that an excepted line would violate; "" for the others.
        part: of a milestone that takes several lines, which of them; 0 else.
        parts: how many lines the milestone takes.

    """

    kind: Literal["milestone", "documented", "shutdown", "excepted"]
    template: Template
    clause: str = ""
    part: int = 0
    parts: int = 1


@dataclass(frozen=True, slots=True)
class Excepted:
    """A literal line that holds forbidden words and is allowed, at most once a start.

    Attributes:
        line: its message.
        clause: the clause whose words it holds.

    """

    line: str
    clause: str


@dataclass(frozen=True, slots=True)
class Given:
    """What the settings say beside the model's own, by their keys under `log`.

    Attributes:
        milestones: templates by clause in place of the model's; `{"all": [...]}` for OBS-3 names several
            lines that must all come.
        documented: further lines before idle.
        shutdown: further lines once the stop was asked.
        excepted: allowed lines with forbidden words.
        frames: further frames.
        forbidden: further forbidden words by clause.

    """

    milestones: Mapping[str, Sequence[str] | Mapping[str, Sequence[str]]] = field(default_factory=dict)
    documented: Sequence[str] = ()
    shutdown: Sequence[str] = ()
    excepted: Sequence[Excepted] = ()
    frames: Sequence[str] = ()
    forbidden: Mapping[str, Sequence[str]] = field(default_factory=dict)


@contextmanager
def _at(*path: str | int, text: str = "") -> Iterator[None]:
    """Tell where a rule is broken, and by which template."""
    try:
        yield
    except TemplateError as error:
        raise TemplateError(f"{text!r} {error}" if text else str(error), (*path, *error.path)) from None


class Rules:
    """Reads templates and frames, and refuses those that break a rule.

    Args:
        mounts: names of the mounts that the settings ask for.
        tag: the image tag, "" where it is not known.
        forbidden: further forbidden words by clause.

    Attributes:
        lists: the forbidden words.

    Raises:
        TemplateError: an added word is none, or one that the model's own templates hold.

    """

    def __init__(self, mounts: Collection[str], tag: str, forbidden: Mapping[str, Sequence[str]]) -> None:
        self.lists = WordLists(forbidden)
        self._mounts = mounts
        self._takers = takers(self.lists, mounts, tag)
        own = [text for texts in defaults.MILESTONES.values() for text in texts]
        own += [*defaults.DOCUMENTED, *defaults.SHUTDOWN]
        for clause, words in forbidden.items():
            with _at("forbidden", clause):
                if not all(map(fold, words)):
                    raise TemplateError("holds a text without a word")
                if held := [text for text in own if clause in self.lists.held(text)]:
                    raise TemplateError(f"forbids the model's own template {held[0]!r}; take that word out")

    def template(self, text: str, clause: str = "") -> Template:
        """Read a template; one of RUN-1's own may hold RUN-1's words, as in ``plane set, plane=paper``.

        Raises:
            TemplateError: it breaks a rule.

        """
        with _at(text=text):
            template = Template.read(text, self._takers)
            self._refuse_forbidden(template.literal, clause)
        return template

    def entries(self, given: Given) -> list[Entry]:
        """Every template with what it means.

        Raises:
            TemplateError: one breaks a rule.

        """
        found: list[Entry] = []
        for clause, default in defaults.MILESTONES.items():
            with _at("milestones", clause):
                found += self._milestone(clause, given.milestones.get(clause, default))
        for number, one in enumerate(given.excepted):
            with _at("excepted", number, "line", text=one.line):
                found.append(self._excepted(one))
        with _at("documented"):
            texts = self._all((*given.documented, *defaults.DOCUMENTED))
            found += [Entry("documented", template) for template in texts]
        with _at("shutdown"):
            texts = self._all((*given.shutdown, *defaults.SHUTDOWN))
            found += [Entry("shutdown", template) for template in texts]
        return found

    def frames(self, more: Sequence[str]) -> list[Template]:
        """The model's own frames and `more`.

        Raises:
            TemplateError: one breaks a rule.

        """
        holes = hole_takers(self.lists)
        found = []
        for number, text in enumerate((*more, *FRAMES)):
            with _at("frames", number, text=text):
                found.append(Template.frame(text, holes))
                self._refuse_forbidden(found[-1].literal)
        return found

    def _all(self, texts: Sequence[str], clause: str = "") -> list[Template]:
        found = []
        for number, text in enumerate(texts):
            with _at(number):
                found.append(self.template(text, clause))
        return found

    def _refuse_forbidden(self, literal: str, clause: str = "") -> None:
        held = self.lists.held(literal)
        if clause == "RUN-1" and re.search(r"\bplane (?:is )?paper\b", fold(literal)):
            held.pop(clause, None)
        if not held or says_off(literal):
            return
        name, word = next(iter(held.items()))
        better = "a sound line that cannot do without goes under log.excepted as {line, clause, because}"
        if name == "RUN-1":
            better = "a line that states the plane paper goes under log.milestones.RUN-1"
        raise TemplateError(f"holds {word!r}, which {name} forbids; {better}")

    def _milestone(self, clause: str, given: Sequence[str] | Mapping[str, Sequence[str]]) -> list[Entry]:
        several = isinstance(given, Mapping)
        if several and clause != "OBS-3":
            raise TemplateError("takes a list of templates; `all` is for OBS-3 alone")
        texts = given["all"] if isinstance(given, Mapping) else given
        if not texts:
            raise TemplateError("has no template, and so is never met; write one, or leave the key out")
        with _at(*(["all"] if several else [])):
            templates = self._all(texts, clause)
            if several:
                self._check_mounts(templates)
        for number, template in enumerate(() if several else templates):
            with _at(number, text=template.text):
                if clause == "RUN-1":
                    _check_plane(template)
                if clause == "OBS-3":
                    self._check_mounts([template])
        parts = len(templates) if several else 1
        return [
            Entry("milestone", template, clause, number if several else 0, parts)
            for number, template in enumerate(templates)
        ]

    def _check_mounts(self, templates: Sequence[Template]) -> None:
        said = " ".join(lower(template.literal) for template in templates)
        lacking = [
            name
            for name in self._mounts
            if not re.search(rf"(?<![\w.-]){re.escape(lower(name))}(?![\w-])", said)
        ]
        if lacking and not any("mounts" in template.names for template in templates):
            raise TemplateError(
                f"does not name {', '.join(lacking)}; write {{mounts}}, every mount's name, or several lines "
                "that must all come as {all: [...]}"
            )

    def _excepted(self, one: Excepted) -> Entry:
        held = self.lists.held(one.line)
        if one.clause not in held:
            words = f"holds words of {', '.join(held)}" if held else "holds no forbidden word"
            better = "name that clause" if held else "write it under log.documented"
            raise TemplateError(f"{words}, and not of {one.clause}; {better}")
        return Entry("excepted", Template.exact(one.line), one.clause)


def _check_plane(template: Template) -> None:
    if odd := set(template.names) - {"time", "version"}:
        names = ", ".join(f"{{{name}}}" for name in sorted(odd))
        raise TemplateError(f"holds {names}; RUN-1 takes {{time}} and {{version}} alone")
    if "paper" not in fold(template.literal).split():
        raise TemplateError("does not say paper, and RUN-1 is met by nothing else")
