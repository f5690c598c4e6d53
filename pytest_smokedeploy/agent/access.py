"""Cloudflare Access's assertion, verified on every call: nobody else is let in (FACTS: Access)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import httpx
import jwt

from pytest_smokedeploy.errors import SmokedeployError

_REFETCH_SECONDS: Final = 60.0
_FETCH_SECONDS: Final = 5.0
_KEYS_BYTES: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: a service token's `common_name` or a person's `email`."""

    name: str
    human: bool


class DeniedError(SmokedeployError):
    """Not let in; the reason says why, without a word of the assertion itself."""


class Access:
    """Verifies assertions of one team and one application.

    Args:
        team: the team's address, also the issuer (``https://team.cloudflareaccess.com``).
        audience: the application's AUD tag.
        clock: monotonic seconds.

    """

    def __init__(self, team: str, audience: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._team = team
        self._audience = audience
        self._clock = clock
        self._keys: dict[str, jwt.PyJWK] = {}
        self._fetched: float | None = None
        self._lock = threading.Lock()

    def verify(self, assertions: Sequence[str]) -> Caller:
        """Verify the one assertion of a call.

        Raises:
            DeniedError: none, several, or not one of this team's and this application's.

        """
        if len(assertions) != 1 or not assertions[0]:
            how = "several assertions" if len(assertions) > 1 else "no assertion"
            raise DeniedError(f"{how} of Cloudflare Access: the call did not come through it.")
        try:
            header = jwt.get_unverified_header(assertions[0])
            claims = jwt.decode(
                assertions[0],
                self._key(header.get("kid")),
                algorithms=["RS256"],
                audience=self._audience,
                issuer=self._team,
                options={"require": ["exp", "iat", "aud", "iss"]},
            )
        except jwt.PyJWTError as error:
            raise DeniedError(f"the assertion is not valid ({type(error).__name__}).") from None
        return _caller(claims)

    def _key(self, kid: object) -> jwt.PyJWK:
        if not isinstance(kid, str):
            raise DeniedError("the assertion names no key.")
        with self._lock:
            due = self._fetched is None or self._clock() - self._fetched >= _REFETCH_SECONDS
            if kid not in self._keys and due:
                self._fetch()
            if kid not in self._keys:
                raise DeniedError("the assertion is signed with a key this team does not have.")
            return self._keys[kid]

    def _fetch(self) -> None:
        """Fetch the team's keys; where that fails the known ones go on working."""
        self._fetched = self._clock()
        url = f"{self._team}/cdn-cgi/access/certs"
        try:
            with httpx.Client(timeout=_FETCH_SECONDS, follow_redirects=False, trust_env=False) as client:
                answer = client.get(url)
            if answer.status_code != httpx.codes.OK or len(answer.content) > _KEYS_BYTES:
                return
            found = {
                row["kid"]: jwt.PyJWK(row, algorithm="RS256")
                for row in answer.json()["keys"]
                if row.get("kty") == "RSA" and isinstance(row.get("kid"), str)
            }
        except (httpx.HTTPError, ValueError, KeyError, TypeError, AttributeError, jwt.PyJWTError):
            return
        self._keys = found


def _caller(claims: dict[str, Any]) -> Caller:
    email, name = claims.get("email"), claims.get("common_name")
    if isinstance(email, str) and email and claims.get("sub"):
        return Caller(email, human=True)
    if isinstance(name, str) and name:
        return Caller(name, human=False)
    raise DeniedError("the assertion names neither a service token nor a person.")
