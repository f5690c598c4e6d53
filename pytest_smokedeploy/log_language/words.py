"""Words by which a log line names what a smoke deploy forbids (OBS-7 to OBS-9, RUN-1 to RUN-4).

The lists decide no PASS: a line that no template meets fails in any case. They give it its clause, keep
such words out of templates, and are held against the tokens that placeholders take.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, Literal

#: Combining marks in a run, at the most (chosen; the writing systems take fewer).
MAX_MARKS: Final = 8
_ESCAPE: Final = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f]")
_JSON_ESCAPE: Final = re.compile(r"\\u([0-9a-fA-F]{4})")
_BAD_BYTE: Final = re.compile(r"\\x[0-9a-f]{2}")
_BETWEEN: Final = re.compile(
    r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[A-Za-z])(?=\d)|(?<=\d)(?=[A-Za-z])"
)
#: Letters of other scripts that look like Latin ones; what NFKD folds is not repeated here.
_LOOK_ALIKES: Final = str.maketrans(
    "\u0430\u0432\u0435\u043a\u043c\u043d\u043e\u0440\u0441\u0442\u0443\u0445\u0456\u0458\u0455\u0501\u0261"
    "\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0425\u0406\u0408\u0405"
    "\u03bf\u03b1\u03b5\u03b9\u03ba\u03bd\u03c1\u03c4\u03c5\u03c7\u0391\u0392\u0395\u0399\u039a\u039c\u039d"
    "\u039f\u03a1\u03a4\u03a7\u0131\u0251\u04cf",
    "abekmhopctyxijsdg" + "ABEKMHOPCTXIJS" + "oaeikvptux" + "ABEIKMN" + "OPTX" + "ial",
)
_FOLD: Final = {
    code: chr(code).lower() if chr(code).isalnum() or code == ord("/") else " " for code in range(128)
}

_DO: Final = "plac|submitt?|sen[dt]|execut|rout|creat|fill|open|dispatch|transmitt?|cancell?|amend|fir"
_DONE: Final = (
    "placed|placing|submitted|sent|executed|executing|filled|routed|accepted|created|opened|dispatched|"
    "transmitted|cancell?ed|amended|booked"
)
#: What paper never has live, or of production, or real.
_MARKET: Final = "adapter|trading|feed|exchange|broker|mode|gateway|account|connector|market|credential"

#: Phrases that give a line its clause: regular expressions over words in lower case, one blank between two.
PHRASES: Final[Mapping[str, tuple[str, ...]]] = {
    "OBS-7": (
        rf"orders? (?:[a-z]{{1,3}} )?(?:\d{{1,40}} )?(?:(?:was|been|is|being) )?(?:id|{_DONE})",
        rf"(?:{_DO})(?:e|ed|es|ing|s)? (?:\w{{1,40}} ){{0,4}}(?<!in )orders?",
        r"order execution|bought|sold|buying|selling",
        r"trades? (?:executed|placed|filled)|positions? opened",
        r"(?:buy|sell|trade) [1-9]\d{0,39}",
    ),
    "OBS-8": (
        r"ticks?(?! (?:interval|size|rate|seconds|ms)\b)",
        r"strategy (?:\w{1,40} ){0,3}(?:run|evaluat|signal|step)\w*+",
    ),
    "OBS-9": (
        r"(?:https?|wss?|ftp|amqp|tcp) //\w++",
        r"external calls?|connect(?:ing|ed) to",
        r"(?:connection|request|call)s? (?:established|opened|made|sent|sending) to",
        r"dial(?:l?ing|l?ed)",
        r"(?:get|post|put|patch|delete) /\w*+",
        r"web ?sockets? (?:up|open\w{0,8}|connected)",
    ),
    "RUN-1": (r"(?:(?<=execution )|^)plane (?:is )?(?!paper\b|is\b)\w++", r"plane (?:is )?live"),
    "RUN-2": (
        r"\w{0,40}schedulers?|scheduling|cron",
        r"(?:job|task)s? scheduled",
        r"(?:job|task|timer)s? (?:runs?|running|started|armed)",
    ),
    "RUN-3": (
        r"heart ?beats?|keep ?alives?|polling",
        r"background (?:loop|task|worker|thread|job)s?",
        r"(?:main|event|execution|trading) loops?",
        r"(?:loop|worker|thread)s? (?:pool )?(?:runs?|running|started|entered)",
        r"every \d{1,40} (?:ms|s|sec|seconds?|m|min|minutes?)",
    ),
    "RUN-4": (
        rf"(?:live|production|prod) (?:\w{{1,40}} )?(?:{_MARKET})s?",
        rf"(?:{_MARKET})s? (?:is )?live",
        r"real money",
    ),
}
#: Words that no template and no token may hold, and that alone give a line no clause.
TOPICS: Final[Mapping[str, tuple[str, ...]]] = {
    "OBS-7": (r"orders?|trades?|buys?|sells?|positions?|fills?|filled|quot(?:e|es|ed|ing)",),
    "OBS-8": (r"ticking",),
    "OBS-9": (r"connect\w{0,8}|web ?sockets?|fetch\w{0,4}|download\w{0,4}|upload\w{0,4}|https?|wss?",),
    "RUN-1": (r"plane(?! (?:is )?paper\b)",),
    "RUN-2": (r"scheduled|timers?|jobs?",),
    "RUN-3": (r"loops?",),
    "RUN-4": (r"live|production|prod|mainnet",),
}
_THING: Final = (
    rf"(?:schedulers?|cron|timers?|(?:live|production) (?:{_MARKET})s?|heart ?beats?|keep ?alives?|"
    r"background (?:loop|task|worker|thread|job)s?|(?:main|event|execution|trading) loops?|polling|"
    r"(?:open )?(?:orders?|positions?)|order execution|trades?|(?:strategy )?ticks?|external calls?|"
    r"connections?|jobs?|real money)"
)
#: That a thing is off, and nothing else.
_OFF: Final = re.compile(
    rf"\b(?:(?:no|without|zero|0|disabled) {_THING}"
    rf"|{_THING} (?:(?:is|are|was|were|enabled|mode|state|status) )?(?:disabled|off|none|false|inactive|0))\b"
)
#: Levels above notice; the loggers of two servers are named for errors and carry every line.
LEVELS: Final = re.compile(
    r"\b(?:warn(?:ing)?|(?<!uvicorn )(?<!gunicorn )err(?:or)?|severe|crit(?:ical)?|alert|fatal|"
    r"emerg(?:ency)?|panic)\b"
)
#: That something did not come about.
DENIED: Final = re.compile(
    r"\b(?:not|never|cannot|(?:ca|do|did|wo|is|was|could|does)n t|unable|without|fail(?:s|ed|ing|ures?)?)\b"
)


class WordLists:
    """The model's words and those that the settings add.

    Args:
        added: further phrases by clause, plain words.

    """

    def __init__(self, added: Mapping[str, Iterable[str]] | None = None) -> None:
        phrases = {
            clause: [*rows, *(re.escape(fold(one)) for one in (added or {}).get(clause, ()))]
            for clause, rows in PHRASES.items()
        }
        words = {clause: [*rows, *TOPICS[clause]] for clause, rows in phrases.items()}
        self._phrases = {clause: _compile(rows) for clause, rows in phrases.items()}
        self._words = {clause: _compile(rows) for clause, rows in words.items()}
        # Nearly every text contains none: one search instead of one a clause.
        self._any_phrase = _compile(row for rows in phrases.values() for row in rows)
        self._any_word = _compile(row for rows in words.values() for row in rows)

    def named(self, text: str) -> tuple[str, str] | None:
        """The first clause, in the model's order, whose phrases a line contains, and the phrase found."""
        texts = [_OFF.sub(" . ", one) for one in readings(text) if self._any_phrase.search(one)]
        for clause, pattern in self._phrases.items():
            for reading in texts:
                if found := pattern.search(reading):
                    return clause, found[0]
        return None

    def held(self, text: str) -> dict[str, str]:
        """The clauses whose words a template's text or a token contains, each with its first word."""
        found: dict[str, str] = {}
        for reading in filter(self._any_word.search, readings(text)):
            for clause, pattern in self._words.items():
                if word := pattern.search(reading):
                    found.setdefault(clause, word[0])
        return {clause: found[clause] for clause in self._words if clause in found}


def says_off(text: str) -> bool:
    """Whether `text` only states that something is off: ``scheduler: disabled``, ``no scheduler``."""
    return not re.search(r"\w", _OFF.sub(" ", fold(text)))


def said(pattern: re.Pattern[str], text: str) -> str:
    """The first words of `text`, folded in any way, that `pattern` matches; "" where there are none."""
    return next((found[0] for one in readings(text) if (found := pattern.search(one))), "")


def fold(text: str) -> str:
    """`text` as words in lower case, one blank between two, in the Latin letters that it looks like."""
    if not text.isascii():
        text = normalize("NFKD", text).translate(_LOOK_ALIKES).encode("ascii", "ignore").decode()
    return " ".join(text.translate(_FOLD).split())


def normalize(form: Literal["NFC", "NFKD"], text: str) -> str:
    """`text` in a Unicode form; a run of combining marks loses those beyond `MAX_MARKS`.

    Putting a run of marks in order costs the square of its length.
    """
    if text.isascii():
        return text
    kept, run = list[str](), 0
    for character in text:
        # Some characters are no marks themselves, and become marks.
        mark = not character.isascii() and unicodedata.combining(unicodedata.normalize("NFKD", character)[0])
        run = run + 1 if mark else 0
        if run <= MAX_MARKS:
            kept.append(character)
    return unicodedata.normalize(form, "".join(kept))


def _compile(patterns: Iterable[str]) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(patterns)})(?!\w)")


def readings(text: str) -> Iterator[str]:
    """`text` folded, in each way that a person or a terminal may read it."""
    bare = _ESCAPE.sub("", text) if "\x1b" in text else text
    if "\\" in bare:
        bare = _BAD_BYTE.sub(" ", _JSON_ESCAPE.sub(lambda found: chr(int(found[1], 16)), bare))
    plain = [bare]
    if _CONTROL.search(bare):
        plain = [_CONTROL.sub("", bare), _CONTROL.sub(" ", bare), _typed(bare)]
    for one in plain:
        yield fold(one)
        split = _BETWEEN.sub(" ", normalize("NFKD", one))
        if split != one:
            yield fold(split)


def _typed(text: str) -> str:
    """`text` as a terminal shows it, where a backspace removes a character."""
    shown: list[str] = []
    for part in text:
        if part != "\b":
            shown.append(part)
        elif shown:
            shown.pop()
    return "".join(shown)
