"""The rules on templates, and the entries that the model's own templates and the settings make."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Literal

from pytest_smokedeploy.log_language import defaults
from pytest_smokedeploy.log_language.frames import FRAMES
from pytest_smokedeploy.log_language.given import All, ExceptedLine, Log
from pytest_smokedeploy.log_language.placeholders import hole_takers, takers
from pytest_smokedeploy.log_language.templates import WORD, Template, TemplateError, lower
from pytest_smokedeploy.log_language.words import DENIED, LEVELS, WordLists, fold, readings, said, says_off

#: Characters that a pattern has, and plain words do not.
_NO_WORD: Final = re.compile(r"[\\^$*+?()\[\]{}|]")
#: What stands beside the address that a server listens at; without it the line may tell of a call.
_LISTENS: Final = re.compile(
    r"\b(?:listen(?:s|ing)?|bound|bind(?:s|ing)?|serv(?:es?|er|ing)|running on|address|addr)\b"
)
_NO: Final = re.compile(r"\bno\b")
#: A field of a record other than the plane; in ``plane set by=env plane=paper`` it parts words and plane.
_FIELD: Final = re.compile(r"(?<= )(?![\w.@-]*plane=)[\w.@-]+=[^\s=]+(?= |$)", re.IGNORECASE)
#: The statement of RUN-1, over folded text with `/` for each field: ``plane: paper``, ``paper plane``,
#: ``plane set by=env plane=paper``.
_PAPER: Final = re.compile(
    r"\b(?:(?:plane (?:selected|set|chosen|resolved|configured|confirmed) (?:/ )*)?"
    r"(?:execution )?plane (?:is )?paper|(?<!disabled )(?<!disabled the )paper (?:execution )?plane)\b"
)
#: What takes the statement back, or tells of another moment; `.` is the statement.
_BESIDE: Final = re.compile(
    r"\b(?:no|off|false|overrid(?:e|es|den|ing)|plane|real(?! time)|"
    r"instead|reject(?:s|ed|ing)?|refus(?:e|es|ed|ing)|ignor(?:e|es|ed|ing)|shut|stop(?:s|ped|ping)?|"
    r"leav(?:es?|ing)|left|fall(?:s|ing)? ?back)\b"
    r"|\b(?:from|was|than|wait(?:s|ing)? for|until) (?:the )?\."
    r"|\. (?:to|into|(?:is )?(?:disabled|unavailable|inactive|invalid))\b"
    # A field's key says of the whole record.
    r"|^/.*\b(?:disabled|unavailable|inactive|invalid)\b"
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A template and what a line that meets it is.

    Attributes:
        kind: `milestone` (RUN-1's statement too), `documented`, `shutdown` or `excepted`.
        template: what the line must be.
        clause: the milestone, or the clause that an excepted line would violate; "" for the others.
        part: of a milestone that takes several lines, which of them, from 0; 0 else.

    """

    kind: Literal["milestone", "documented", "shutdown", "excepted"]
    template: Template
    clause: str = ""
    part: int = 0


@contextmanager
def _at(*path: str | int, text: str = "") -> Iterator[None]:
    """Add to a TemplateError where in the settings the rule is broken, and by which template."""
    try:
        yield
    except TemplateError as error:
        raise TemplateError(f"{text!r} {error}" if text else str(error), (*path, *error.path)) from None


class Rules:
    """Reads templates and frames, and refuses those that break a rule.

    Args:
        mounts: the mounts that the settings ask for: name to target.
        tag: the image tag, "" where it is not known.
        log: what the settings say beside the model's own.

    Attributes:
        lists: the forbidden words.

    Raises:
        TemplateError: an added word is none, or one that the model's own templates hold.

    """

    def __init__(self, mounts: Mapping[str, str], tag: str, log: Log) -> None:
        self.lists = WordLists(dict(log.forbidden.items()))
        self._log = log
        self._mounts = mounts
        self._takers = takers(self.lists, mounts, tag)
        own = [text for texts in defaults.MILESTONES.values() for text in texts]
        own += [*defaults.DOCUMENTED, *defaults.SHUTDOWN]
        for clause, words in log.forbidden.items():
            with _at("forbidden", clause):
                for text in words:
                    if not fold(text):
                        raise TemplateError(f"{text!r} holds no word")
                    if odd := _NO_WORD.search(text):
                        raise TemplateError(f"{text!r} holds {odd[0]!r}; write plain words, and no pattern")
                if held := [text for text in own if clause in self.lists.held(text)]:
                    raise TemplateError(f"forbids the model's own template {held[0]!r}; take that word out")

    def template(self, text: str, clause: str = "") -> Template:
        """Read a template; one of RUN-1's own may hold RUN-1's words, as in ``plane set, plane=paper``.

        Raises:
            TemplateError: it breaks a rule.

        """
        with _at(text=text):
            template = Template.read(text, self._takers)
            self._refuse_forbidden(template, clause)
            if "listen" in template.names and not said(_LISTENS, template.literal):
                raise TemplateError("holds {listen} and does not say that it listens; write the whole line")
        return template

    def entries(self) -> Iterator[Entry]:
        """Every template with what it means.

        Raises:
            TemplateError: one breaks a rule.

        """
        for clause, default in defaults.MILESTONES.items():
            with _at("milestones", clause):
                yield from self.milestone(clause, self._log.milestones.get(clause, default))
        for number, one in enumerate(self._log.excepted):
            with _at("excepted", number, "line", text=one.line):
                yield self._excepted(one)
        kinds: Mapping[Literal["documented", "shutdown"], tuple[str, ...]] = {
            "documented": (*self._log.documented, *defaults.DOCUMENTED),
            "shutdown": (*self._log.shutdown, *defaults.SHUTDOWN),
        }
        for kind, texts in kinds.items():
            with _at(kind):
                yield from (Entry(kind, template) for template in self._templates(texts))

    def frames(self) -> Iterator[Template]:
        """The settings' frames and the model's own.

        Raises:
            TemplateError: one breaks a rule.

        """
        holes = hole_takers(self.lists)
        for number, text in enumerate((*self._log.frames, *FRAMES)):
            with _at("frames", number, text=text):
                frame = Template.frame(text, holes)
                self._refuse_forbidden(frame)
                for pattern in (LEVELS, DENIED, _NO):
                    if word := said(pattern, frame.literal):
                        raise TemplateError(f"holds {word!r}, and a frame takes off no level and no denial")
                yield frame

    def _templates(self, texts: Sequence[str], clause: str = "") -> Iterator[Template]:
        for number, text in enumerate(texts):
            with _at(number):
                yield self.template(text, clause)

    def _refuse_forbidden(self, template: Template, clause: str = "") -> None:
        held = dict[str, str]()
        # A placeholder between two words parts them in one reading and is no word in the other.
        for text in (template.literal, template.filled):
            words = self.lists.held(text)
            if clause == "RUN-1" and _PAPER.search(fold(_FIELD.sub("/", text))):
                words.pop(clause, None)
            held |= words
        if not held or says_off(template.filled):
            return
        name, word = next(iter(held.items()))
        better = "a sound line that cannot do without goes under log.excepted as {line, clause, because}"
        if name == clause:
            better = "its template says that the plane is paper, as in `plane: paper`"
        elif clause:
            better = "no exception stands for a milestone: have the runtime say it in other words"
        elif name == "RUN-1":
            better = "a line that states the plane paper goes under log.milestones.RUN-1"
        raise TemplateError(f"holds {word!r}, which {name} forbids; {better}")

    def milestone(self, clause: str, given: Sequence[str] | All) -> Iterator[Entry]:
        """What the templates of one milestone make.

        Raises:
            TemplateError: one breaks a rule.

        """
        several = isinstance(given, All)
        if several and clause != "OBS-3":
            raise TemplateError("takes a list of templates; `all` is for OBS-3 alone")
        texts = given.all if isinstance(given, All) else given
        if not texts:
            raise TemplateError("has no template, and so is never met; write one, or leave the key out")
        with _at(*(["all"] if several else [])):
            templates = list(self._templates(texts, clause))
            if several:
                self._check_mounts(templates)
        for number, template in enumerate(templates):
            with _at(number, text=template.text):
                if word := said(DENIED, template.literal):
                    raise TemplateError(f"holds {word!r}, and a milestone says what came about")
                if not WORD.search(template.literal):
                    raise TemplateError("holds no word, and a milestone says what came about")
                if clause == "RUN-1":
                    _check_plane(template)
                elif clause == "OBS-3" and not several:
                    self._check_mounts([template])
            yield Entry("milestone", template, clause, number if several else 0)

    def _check_mounts(self, templates: Sequence[Template]) -> None:
        said = " ".join(lower(template.literal) for template in templates)
        lacking = [name for name, target in self._mounts.items() if not _names(said, name, target)]
        if lacking and not any("mounts" in template.names for template in templates):
            better = (
                "write {mounts}, every mount's name or target, or several lines that must all come: {all: "
            )
            better += "[...]}; where the runtime says none of these, have it say them"
            raise TemplateError(f"does not name {', '.join(lacking)}; {better}")

    def _excepted(self, one: ExceptedLine) -> Entry:
        held = self.lists.held(one.line)
        first = next(iter(held), "")
        if one.clause != first:
            words = f"holds words of {', '.join(held)}" if held else "holds no forbidden word"
            better = f"name {first}, the first in order" if held else "write it under log.documented"
            better = "a line that names the plane so is no exception" if first == "RUN-1" else better
            lacks = "" if one.clause in held else f", and not of {one.clause}"
            raise TemplateError(f"{words}{lacks}; {better}")
        return Entry("excepted", Template.exact(one.line), one.clause)


def _names(said: str, name: str, target: str) -> bool:
    """Whether a text in lower case names a mount, by its name or by where it stands in the container."""
    own, where = re.escape(lower(name)), re.escape(lower(target))
    return bool(re.search(rf"(?<![\w.-]){own}(?![\w-])|(?<![\w./-]){where}(?!\.?[\w/-])", said))


def _check_plane(template: Template) -> None:
    if odd := set(template.names) - {"time", "version"}:
        names = ", ".join(f"{{{name}}}" for name in sorted(odd))
        raise TemplateError(f"holds {names}; RUN-1 takes {{time}} and {{version}} alone")
    if "paper" not in fold(template.literal).split():
        raise TemplateError("does not say paper, and RUN-1 is met by nothing else")
    # Fields are read apart: between the words and the plane they part what belongs together.
    words, fields = _FIELD.sub("/", template.literal), " ".join(_FIELD.findall(template.literal))
    rests = [" ".join(_PAPER.sub(" . ", one, count=1).split()) for one in readings(words)]
    if odd_word := next(filter(None, map(_BESIDE.search, (*rests, *readings(f"/ {fields}")))), None):
        like = "as in `plane: paper` or `plane selected plane=paper`"
        shown = odd_word[0].removeprefix("/ ").replace(".", "the plane")
        raise TemplateError(
            f"holds {shown!r} beside the plane; RUN-1 takes one plane without a denial, {like}"
        )
