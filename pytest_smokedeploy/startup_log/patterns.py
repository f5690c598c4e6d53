"""What a line of the runtime's log means: patterns by clause, and how a line is made plain first.

Rests on the model's section "Observability Requirements". Milestones match from the start of
the message, so that one quoted inside an error message is none; forbidden patterns match anywhere.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

_NO = r"(?!.*\b(?:fail\w*|false|errors?|not|no|denied)\b)"
_OFF = r"(?!s?\W+(?:is\s+|are\s+)?(?:disabled|off|none|not|no|0|false)\b)"

MILESTONES: Final[Mapping[str, tuple[str, ...]]] = {
    "OBS-1": (rf"[\w.-]*runtime\b[\w .-]*\bstarting\b{_NO}",),
    "OBS-2": (rf"environment validat(?:ion (?:succeeded|success(?:ful)?|passed|ok)|ed)\b{_NO}",),
    "OBS-3": (rf"persistence mounts? validated\b(?=.*\baudit-events\b)(?=.*\bsnapshots\b){_NO}",),
    "OBS-4": (rf"replay (?:phase )?(?:start(?:ed|ing)?)\b{_NO}",),
    "OBS-5": (rf"meta[ -]?orchestrator initiali[sz]ed\b{_NO}",),
    "OBS-6": (rf"idle(?: state)?(?: reached)?{_NO}(?:[:.].*)?$",),
    "RUN-1": (r"execution[ _]plane\s*[:=]\s*paper\s*$",),
}

FORBIDDEN: Final[Mapping[str, tuple[str, ...]]] = {
    "OBS-7": (
        r"\borders?\W+(?:id\b|(?:was |been )?(?:placed|submitted|sent|executed|filled|routed|accepted))",
        r"\b(?:plac|submitt|send|execut|rout|creat|fill)(?:e|ed|ing)?\b.{0,40}\borders?\b",
        r"\border execution\b" + _OFF,
    ),
    "OBS-8": (r"\bticks?\b" + _OFF, r"\bstrategy\b.{0,40}\b(?:run|evaluat|signal|step)\w*"),
    "OBS-9": (
        r"\b(?:https?|wss?|ftp|amqp|tcp)://",
        r"\bexternal calls?\b" + _OFF,
        r"\bconnect(?:ing|ed) to\b",
        r"\b(?:GET|POST|PUT|PATCH|DELETE)\s+/",
    ),
    "RUN-1": (r"execution[ _]plane\s*[:=](?!\s*paper\s*$)",),
    "RUN-2": (r"\bschedulers?\b" + _OFF, r"\b(?:job|task)s? scheduled\b", r"\bcron\b" + _OFF),
    "RUN-3": (
        r"\bheart-?beats?\b" + _OFF,
        r"\bbackground (?:loop|task|worker|thread|job)s?\b" + _OFF,
        r"\b(?:main|event|execution|trading) loops?\b" + _OFF,
        r"\bpolling\b" + _OFF,
    ),
    "RUN-4": (r"\blive[ _-](?:\w+[ _-])?(?:adapter|trading|feed|exchange|broker|mode)s?\b" + _OFF,),
}

DOCUMENTED: Final[tuple[str, ...]] = (
    r"replay (?:phase )?(?:finished|completed?)(?:: \d+ events?)?$",
    r"stopping(?:: signal \w+)?$",
    r"stopped$",
)

_ANSI: Final = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_PREFIX: Final = re.compile(
    r"\s*(?:[\[(]?\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[.,\dZ+:-]*[\])]?\s+)?"
    r"(?:[\[(]?(?:TRACE|DEBUG|INFO|NOTICE)[\])]?:?\s+)?",
    re.IGNORECASE,
)
_MESSAGE_FIELDS: Final = ("message", "msg", "event")


def plain(text: str) -> str:
    """`text` without terminal colours, control characters and trailing white space."""
    return _CONTROL.sub("", _ANSI.sub("", text)).rstrip()


def message(text: str) -> str:
    """The message of a plain line: past its time and a harmless level, or a JSON log's field."""
    if text.lstrip().startswith("{"):
        try:
            data = json.loads(text)
        except (ValueError, RecursionError):
            return text
        if isinstance(data, dict):
            level = str(data.get("level", "info")).lower()
            for name in _MESSAGE_FIELDS:
                if isinstance(data.get(name), str) and level in {"trace", "debug", "info", "notice"}:
                    return plain(data[name])
        return text
    return text[found.end() :] if (found := _PREFIX.match(text)) else text


def _compile(patterns: Iterable[str]) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern, re.IGNORECASE) for pattern in patterns)


@dataclass(frozen=True, slots=True)
class Patterns:
    """Compiled patterns: milestones and forbidden lines by clause id, and documented lines."""

    milestones: Mapping[str, tuple[re.Pattern[str], ...]]
    forbidden: Mapping[str, tuple[re.Pattern[str], ...]]
    documented: tuple[re.Pattern[str], ...]

    @classmethod
    def build(
        cls,
        milestones: Mapping[Any, Iterable[str]] | None = None,
        forbidden: Mapping[Any, Iterable[str]] | None = None,
        documented: Iterable[str] | None = None,
    ) -> Self:
        """Defaults, with each given key in place of that key's default.

        Raises:
            re.error: a pattern is no regular expression.

        """
        return cls(
            {key: _compile(value) for key, value in {**MILESTONES, **(milestones or {})}.items()},
            {key: _compile(value) for key, value in {**FORBIDDEN, **(forbidden or {})}.items()},
            _compile([*DOCUMENTED, *(documented or ())]),
        )

    def forbidden_by(self, text: str) -> str | None:
        """The first clause, in the model's order, that a plain line violates."""
        said = message(text)
        for clause, patterns in self.forbidden.items():
            # A JSON line is searched whole and by its message; a statement is read off the message.
            subjects = (said,) if clause == "RUN-1" else (text, said)
            if any(p.search(subject) for p in patterns for subject in subjects):
                return clause
        return None

    def milestone_of(self, text: str) -> str | None:
        """The milestone (or RUN-1's statement) that a plain line states, or None."""
        said = message(text)
        return next((c for c, ps in self.milestones.items() if any(p.match(said) for p in ps)), None)

    def is_documented(self, text: str) -> bool:
        """Whether a plain line is documented (DOCUMENTED, and the settings' own)."""
        said = message(text)
        return any(p.match(said) for p in self.documented)
