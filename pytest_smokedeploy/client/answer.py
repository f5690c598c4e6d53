"""One HTTP answer as it came, and strict JSON."""

import json
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Any, Final

import httpx
from pydantic import ValidationError

#: Bytes of a body that are read; an answer of the contract has far fewer.
BODY_CAP: Final = 1024 * 1024
_SHOWN: Final = 300
#: Levels of JSON; an answer of the contract has fewer than half.
_DEPTH: Final = 32


def shown(text: str, limit: int = _SHOWN) -> str:
    """Foreign `text` on one line for a message: no control characters, at most `limit` characters."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text[: limit * 4]).split())
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


@dataclass(frozen=True)
class HttpAnswer:
    """Status, headers (lower-case names) and body of one answer.

    Attributes:
        call: method and path (``"GET /v1/status"``).
        body: at most `BODY_CAP` bytes.
        too_big: True where there was more.

    """

    call: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    too_big: bool

    @property
    def ray(self) -> str:
        """The edge's ``cf-ray``, or "" for an answer that passed no edge."""
        return shown(self.headers.get("cf-ray", ""), 64)

    @property
    def date(self) -> datetime | None:
        """The server's time by its Date header, aware; None without a readable one."""
        try:
            moment = parsedate_to_datetime(self.headers.get("date", ""))
        except (TypeError, ValueError, OverflowError):
            return None
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

    @cached_property
    def text(self) -> str:
        """The body as text, undecodable bytes replaced."""
        return self.body.decode("utf-8", "replace")

    @cached_property
    def json(self) -> tuple[object, tuple[str, ...]]:
        """The body as JSON data, and the keys that one object has twice.

        Raises:
            ValueError: it is not JSON; the message says why.

        """
        if self.headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
            raise ValueError("it is compressed, which was not asked for")
        return parse_json(self.body)

    @cached_property
    def json_object(self) -> dict[str, object] | None:
        """The body as a JSON object, None where it is not one."""
        try:
            data = self.json[0]
        except ValueError:
            return None
        return data if isinstance(data, dict) else None


def answer_of(call: str, response: httpx.Response) -> HttpAnswer:
    """The whole answer of `call`, its body read up to the cap."""
    kept = bytearray()
    for chunk in response.iter_raw():
        kept += chunk
        if len(kept) > BODY_CAP:
            break
    headers = {name.lower(): value for name, value in response.headers.items()}
    body, too_big = bytes(kept[:BODY_CAP]), len(kept) > BODY_CAP
    return HttpAnswer(call, response.status_code, headers, body, too_big)


def parse_json(body: bytes) -> tuple[object, tuple[str, ...]]:
    """Strict JSON (RFC 8259, UTF-8; no NaN, no infinities) and the keys that one object has twice.

    Raises:
        ValueError: not such JSON.

    """
    twice: list[str] = []

    def pairs(items: list[tuple[str, object]]) -> dict[str, object]:
        names = [_clean(key) for key, _ in items]
        found = dict(zip(names, (value for _, value in items), strict=True))
        if len(found) < len(names):
            twice.extend(name for name, count in Counter(names).items() if count > 1)
        return found

    def finite(text: str) -> float:
        number = float(text)
        if not math.isfinite(number):
            raise ValueError(f"the number {shown(text, 20)} has no finite value")
        return number

    def constant(name: str) -> object:
        raise ValueError(f"{name} is not JSON")

    try:
        text = body.decode("utf-8")
        data = json.loads(text, object_pairs_hook=pairs, parse_float=finite, parse_constant=constant)
    except UnicodeDecodeError as error:
        raise ValueError("it is not UTF-8") from error
    except RecursionError as error:
        raise ValueError("it nests too deep") from error
    return _clean(data), tuple(twice)


def problems(error: ValidationError, *at: str) -> list[str]:
    """Each breach of the contract at a place, in one line: where, what, and what stands there."""
    found = []
    for row in error.errors():
        place = shown(".".join(map(str, (*at, *row["loc"]))), 80) or "the answer"
        tail = "" if isinstance(row["input"], dict) else f" (it is {shown(json.dumps(row['input']), 80)})"
        found.append(f"{place}: {shown(row['msg'], 160)}{tail}")
    return found


def _clean(value: Any, levels: int = _DEPTH) -> Any:  # noqa: ANN401 - JSON-like in, JSON-like out
    """A copy without lone surrogates, which JSON allows and no UTF-8 file can hold.

    Raises:
        ValueError: more than `levels` levels, on which json.dumps could fail.

    """
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, dict | list) and not levels:
        raise ValueError("it nests too deep")
    if isinstance(value, dict):
        return {key: _clean(item, levels - 1) for key, item in value.items()}
    return [_clean(item, levels - 1) for item in value] if isinstance(value, list) else value
