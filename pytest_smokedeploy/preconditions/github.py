"""GitHub's REST API, read-only: one question, one answer in time, no retry (FACTS: GitHub REST)."""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlsplit

from pytest_smokedeploy.client.answer import HttpAnswer, shown
from pytest_smokedeploy.client.transport import Request, Transport
from pytest_smokedeploy.model import Basis, Finding
from pytest_smokedeploy.settings import GitHubRun
from pytest_smokedeploy.support.errors import AgentError, MisuseError
from pytest_smokedeploy.support.loopback import is_loopback

_SECONDS: Final = 10.0
_OK: Final = 200
_ABSENT: Final = frozenset({404, 410, 422})
ASK_AGAIN: Final = "Give the workflow's token that permission, or start anew once GitHub answers."


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer.

    Attributes:
        status: HTTP status, 0 where no answer came.
        data: its JSON object; {} where there is none.
        body: its bytes, where a file was asked for.
        fault: what went wrong in words, "" if nothing did.

    """

    status: int
    data: Mapping[str, Any]
    fault: str
    body: bytes = b""

    @property
    def absent(self) -> bool:
        """Whether what was asked for is certainly not there: missing, or hidden from this token."""
        return self.status in _ABSENT

    def unmet(self, clause: str, expected: str, remedy: str = ASK_AGAIN, about: str = "") -> Finding:
        """The finding of a question without a good answer: violated if absent, else not established."""
        seen = f"{about}: {self.fault}" if about else self.fault
        holds, basis = (False, Basis.SEEN) if self.absent else (None, None)
        return Finding(clause, holds, expected, seen, basis, remedy=remedy)


class GitHubApi:
    """Asks about one repository.

    Args:
        run: repository, API address and token.
        rehearsal: whether plain http to this machine is right.

    """

    def __init__(self, run: GitHubRun, *, rehearsal: bool) -> None:
        self._run = run
        self._rehearsal = rehearsal

    def get(self, path: str, permission: str, *, kind: str = "") -> Reply:
        """``GET /repos/{owner}/{repo}{path}``; never raises.

        Args:
            path: with its leading slash.
            permission: what the token needs, for the words (``"actions: read"``).
            kind: ``"raw"`` for a file's own bytes, "" for a JSON object.

        """
        run = self._run
        if not run.repository or not run.api_url:
            return Reply(0, {}, "GITHUB_REPOSITORY or GITHUB_API_URL is not set, so GitHub can't be asked")
        try:
            url = urlsplit(run.api_url)
            allowed = url.scheme == "https" or (self._rehearsal and is_loopback(url.hostname or ""))
            if not allowed:
                return Reply(0, {}, f"GITHUB_API_URL {shown(run.api_url, 100)} is not https")
            transport = Transport(run.api_url)
        except (ValueError, MisuseError):
            return Reply(0, {}, f"GITHUB_API_URL {shown(run.api_url, 100)} is no address")
        try:
            token = run.token.reveal() if run.token else ""
            if not (token.isascii() and token.isprintable()):
                # Told here: whoever refuses to send it repeats it.
                return Reply(0, {}, "GITHUB_TOKEN holds a character that cannot travel in a header")
            accept = f"application/vnd.github{kind and f'.{kind}'}+json"
            headers = {"Accept": accept, "X-GitHub-Api-Version": "2022-11-28"}
            if token:
                headers["Authorization"] = f"Bearer {token}"
            target = f"/repos/{quote(run.repository)}{path}"
            answer = transport.send(Request("GET", target, headers), _SECONDS)
            if kind and answer.status == _OK:
                return Reply(_OK, {}, "GitHub's file is too large" if answer.too_big else "", answer.body)
            return _reply(answer, permission)
        except AgentError as error:
            return Reply(0, {}, f"GitHub did not answer: {error.message}".rstrip("."))
        finally:
            transport.close()


def _reply(answer: HttpAnswer, permission: str) -> Reply:
    status, parsed = answer.status, None
    with suppress(ValueError, RecursionError):
        parsed = json.loads(answer.body)
    data = parsed if isinstance(parsed, dict) else {}
    if status == _OK:
        whole = isinstance(parsed, dict) and not answer.too_big
        return Reply(status, data, "" if whole else "GitHub's answer is no JSON object")
    said = shown(str(data.get("message") or ""), 120)
    limited = answer.headers.get("x-ratelimit-remaining") == "0" or "retry-after" in answer.headers
    if status == 429 or (status == 403 and limited) or "rate limit" in said.lower():  # noqa: PLR2004
        wait = answer.headers.get("retry-after")
        until = f"retry after {shown(wait, 40)} s" if wait else "wait for its reset"
        return Reply(0, {}, f"GitHub answered {status}: the token's rate limit is used up ({until})")
    told = f"GitHub answered {status}{f' {said!r}' if said else ''}"
    return Reply(status, data, f"{told}{_why(status, permission)}")


def _why(status: int, permission: str) -> str:
    known = {
        401: ": the token GITHUB_TOKEN was not taken",
        403: f": the token may not read this, it needs `{permission}`",
        **dict.fromkeys(_ABSENT, f": missing, or hidden from a token without `{permission}`"),
        **dict.fromkeys(range(300, 400), ": the repository moved, and a redirect is not followed"),
    }
    return known.get(status, "")


def quoted(name: str) -> str:
    """`name` as one part of a path."""
    return quote(name, safe="")
