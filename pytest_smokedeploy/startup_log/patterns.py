"""What a line of the runtime's log means: patterns by clause.

Rests on the model's section "Observability Requirements". A milestone or documented pattern speaks of
the whole message, so that nothing rides along behind it, and of nothing quoted inside an error; a
forbidden pattern is searched for anywhere, in every reading of the line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from pytest_smokedeploy.startup_log.spelling import Spelled

# A milestone may say more than its words, in plain ASCII and not for ever, unless it takes them back.
_TAKEN_BACK: Final = (
    r"fail\w*|false|\w*errors?|\w*exceptions?|traceback|raised|fatal|critical|panic\w*|warn\w*|denied|"
    r"refused|reject\w*|invalid\w*|missing|skip\w*|disabled|unable|unavailable|corrupt\w*|abort\w*|"
    r"degraded|partial\w*|read-?only|time[sd]?[ -]?out|never|not|but|cannot|can't|\d+/\d+|\d+ of \d+|"
    r"bypass\w*|ignor\w*|incomplete|mismatch\w*|unset|undefined|unknown|unreachable|unwritable|"
    r"unverified|unhealthy|pending|defer\w*|simulat\w*|dry-?run|mock\w*|stub\w*|broken|insufficient|expired"
)
_NO: Final = (
    rf"(?!.*(?<!\bno )(?<!\b0 )(?<!\bzero )(?<!\bwithout )\b(?:{_TAKEN_BACK})\b)"
    r"(?!.*\b(?:no|without)\b(?! (?:errors?|warnings?|failures?|problems?|issues?)\b))"
)
_MORE: Final = r"(?:[\s:;,.!(\[-][ -~]{0,200})?"
# Idle is the last word: what follows it is of a few words only.
_WAITING: Final = (
    r"(?:\s*[:.,;(-]+\s*(?:(?:a?waiting|ready|until|for|to|or|and|the|an?|be|any|stop|stopped|shut-?down|"
    r"signals?|sig-?term|sig-?int|term|int|termination|commands?|operators?|instructions?|nothing)"
    r"\b[ .,)]*)*)?"
)


def _milestone(words: str, more: str = _MORE) -> tuple[str, ...]:
    # Its words are looked for first: nearly every line lacks them, and need not be searched for a denial.
    return (rf"(?a:(?={words}(?!\w)){_NO}{words}(?!\w){more})",)


MILESTONES: Final[Mapping[str, tuple[str, ...]]] = {
    "OBS-1": _milestone(r"[\w.-]*runtime\b[\w .-]*\bstarting"),
    "OBS-2": _milestone(r"environment validat(?:ion (?:succeeded|success(?:ful)?|passed|ok)|ed)"),
    "OBS-3": _milestone(r"persistence mounts? validated(?=.*\baudit-events\b)(?=.*\bsnapshots\b)"),
    "OBS-4": _milestone(r"replay (?:phase )?(?:start(?:ed|ing)?)"),
    "OBS-5": _milestone(r"meta[ -]?orchestrator initiali[sz]ed"),
    "OBS-6": _milestone(r"idle(?: state)?(?: reached)?", _WAITING),
    "RUN-1": (r"execution[ _]plane\s*[:=]\s*paper\s*",),
}

# "scheduler: disabled", "no scheduler": said to be off. What is more than that nobody documented.
_OFF: Final = (
    r"(?!s?(?:\W+(?:is|are|was|were|enabled|mode|state|status|active|running|started))*"
    r"\W+(?:disabled|off|none|not|no|0|false|inactive|never)\b)"
)
# A word's beginning stands first: looking back at every place of a line takes most of the time.
_UNLESS: Final = r"\b(?=\w)(?<!\bno )(?<!\bwithout )(?<!\bdisabled )(?<!\bzero )(?<!\b0 )"


def _running(words: str) -> str:
    return rf"{_UNLESS}(?:{words})\b{_OFF}"


_DO: Final = "plac|submitt?|sen[dt]|execut|rout|creat|fill|open|dispatch|transmitt?|cancell?|amend|fir"
_DONE: Final = (
    "placed|placing|submitted|sent|executed|executing|filled|routed|accepted|created|opened|dispatched|"
    "transmitted|cancell?ed|amended|booked"
)
#: What is never paper's when it is live, or the production's, or real.
_MARKET: Final = "adapter|trading|feed|exchange|broker|mode|gateway|account|connector|market"

FORBIDDEN: Final[Mapping[str, tuple[str, ...]]] = {
    "OBS-7": (
        rf"{_UNLESS}orders?\W+(?:[\w-]*\d[\w-]*\W+)?(?:id\b|(?:was |been |is |being )?(?:{_DONE})\b)",
        rf"{_UNLESS}(?:{_DO})(?:e|ed|es|ing|s)?\b.{{0,40}}(?<!\bin )\borders?\b",
        _running(r"order execution"),
        rf"{_UNLESS}(?:bought|sold|buying|selling|trades? (?:executed|placed|filled)|positions? opened)\b",
        rf"{_UNLESS}(?:buy|sell|trade) [1-9]",
    ),
    "OBS-8": (
        rf"{_running(r'ticks?')}(?!\W+(?:interval|size|rate|seconds|ms)\b)",
        rf"{_UNLESS}strategy\b.{{0,40}}\b(?:run|evaluat|signal|step)\w*",
    ),
    "OBS-9": (
        r"\b(?:https?|wss?|ftp|amqp|tcp)://",
        _running(r"external calls?"),
        rf"{_UNLESS}connect(?:ing|ed) to\b",
        rf"{_UNLESS}(?:connection|request|call)s? (?:established|opened|made|sent|sending) to\b",
        rf"{_UNLESS}dial(?:l?ing|l?ed)\b",
        r"\b(?:GET|POST|PUT|PATCH|DELETE)\s+/",
    ),
    "RUN-1": (r"(?:execution[\s_.-]*|^)plane[\"']?\s*(?:[:=]|->|\bis\b)(?!\s*[\"']?paper[\"']?\s*$)",),
    "RUN-2": (
        _running(r"\w*schedulers?"),
        _running(r"scheduling"),
        rf"{_UNLESS}(?:job|task)s? scheduled\b",
        rf"{_UNLESS}(?:job|task|timer)s? (?:runs?|running|started|armed)\b",
        _running(r"cron"),
    ),
    "RUN-3": (
        _running(r"heart-?beats?"),
        _running(r"keep-?alives?"),
        _running(r"background (?:loop|task|worker|thread|job)s?"),
        _running(r"(?:main|event|execution|trading) loops?"),
        rf"{_UNLESS}(?:loop|worker|thread)s?(?: pool)? (?:runs?|running|started|entered)\b",
        rf"{_UNLESS}every \d+ ?(?:ms|s|sec|seconds?|m|min|minutes?)\b",
        _running(r"polling"),
    ),
    "RUN-4": (
        _running(rf"(?:live|production|prod)[ _-](?:\w+[ _-])?(?:{_MARKET})s?"),
        rf"\b(?:{_MARKET})s?[\"']?\W{{1,3}}(?:is )?live\b",
        _running(r"real[ _-]?money"),
    ),
}

DOCUMENTED: Final[tuple[str, ...]] = (r"replay (?:phase )?(?:finished|completed?)(?:: \d+ events?)?",)
#: Documented once the stop was asked; before it they say that something else ended the runtime.
SHUTDOWN: Final[tuple[str, ...]] = (r"stopping(?:: signal \w+)?", r"stopped")

#: By which word a line is near a milestone that it does not meet.
_NEAR: Final[Mapping[str, str]] = {
    "OBS-1": r"starting|runtime",
    "OBS-2": r"validat|environment",
    "OBS-3": r"mount",
    "OBS-4": r"replay",
    "OBS-5": r"orchestrator",
    "OBS-6": r"\bidle\b",
    "RUN-1": r"\bplane\b",
}


def _compile(patterns: Iterable[str]) -> re.Pattern[str]:
    # One alternation, with what many patterns begin with in it once: a hundred thousand lines take seconds.
    unless, other = list[str](), list[str]()
    for pattern in patterns:
        alike = pattern.startswith(_UNLESS)
        (unless if alike else other).append(f"(?:{pattern.removeprefix(_UNLESS)})")
    return re.compile(
        "|".join([*other, *([f"{_UNLESS}(?:{'|'.join(unless)})"] if unless else [])]), re.IGNORECASE
    )


@dataclass(frozen=True, slots=True)
class Patterns:
    """Compiled patterns: milestones and forbidden lines by clause id, and documented ones.

    Attributes:
        suspicious: finds something wherever a pattern of `forbidden` does, RUN-1's aside; searched first.

    """

    milestones: Mapping[str, re.Pattern[str]]
    forbidden: Mapping[str, re.Pattern[str]]
    suspicious: re.Pattern[str]
    documented: re.Pattern[str]
    shutdown: re.Pattern[str]

    @classmethod
    def build(
        cls,
        milestones: Mapping[Any, Iterable[str]] | None = None,
        forbidden: Mapping[Any, Iterable[str]] | None = None,
        documented: Iterable[str] | None = None,
    ) -> Self:
        """Defaults, with each given key in place of that key's default; documented lines are added.

        Raises:
            re.error: a pattern is no regular expression.

        """
        words = {**FORBIDDEN, **(forbidden or {})}
        banned = {key: _compile(value) for key, value in words.items()}
        # A back-reference counts the groups before it, which are others in a longer alternation.
        counted = any(pattern.groups for pattern in banned.values())
        return cls(
            {key: _compile(value) for key, value in {**MILESTONES, **(milestones or {})}.items()},
            banned,
            _compile(
                [""] if counted else (p for key, value in words.items() if key != "RUN-1" for p in value)
            ),
            _compile([*DOCUMENTED, *(documented or ())]),
            _compile(SHUTDOWN),
        )

    def forbidden_by(self, line: Spelled, before: str = "") -> str | None:
        """The first clause, in the model's order, that a line violates.

        Args:
            line: the line.
            before: the end of the line before, where a long one may have been cut in two.

        """
        readings = (*line.readings, before + line.text[: len(before)]) if before else line.readings
        readings = tuple(filter(self.suspicious.search, readings))
        for clause, pattern in self.forbidden.items():
            # Everything is searched but for RUN-1, a statement: it is read off the message and the fields.
            subjects = (line.message, *line.fields) if clause == "RUN-1" else readings
            if any(pattern.search(subject) for subject in subjects):
                return clause
        return None

    def milestone_of(self, line: Spelled) -> str | None:
        """The milestone (or RUN-1's statement) that a line states, or None."""
        said = line.message
        return next((c for c, pattern in self.milestones.items() if pattern.fullmatch(said)), None)

    def is_documented(self, line: Spelled, *, stopping: bool) -> bool:
        """Whether a line is documented (DOCUMENTED, the settings' own; SHUTDOWN once `stopping`)."""
        patterns = (self.documented, self.shutdown) if stopping else (self.documented,)
        return any(pattern.fullmatch(line.message) for pattern in patterns)


def near(clause: str, text: str) -> bool:
    """Whether a line sounds like the milestone, for the words about one that is missing."""
    return re.search(_NEAR[clause], text, re.IGNORECASE) is not None
