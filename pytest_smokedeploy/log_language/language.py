"""The log language of one run: which templates a line meets, and which it is nearest to."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Self

from pytest_smokedeploy.log_language import records
from pytest_smokedeploy.log_language.given import Log
from pytest_smokedeploy.log_language.rules import Entry, Rules
from pytest_smokedeploy.log_language.templates import lower, tidy

#: Characters of a raw line and of a message; a longer one meets nothing.
MAX_RAW, MAX_MESSAGE = 8192, 2048
_COLOUR: Final = re.compile(r"\x1b\[[\d;:]*m")
_WORD: Final = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class LineReading:
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


class Language:
    """Templates, frames and words of one run.

    Args:
        mounts: the mounts that the settings ask for: name to target.
        tag: the image tag, "" where it is not known.
        log: what the settings say beside the model's own.

    Attributes:
        rules: what its templates were read by.
        lists: the forbidden words.
        parts: how many lines each milestone takes.

    Raises:
        TemplateError: a template breaks a rule; its `path` says which.

    """

    def __init__(self, mounts: Mapping[str, str], tag: str = "", log: Log = Log()) -> None:  # noqa: B008 - frozen
        self._given = (mounts, tag, log)
        self.rules = Rules(mounts, tag, log)
        self.lists = self.rules.lists
        self._entries = list(self.rules.entries())
        self._frames = list(self.rules.frames())
        milestones = {(entry.clause, entry.part) for entry in self._entries if entry.kind == "milestone"}
        self.parts = Counter(clause for clause, _ in milestones)
        self._by_first: dict[str, list[Entry]] = {}
        for entry in self._entries:
            first = entry.template.parts[0]
            self._by_first.setdefault(first[0] if isinstance(first, str) else "", []).append(entry)

    def with_frame(self, frame: str) -> Self:
        """The same language with one more frame.

        Raises:
            TemplateError: it breaks a rule.

        """
        mounts, tag, log = self._given
        return type(self)(mounts, tag, log.model_copy(update={"frames": (*log.frames, frame)}))

    def framed(self, raw: str) -> str:
        """A raw line as frames are held against it; "" for a record, and for a line that is too long."""
        whole = _clean(raw.removesuffix("\n").removesuffix("\r")) if len(raw) <= MAX_RAW else ""
        return "" if records.reduce(whole, self.lists) else whole

    def read(self, raw: str) -> LineReading:
        """The messages of a raw line, and the templates that one of them meets."""
        if len(raw) > MAX_RAW:
            return LineReading((), raw[:MAX_MESSAGE])
        whole = _clean(raw.removesuffix("\n").removesuffix("\r"))
        # A record without words is no blank line: it stays as it came.
        record = _clean(records.reduce(whole, self.lists) or "")
        message = record or whole
        if (met := self._met(message)) or record:
            return LineReading((message,), message, met)
        messages = tuple(dict.fromkeys((whole, *self._unframed(whole))))
        for message in messages[1:]:
            if met := self._met(message):
                return LineReading(messages, message, met)
        return LineReading(messages, whole)

    def nearest(self, readings: Iterable[LineReading], clause: str = "") -> Nearest | None:
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
                yield whole[at:].lstrip(" ")


def _clean(text: str) -> str:
    """`text` without colours, in NFC, runs of blanks as one."""
    return tidy(_COLOUR.sub("", text) if "\x1b" in text else text)
