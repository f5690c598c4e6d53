"""The log language of one run: which templates a line meets, and which it is nearest to."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from pytest_smokedeploy.log_language import defaults, records
from pytest_smokedeploy.log_language.frames import FRAMES
from pytest_smokedeploy.log_language.placeholders import hole_takers, takers
from pytest_smokedeploy.log_language.templates import Template, TemplateError, lower, tidy
from pytest_smokedeploy.log_language.words import WordLists, fold, says_off

#: Characters of a raw line and of a message; a longer one meets nothing.
MAX_RAW, MAX_MESSAGE = 8192, 2048
_COLOUR: Final = re.compile(r"\x1b\[[\d;:]*m")
_WORD: Final = re.compile(r"\w+")

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """A template and what a line that meets it is.

    Attributes:
        kind: `milestone` (RUN-1's statement too), `documented`, `shutdown` or `excepted`.
        template: what the line must be.
        clause: the milestone, or the clause that an excepted line would violate; "" for the others.
        part: of a milestone that takes several lines, which of them; 0 else.

    """

    kind: Literal["milestone", "documented", "shutdown", "excepted"]
    template: Template
    clause: str = ""
    part: int = 0


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read from a raw line.

    Attributes:
        messages: the whole line, then what each frame leaves of it; a record's message alone. Empty for a
            line that is too long.
        message: the one that meets `entries`, or the first.
        entries: every template that it meets.

    """

    messages: tuple[str, ...]
    message: str
    entries: tuple[Entry, ...] = ()


@dataclass(frozen=True, slots=True)
class Nearest:
    """The template nearest to a line that meets none.

    Attributes:
        entry: the template.
        message: the line's message, as the template was held against it.
        at: the position in it, from 0, at which the two part.

    """

    entry: Entry
    message: str
    at: int


@dataclass(frozen=True, slots=True)
class Excepted:
    """A literal line that holds forbidden words and is allowed, at most once a start.

    Attributes:
        line: its message.
        clause: the clause whose words it holds.

    """

    line: str
    clause: str


class Language:
    """Templates, frames and words of one run.

    Args:
        mounts: names of the mounts that the settings ask for.
        tag: the image tag, "" where it is not known.
        milestones: templates by clause in place of the model's; a mapping `{"all": [...]}` for OBS-3 names
            several lines that must all come.
        documented: further lines before idle.
        shutdown: further lines once the stop was asked.
        excepted: allowed lines with forbidden words.
        frames: further frames.
        forbidden: further forbidden words by clause.

    Attributes:
        lists: the forbidden words.
        parts: how many lines each milestone takes.

    Raises:
        TemplateError: a template breaks a rule; its `path` says which.

    """

    def __init__(  # noqa: PLR0913 - the settings' keys
        self,
        *,
        mounts: Collection[str],
        tag: str = "",
        milestones: Mapping[str, Sequence[str] | Mapping[str, Sequence[str]]] | None = None,
        documented: Sequence[str] = (),
        shutdown: Sequence[str] = (),
        excepted: Sequence[Excepted] = (),
        frames: Sequence[str] = (),
        forbidden: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        for clause, words in (forbidden or {}).items():
            for number, word in enumerate(words):
                if not fold(word):
                    raise TemplateError("holds no word", ("forbidden", clause, number))
        self.lists = WordLists(forbidden)
        self._refuse_own(forbidden or {})
        self._mounts = mounts
        self._takers = takers(self.lists, mounts, tag)
        self.parts = dict.fromkeys(defaults.MILESTONES, 1)
        self._entries: list[Entry] = []
        for clause, default in defaults.MILESTONES.items():
            self._milestone(clause, (milestones or {}).get(clause, default), ("milestones", clause))
        for number, one in enumerate(excepted):
            self._excepted(one, ("excepted", number, "line"))
        for kind, own, more in (
            ("documented", defaults.DOCUMENTED, documented),
            ("shutdown", defaults.SHUTDOWN, shutdown),
        ):
            rows = [
                *((text, (kind,)) for text in own),
                *((text, (kind, n)) for n, text in enumerate(more)),
            ]
            self._entries += [Entry(kind, self._read(text, path)) for text, path in rows]  # type: ignore[arg-type]
        self._by_first: dict[str, list[Entry]] = {}
        for entry in self._entries:
            first = entry.template.parts[0]
            self._by_first.setdefault(first[0] if isinstance(first, str) else "", []).append(entry)
        self._frames = list(self._read_frames(frames))

    # -- lines -----------------------------------------------------------------------------

    def read(self, raw: str) -> Reading:
        """What a raw line says, and which templates that meets."""
        if len(raw) > MAX_RAW:
            return Reading((), raw[:MAX_MESSAGE])
        whole = _clean(raw.removesuffix("\n").removesuffix("\r"))
        record = records.reduce(whole, self.lists)
        if record is not None:
            messages: Iterable[str] = (_clean(record),)
        elif found := self._met(whole):
            return Reading((whole,), whole, found)
        else:
            messages = tuple(dict.fromkeys((whole, *self._unframed(whole))))
        for message in messages:
            if found := self._met(message):
                return Reading(tuple(messages), message, found)
        return Reading(tuple(messages), next(iter(messages)))

    def nearest(self, readings: Iterable[Reading], clause: str = "") -> Nearest | None:
        """The line and the template that are nearest: by words in common, then by where they part.

        Args:
            readings: lines.
            clause: only this milestone's templates; "" for all.

        Returns:
            None where no line has a word in common with a template.

        """
        entries = [entry for entry in self._entries if not clause or entry.clause == clause]
        words = {entry: set(_WORD.findall(lower(entry.template.literal))) for entry in entries}
        best, found = (0, 0), None
        for message in (one[:MAX_MESSAGE] for reading in readings for one in reading.messages):
            said = set(_WORD.findall(lower(message)))
            for entry in entries:
                at = entry.template.parting(message)
                if (score := (len(said & words[entry]), at)) > best and score[0]:
                    best, found = score, Nearest(entry, message, at)
        return found

    def _met(self, message: str) -> tuple[Entry, ...]:
        if not message or len(message) > MAX_MESSAGE:
            return ()
        lowered = lower(message)
        likely = [*self._by_first.get(lowered[0], ()), *self._by_first.get("", ())]
        return tuple(entry for entry in likely if entry.template.met(message, lowered))

    def _unframed(self, whole: str) -> Iterator[str]:
        lowered = lower(whole)
        for frame in self._frames:
            number, at = frame.reach(whole, lowered)
            if number == len(frame.parts) and at < len(whole):
                yield whole[at:].lstrip()

    # -- rules -----------------------------------------------------------------------------

    def check(self, text: str) -> None:
        """Check a template of a documented line.

        Raises:
            TemplateError: it breaks a rule.

        """
        self._read(text, ())

    def _read(self, text: str, path: Path) -> Template:
        try:
            template = Template.read(text, self._takers)
            self._refuse_forbidden(template.literal)
        except TemplateError as error:
            raise TemplateError(f"{text!r} {error}", path) from None
        return template

    def _refuse_own(self, added: Mapping[str, Sequence[str]]) -> None:
        own = [text for texts in defaults.MILESTONES.values() for text in texts]
        for text in [*own, *defaults.DOCUMENTED, *defaults.SHUTDOWN] if added else ():
            for clause, word in self.lists.held(text).items():
                words = f"the model's own template {text!r} holds {word!r}; take that word out"
                raise TemplateError(words, ("forbidden", clause))

    def _refuse_forbidden(self, literal: str) -> None:
        if (held := self.lists.held(literal)) and not says_off(literal):
            clause, word = next(iter(held.items()))
            raise TemplateError(
                f"holds {word!r}, which {clause} forbids; a sound line that cannot do without goes under "
                "log.excepted as {line, clause, because}"
            )

    def _milestone(self, clause: str, given: Sequence[str] | Mapping[str, Sequence[str]], path: Path) -> None:
        several = isinstance(given, Mapping)
        texts = given["all"] if isinstance(given, Mapping) else given
        if several and clause != "OBS-3":
            raise TemplateError("takes a list of templates; `all` is for OBS-3 alone", path)
        if not texts:
            raise TemplateError(
                "has no template, and so could never be met; write one, or leave the key out", path
            )
        path = (*path, "all") if several else path
        read = [self._read(text, (*path, number)) for number, text in enumerate(texts)]
        for number, template in enumerate(read):
            if clause == "RUN-1":
                _check_plane(template, (*path, number))
            if clause == "OBS-3" and not several:
                self._check_mounts([template], (*path, number))
        if several:
            self._check_mounts(read, path)
            self.parts[clause] = len(read)
        self._entries += [
            Entry("milestone", template, clause, number if several else 0)
            for number, template in enumerate(read)
        ]

    def _check_mounts(self, templates: list[Template], path: Path) -> None:
        said = " ".join(lower(template.literal) for template in templates)
        lacking = [
            name
            for name in self._mounts
            if not re.search(rf"(?<![\w.-]){re.escape(lower(name))}(?![\w-])", said)
        ]
        if lacking and not any("mounts" in template.names for template in templates):
            raise TemplateError(
                f"does not name {', '.join(lacking)}; write {{mounts}}, every mount's name, or several lines "
                "that must all come as {all: [...]}",
                path,
            )

    def _excepted(self, one: Excepted, path: Path) -> None:
        held = self.lists.held(one.line)
        if one.clause not in held:
            words = f"holds words of {', '.join(held)}" if held else "holds no forbidden word"
            better = "name that clause" if held else "write it under log.documented"
            raise TemplateError(f"{one.line!r} {words}, and not of {one.clause}; {better}", path)
        try:
            self._entries.append(Entry("excepted", Template.exact(one.line), one.clause))
        except TemplateError as error:
            raise TemplateError(f"{one.line!r} {error}", path) from None

    def _read_frames(self, more: Sequence[str]) -> Iterator[Template]:
        holes = hole_takers(self.lists)
        for text in FRAMES:
            yield Template.frame(text, holes)
        for number, text in enumerate(more):
            try:
                frame = Template.frame(text, holes)
                self._refuse_forbidden(frame.literal)
            except TemplateError as error:
                raise TemplateError(f"{text!r} {error}", ("frames", number)) from None
            yield frame


def _check_plane(template: Template, path: Path) -> None:
    if odd := set(template.names) - {"time", "version"}:
        names = ", ".join(f"{{{name}}}" for name in sorted(odd))
        raise TemplateError(
            f"{template.text!r} holds {names}; RUN-1 takes {{time}} and {{version}} alone", path
        )
    if "paper" not in fold(template.literal).split():
        raise TemplateError(f"{template.text!r} does not say paper, and RUN-1 is met by nothing else", path)


def _clean(text: str) -> str:
    """`text` without colours, in NFC, runs of blanks as one."""
    return tidy(_COLOUR.sub("", text) if "\x1b" in text else text)
