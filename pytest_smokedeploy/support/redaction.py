"""Secrets that do not appear in a string by accident, and the sanitiser that every output passes.

Rests on DESIGN 6: no secret, in any spelling (plain, base64, URL-encoded), reaches any
file, log or terminal.
"""

import base64
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from html.entities import codepoint2name
from typing import Any, Final

MASK: Final = "[redacted]"

# Shapes that are secret whoever made them: a JWT (the cookie CF_Authorization and the
# assertion header carry one), and Cloudflare's current service-token format.
_SHAPES: Final = re.compile(
    r"eyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]{2,}\.[A-Za-z0-9_-]*|cfast_[A-Za-z0-9]{16,}",
)
# The password of a URL's authority; the scheme and user stay, for the operator's sake.
_URL_PASSWORD: Final = re.compile(r"(?P<head>[A-Za-z][A-Za-z0-9+.-]{0,40}://[^\s/:@]{0,128}:)[^\s/@]+(?=@)")
# Shorter than this a "secret" is a common word, and masking it would shred every report.
MIN_LENGTH: Final = 4
#: So many characters of a secret in a row are masked by themselves, in upper or lower case: a limit on
#: length or the end of a line may have cut it in two.
_PIECE: Final = 12
#: Characters before and behind a cut in which a secret is looked for that it might cut (chosen).
_REACH: Final = 4096
#: Control characters by the letter that stands for them behind a backslash.
_LETTERS: Final = {"\t": "t", "\n": "n", "\r": "r", "\b": "b", "\f": "f"}
#: A quote inside single quotes, as a shell and YAML spell it; a space in a form.
_OTHERWISE: Final = {"'": ("'\"'\"'", "'\\''", "''"), " ": ("+",)}
_LOWER: Final = str.maketrans({chr(c): chr(c + 32) for c in range(ord("A"), ord("Z") + 1)})


def one_line(text: str) -> str:
    """`text` on one line without control characters or commands of GitHub's runner.

    The runner's older commands (``##[...]``) count anywhere in a line.
    """
    line = " ".join(part.strip() for part in text.splitlines() if part.strip())
    return printable(line).replace("##[", "# #[")


def printable(text: str) -> str:
    """`text` with what could move a terminal's cursor escaped."""
    # By far most of a log is: sign by sign, 16 MiB of it take 1.5 s (measured).
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


@dataclass(frozen=True, slots=True, repr=False)
class Secret:
    """A string that `str`, `repr` and `format` mask; `reveal()` returns it."""

    _value: str

    def reveal(self) -> str:
        """The secret itself (str); for the one place that sends it."""
        return self._value

    def __bool__(self) -> bool:
        return bool(self._value.strip())

    def __repr__(self) -> str:
        return f"Secret({MASK})"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __reduce__(self) -> str:
        raise TypeError("a Secret is not pickled")


def _spellings(value: str) -> set[str]:
    """The ways in which one secret stands in a text as a whole: hex, base64."""
    raw = value.encode("utf-8", "surrogateescape")
    found = {raw.hex(), raw.hex().upper()}
    # Base64 of a text that contains the secret shows one of three alignments of it; the
    # characters at the rims also carry neighbouring bits, so only the inner ones are certain.
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        found |= {encode(raw).decode(), encode(raw).decode().rstrip("=")}
        for lead in range(3):
            inner = encode(b"\0" * lead + raw).decode()
            start = -(-lead * 4 // 3) if lead else 0
            stop = (lead + len(raw)) * 4 // 3
            found.add(inner[start:stop])
    return {spelling for spelling in found if len(spelling) >= MIN_LENGTH}


def _pattern(value: str) -> str:
    """A pattern for `value` in which every sign may be spelled as any of its escapes, each its own way."""
    runs = re.findall(r"\\+|[^\\]", value)
    # A run of backslashes takes with it those that begin the escape of the sign behind it.
    least = [1, *(0 if run[0] == "\\" else 1 for run in runs)]
    return "".join(_sign(run, backslashes) for run, backslashes in zip(runs, least, strict=False))


def _sign(sign: str, least: int) -> str:
    r"""A pattern for a character (or a run of backslashes): plain, or as JSON, HTML, a URL, a shell spell it.

    What was escaped twice is found too (``\\"``, ``&amp;amp;``, ``%2526``). Each repetition is bounded and
    never given back, so that no line takes longer than its length allows.

    Args:
        sign: the character or the run.
        least: backslashes that its escape has at the least.

    """
    if sign.isascii() and sign.isalnum():
        return sign
    if sign[0] == "\\":
        return rf"(?:\\{{{len(sign)},{len(sign) * 8}}}+|{'(?:%(?:25){0,3}5[Cc])' * len(sign)})"
    raw, code = sign.encode("utf-8", "surrogateescape"), ord(sign)
    units = sign.encode("utf-16-be", "surrogatepass").hex()
    named = [codepoint2name[code]] if code in codepoint2name else []
    ways = [
        rf"\\{{0,8}}+{re.escape(sign)}",
        rf"\\{{0,8}}+&(?:amp;){{0,3}}(?:{'|'.join([*named, f'#0*{code}', f'(?i:#x0*{code:x})'])});",
        "".join(rf"%(?:25){{0,3}}(?i:{byte:02x})" for byte in raw),
        _escaped([rf"(?i:x{byte:02x})" for byte in raw], least),
        _escaped([rf"u(?i:{units[n : n + 4]})" for n in range(0, len(units), 4)], least),
        _escaped([rf"(?:U(?i:{code:08x})|x(?i:{code:02x}))"], least),
        *(_escaped([letter], least) for letter in _LETTERS.get(sign, "")),
        *(re.escape(way) for way in _OTHERWISE.get(sign, ())),
    ]
    return f"(?:{'|'.join(ways)})"


def _escaped(parts: Iterable[str], least: int) -> str:
    """Each of `parts` behind backslashes, the first behind `least` at the least."""
    return "".join(rf"\\{{{1 if n else least},8}}+{part}" for n, part in enumerate(parts))


class Sanitiser:
    """Masks known secrets in every spelling, and anything shaped like one.

    Args:
        secrets: the secrets of this run; empty and very short ones are left out.

    """

    def __init__(self, secrets: Iterable[Secret] = ()) -> None:
        self._secrets: set[Secret] = set()
        self._pattern: re.Pattern[str] | None = None
        self._pieces: set[str] = set()
        self._runs: re.Pattern[str] | None = None
        for secret in secrets:
            self.add(secret)

    def add(self, secret: Secret) -> None:
        """Mask `secret` from now on."""
        if len(secret.reveal().strip()) < MIN_LENGTH:
            return
        self._secrets.add(secret)
        # One credential may hold several lines (a key); each counts alone too.
        lines = {line.strip() for s in self._secrets for line in (s.reveal(), *s.reveal().splitlines())}
        values = {unicodedata.normalize(form, line) for line in lines for form in ("NFC", "NFD")} | lines
        values = {value for value in values if len(value) >= MIN_LENGTH}
        spellings = {sp for value in values for sp in _spellings(value)}
        ways = [_pattern(value) for value in sorted(values, key=len, reverse=True)]
        ways += [re.escape(s) for s in sorted(spellings, key=len, reverse=True)]
        self._pattern = re.compile("|".join(ways)) if ways else None
        # A URL shares its scheme and host with words that may be shown; its password is a secret of its own.
        for value in {v.translate(_LOWER) for v in values if "://" not in v and len(v) > _PIECE}:
            self._pieces |= {value[n : n + _PIECE] for n in range(len(value) - _PIECE + 1)}
        # Most words are shorter, or have a sign that no piece has: only runs of their signs are looked at.
        if signs := set().union(*self._pieces):
            self._runs = re.compile(f"[{re.escape(''.join(sorted(signs)))}]{{{_PIECE},}}")

    def text(self, value: str) -> str:
        """`value` (str) with every secret masked."""
        if self._pattern is not None:
            value = self._pattern.sub(MASK, value)
        value = self._without_pieces(value)
        value = _SHAPES.sub(MASK, value)
        return _URL_PASSWORD.sub(rf"\g<head>{MASK}", value)

    def around(self, value: str, at: int) -> tuple[int, int]:
        """The places nearest to `at`, before it and behind it, at which `value` can be cut in no secret.

        Such a secret is found where all of it stands within `_REACH` characters of `at`.
        """
        first = max(0, at - _REACH)
        before = behind = at - first
        spans = sorted(self._spans(value[first : at + _REACH]))
        for began, ended in spans:
            behind = ended if began < behind < ended else behind
        for began, ended in reversed(spans):
            before = began if began < before < ended else before
        return first + before, first + behind

    def _spans(self, value: str) -> Iterator[tuple[int, int]]:
        """Where the secrets stand, each pattern by itself."""
        for pattern in (self._pattern, _SHAPES, _URL_PASSWORD):
            if pattern is not None:
                yield from (found.span() for found in pattern.finditer(value))
        yield from self._piece_spans(value)

    def _without_pieces(self, value: str) -> str:
        """`value` with every piece of a secret masked, as one where pieces overlap."""
        for began, ended in reversed(self._piece_spans(value)):
            value = f"{value[:began]}{MASK}{value[ended:]}"
        return value

    def _piece_spans(self, value: str) -> list[tuple[int, int]]:
        if self._runs is None:
            return []
        low, spans = value.translate(_LOWER), list[tuple[int, int]]()
        for run in self._runs.finditer(low):
            for start in range(run.start(), run.end() - _PIECE + 1):
                if low[start : start + _PIECE] in self._pieces:
                    began = spans.pop()[0] if spans and spans[-1][1] >= start else start
                    spans.append((began, start + _PIECE))
        return spans

    def data(self, value: Any) -> Any:  # noqa: ANN401 - JSON-like in, JSON-like out
        """A copy of JSON-like `value` with every string, keys too, masked."""
        if isinstance(value, Secret):
            return MASK
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.text(str(key)): self.data(item) for key, item in value.items()}
        if isinstance(value, (list, tuple, set, frozenset)):
            return [self.data(item) for item in value]
        return value
