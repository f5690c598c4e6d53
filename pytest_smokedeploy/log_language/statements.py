"""Which milestone a line plainly states, by its words: for a proposal alone, which a person reads."""

import re
from collections.abc import Mapping
from typing import Final

from pytest_smokedeploy.log_language.words import DENIED, said
from pytest_smokedeploy.model import Stated

_WELL: Final = r"\b(?:valid|validated|verified|ok|okay|passed|succeeded|successful(?:ly)?)\b"
_BEGUN: Final = r"\b(?:start(?:s|ed|ing)?|begins?|beginning|began|begun)\b"
_OVER: Final = r"\b(?:finish(?:es|ed|ing)?|completed?|done|ended)\b"
_UP: Final = r"initiali[sz]ed|ready|started|up|online"
#: By clause: each of these is said.
_SAID: Final[Mapping[Stated, tuple[str, ...]]] = {
    "OBS-1": (r"\b(?:start(?:s|ing|ed|up)?|boot(?:s|ing|ed)?|launch(?:es|ing|ed)?)\b",),
    "OBS-2": (r"\b(?:env|environment|config|configuration|settings)\b", _WELL),
    "OBS-3": (rf"{_WELL}|\b(?:mounted|writ(?:e)?able|ready|available)\b",),
    "OBS-4": (r"\breplay(?:s|ing)?\b", rf"{_BEGUN}|\breplaying\b"),
    "OBS-5": (r"\borchestrator\b", rf"\b(?:{_UP})\b"),
    "OBS-6": (r"\b(?:idle|waiting|awaiting|standing by|at rest)\b",),
    "RUN-1": (r"\b(?:plane|mode|execution)\b", r"\bpaper\b"),
}
#: By clause: words that tell of another part or moment, or of a setting.
_ELSE: Final[Mapping[Stated, str]] = {
    "OBS-1": r"\b(?:env|environment|config\w*|settings|validat\w*|mounts?|volumes?|replay\w*|orchestrator)\b",
    "OBS-2": _BEGUN,
    "OBS-3": _BEGUN,
    "OBS-4": _OVER,
    "OBS-6": r"\btime ?out\b",
}
_DOUBT: Final = re.compile(
    r"\b(?:no|in ?valid|skip(?:s|ped|ping)?|disabled?|errors?|warn(?:ings?)?|ignor(?:ed|ing)|missing|"
    r"pending)\b"
)
_REST: Final = re.compile(r"\b(?:idle|standing by|at rest)\b")
_STOPS: Final = re.compile(
    r"\b(?:stop(?:s|ping|ped)?|shut(?:s|ting)? ?down|terminat(?:e|es|ed|ing|ion)|exit(?:s|ing|ed)?|bye|"
    r"sig(?:term|int)|signal (?:term|int|15|2|received)|leaving)\b"
)


def states(clause: Stated, message: str) -> bool:
    """Whether `message` has the words of a milestone, and none that throws doubt on it."""
    if not all(said(re.compile(pattern), message) for pattern in _SAID[clause]):
        return False
    other = clause in _ELSE and said(re.compile(_ELSE[clause]), message)
    return not (other or said(DENIED, message) or said(_DOUBT, message))


def rests(message: str) -> bool:
    """Whether `message` states idle (OBS-6) whatever follows it; one that waits may wait for a part."""
    return states("OBS-6", message) and bool(said(_REST, message))


def stops(message: str) -> bool:
    """Whether `message` has a word of a runtime that leaves."""
    return bool(said(_STOPS, message))
