"""GitHub's REST API, read-only: one question, one answer in time, no retry (FACTS: GitHub REST)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlsplit

from pytest_smokedeploy.client.answer import HttpAnswer, shown
from pytest_smokedeploy.client.transport import Request, Transport
from pytest_smokedeploy.model import Basis, Finding
from pytest_smokedeploy.settings import RunConfig
from pytest_smokedeploy.support.errors import AgentError, MisuseError
from pytest_smokedeploy.support.loopback import is_loopback

_SECONDS: Final = 10.0
_OK: Final = 200
_ABSENT: Final = frozenset({404, 410, 422})
_SET: Final = (
    "GitHub Actions sets both. Elsewhere set GITHUB_REPOSITORY to owner/name, GITHUB_API_URL to "
    "https://api.github.com, and GITHUB_TOKEN to a token that may read the repository and its actions."
)
ASK_AGAIN: Final = "Give the workflow's token that permission, or wait until GitHub answers."


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer.

    Attributes:
        status: HTTP status, 0 where no answer came.
        data: its JSON object; {} where there is none.
        fault: what went wrong in words, "" if nothing did.
        body: its bytes, where a file was asked for.
        remedy: what mends it, "" where that is the asker's to say.

    """

    status: int
    data: Mapping[str, Any]
    fault: str
    body: bytes = b""
    remedy: str = ""

    @property
    def absent(self) -> bool:
        """Whether what was asked for is certainly not there: missing, or hidden from this token."""
        return self.status in _ABSENT

    def rows(self, key: str) -> list[dict[str, Any]] | None:
        """The objects of the list under `key`, None where there is no such list."""
        rows = None if self.fault else self.data.get(key)
        return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else None

    def unmet(self, clause: str, expected: str, remedy: str = ASK_AGAIN, about: str = "") -> Finding:
        """The finding of a question without a good answer: violated if absent, else not established."""
        seen = f"{about}: {self.fault}" if about else self.fault
        holds, basis = (False, Basis.SEEN) if self.absent else (None, None)
        return Finding(clause, holds, expected, seen, basis, remedy=self.remedy or remedy)


def ask(run: RunConfig, path: str, permission: str, *, kind: str = "") -> Reply:
    """``GET /repos/{owner}/{repo}{path}`` of the run's repository; never raises.

    Args:
        run: names repository, API address and token; a rehearsal may have plain http to this machine.
        path: with its leading slash.
        permission: what the token needs, for the words (``"actions: read"``).
        kind: ``"raw"`` for a file's own bytes, "" for a JSON object.

    """
    repository, api = run.github.repository, run.github.api_url
    if not repository or not api:
        words = "GITHUB_REPOSITORY or GITHUB_API_URL is not set, so GitHub can't be asked"
        return Reply(0, {}, words, remedy=_SET)
    token = run.github.token.reveal() if run.github.token else ""
    if not (token.isascii() and token.isprintable()):
        # Told here: whoever refuses to send it repeats it.
        return Reply(0, {}, "GITHUB_TOKEN holds a character that cannot travel in a header")
    try:
        url = urlsplit(api)
        if not (url.scheme == "https" or (run.rehearsal and is_loopback(url.hostname or ""))):
            return Reply(0, {}, f"GITHUB_API_URL {shown(api, 100)} is not https")
        transport = Transport(api)
    except (ValueError, MisuseError):
        return Reply(0, {}, f"GITHUB_API_URL {shown(api, 100)} is no address")
    accept = f"application/vnd.github{kind and f'.{kind}'}+json"
    headers = {"Accept": accept, "X-GitHub-Api-Version": "2022-11-28"}
    headers |= {"Authorization": f"Bearer {token}"} if token else {}
    try:
        answer = transport.send(Request("GET", f"/repos/{quote(repository)}{path}", headers), _SECONDS)
    except AgentError as error:
        return Reply(0, {}, f"GitHub did not answer: {error.message}".rstrip("."))
    finally:
        transport.close()
    if kind and answer.status == _OK:
        return Reply(_OK, {}, "GitHub's file is too large" if answer.too_big else "", answer.body)
    return _reply(answer, permission)


def _reply(answer: HttpAnswer, permission: str) -> Reply:
    status, data = answer.status, answer.json_object
    if status == _OK:
        whole = data is not None and not answer.too_big
        return Reply(status, data or {}, "" if whole else "GitHub's answer is no JSON object")
    data = data or {}
    said = shown(str(data.get("message") or ""), 120)
    limited = answer.headers.get("x-ratelimit-remaining") == "0" or "retry-after" in answer.headers
    if status == 429 or (status == 403 and limited) or "rate limit" in said.lower():  # noqa: PLR2004
        wait = answer.headers.get("retry-after")
        until = f"retry after {shown(wait, 40)} s" if wait else "wait for its reset"
        return Reply(0, {}, f"GitHub answered {status}: the token's rate limit is used up ({until})")
    why = {
        401: ": the token GITHUB_TOKEN was not taken",
        403: f": the token may not read this, it needs `{permission}`",
        **dict.fromkeys(_ABSENT, f": missing, or hidden from a token without `{permission}`"),
        **dict.fromkeys(range(300, 400), ": the repository moved, and a redirect is not followed"),
    }.get(status, "")
    return Reply(status, data, f"GitHub answered {status}{f' {said!r}' if said else ''}{why}")


def quoted(name: str) -> str:
    """`name` as one part of a path."""
    return quote(name, safe="")
