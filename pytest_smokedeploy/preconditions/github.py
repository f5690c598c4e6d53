"""GitHub's REST API, read-only: one question, one answer, no retry (FACTS: GitHub REST)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

import httpx

from pytest_smokedeploy import __version__
from pytest_smokedeploy.loopback import is_loopback
from pytest_smokedeploy.settings import GitHubRun

_MAX_BYTES: Final = 4 * 1024 * 1024
_SECONDS: Final = 10.0
_NEEDS: Final = {
    401: "The token was not taken.",
    403: "The token may not read this.",
    404: "Missing, or hidden.",
}


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer: its status (0 where none came), its JSON, and what went wrong in words ("" if nothing)."""

    status: int
    data: Any
    fault: str


class GitHub:
    """Asks about one repository.

    Args:
        run: repository, API address and token.
        rehearsal: whether plain http to this machine is right.

    """

    def __init__(self, run: GitHubRun, *, rehearsal: bool) -> None:
        self._run = run
        self._rehearsal = rehearsal

    def get(self, path: str, permission: str) -> Reply:
        """``GET /repos/{owner}/{repo}{path}``.

        Args:
            path: with its leading slash.
            permission: what the token needs, for the words (``"actions: read"``).

        """
        run = self._run
        if not run.repository or not run.api_url:
            return Reply(0, None, "GITHUB_REPOSITORY or GITHUB_API_URL is not set, so GitHub can't be asked")
        url = httpx.URL(run.api_url)
        if url.scheme != "https" and not (self._rehearsal and is_loopback(url.host)):
            return Reply(0, None, f"GITHUB_API_URL {run.api_url} is not https")
        try:
            return self._ask(f"{run.api_url}/repos/{run.repository}{path}", permission)
        except httpx.HTTPError as error:
            return Reply(
                0, None, f"GitHub did not answer ({error or type(error).__name__}), so it can't be told"
            )

    def _ask(self, url: str, permission: str) -> Reply:
        headers = {
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
            "User-Agent": f"pytest-smokedeploy/{__version__}",
        }
        if self._run.token:
            headers["Authorization"] = f"Bearer {self._run.token.reveal()}"
        with (
            httpx.Client(
                timeout=_SECONDS, follow_redirects=False, trust_env=False, verify=_context()
            ) as client,
            client.stream("GET", url, headers=headers) as response,
        ):
            body = b""
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > _MAX_BYTES:
                    return Reply(response.status_code, None, "GitHub's answer is too large to be one")
            return _reply(response, body, permission)


def _context() -> Any:  # noqa: ANN401 - httpx's own union
    import ssl  # noqa: PLC0415 - with its one user

    context = ssl.create_default_context()
    # SSLKEYLOGFILE would write what decrypts the token.
    context.keylog_filename = None  # type: ignore[assignment] # None is how it says: no file
    return context


def _reply(response: httpx.Response, body: bytes, permission: str) -> Reply:
    status = response.status_code
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        data = None
    if status == httpx.codes.OK:
        return Reply(status, data, "" if isinstance(data, dict) else "GitHub's answer is no JSON object")
    said = data.get("message", "") if isinstance(data, dict) else ""
    if status in {403, 429} and response.headers.get("x-ratelimit-remaining") == "0":
        wait = response.headers.get("retry-after") or response.headers.get("x-ratelimit-reset", "")
        return Reply(status, data, f"GitHub's rate limit is used up (retry-after {wait or 'unknown'})")
    why = _NEEDS.get(status, "")
    return Reply(status, data, f"GitHub answered {status} {said!r}. {why} It needs `{permission}`".strip())


def quoted(name: str) -> str:
    """`name` as one part of a path."""
    return quote(name, safe="")
