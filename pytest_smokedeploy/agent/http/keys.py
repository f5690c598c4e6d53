"""The team's signing keys: fetched from its address, kept, fetched anew when they rotate (FACTS: Access)."""

import json
import logging
import math
import threading
import time
from collections.abc import Callable
from typing import Any, Final

import jwt

from pytest_smokedeploy.support.errors import SmokedeployError

PATH: Final = "/cdn-cgi/access/certs"
#: An unknown `kid` makes the agent ask again, but no more often than this.
REFETCH_SECONDS: Final = 60.0
#: Known keys are looked over this often, so that a withdrawn one does not work for ever.
REFRESH_SECONDS: Final = 3600.0
#: The deadline of each phase of a fetch; the whole takes no more than twice that.
FETCH_SECONDS: Final = 5.0
_BYTES: Final = 256 * 1024
_LOG: Final = logging.getLogger("smokedeploy.agent")


class KeysError(SmokedeployError):
    """The team's keys could not be fetched; the known ones go on working."""


class Keys:
    """Keys of one team, by `kid`. Threads may share it; a slow fetch holds up none that asks for a known key.

    Args:
        team: the team's address (``https://team.cloudflareaccess.com``); also an attribute.
        clock: monotonic seconds.

    """

    def __init__(self, team: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.team = team
        self._clock = clock
        self._known: dict[str, jwt.PyJWK] = {}
        self._asked = -math.inf
        self._fetch = threading.Thread()
        self._lock = threading.Lock()

    def known(self, kid: str) -> jwt.PyJWK | None:
        """The key, without waiting for anything; None where it is not known (yet)."""
        with self._lock:
            key = self._known.get(kid)
            if key is not None and self._older_than(REFRESH_SECONDS):
                self._begin()
            return key

    def may_come(self) -> bool:
        """Whether asking the team could still bring an unknown key: a fetch is under way, or due."""
        with self._lock:
            return self._fetch.is_alive() or self._older_than(REFETCH_SECONDS)

    def ask(self) -> None:
        """Ask the team for its keys where that is due, and wait for its answer."""
        self.refresh()
        self._fetch.join(FETCH_SECONDS)

    def refresh(self) -> None:
        """Fetch in the background, unless that is under way or was done a moment ago."""
        with self._lock:
            if self._older_than(REFETCH_SECONDS):
                self._begin()

    def _older_than(self, seconds: float) -> bool:
        return self._clock() - self._asked >= seconds

    def _begin(self) -> None:
        """Start a fetch, the lock held; it never runs under the lock."""
        if not self._fetch.is_alive():
            self._asked = self._clock()
            self._fetch = threading.Thread(target=self._run, name="keys", daemon=True)
            self._fetch.start()

    def _run(self) -> None:
        try:
            found = fetch(self.team)
        except KeysError as error:
            _LOG.warning("%s The %d known keys go on working.", error, len(self._known))
            return
        if found.keys() != self._known.keys():
            _LOG.info("the team's keys were fetched: %d of them", len(found))
        with self._lock:
            self._known = found


def fetch(team: str) -> dict[str, jwt.PyJWK]:
    """The keys by `kid` that the team's address lists now.

    Raises:
        KeysError: no answer, not the answer of Access, or no key in it.

    """
    import httpx  # noqa: PLC0415 - loaded in the thread that fetches, while the agent serves already

    url = f"{team}{PATH}"
    try:
        rows = json.loads(_read(url))["keys"]
        found = dict(pair for row in rows if (pair := _key(row)) is not None)
    except httpx.HTTPError as error:
        words = f"{url} gives no keys ({type(error).__name__}: {error})."
        raise KeysError(words, remedy="Check the server's way out and its name resolution.") from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        words = f"{url} does not answer with keys of Cloudflare Access."
        raise KeysError(words, remedy="Check CF_ACCESS_TEAM_DOMAIN.") from error
    if not found:
        raise KeysError(f"{url} lists no RSA key.", remedy="Check CF_ACCESS_TEAM_DOMAIN.")
    return found


def _read(url: str) -> bytes:
    """The answer's body, bounded in time and size: a slow key server must not hold a thread."""
    import httpx  # noqa: PLC0415 - as above

    until, body = time.monotonic() + FETCH_SECONDS, b""
    with httpx.stream("GET", url, timeout=FETCH_SECONDS, trust_env=False) as answer:
        if answer.status_code != httpx.codes.OK:
            raise KeysError(f"{url} answers {answer.status_code}.", remedy="Check CF_ACCESS_TEAM_DOMAIN.")
        for chunk in answer.iter_bytes():
            body += chunk
            if len(body) > _BYTES:
                raise KeysError(f"{url} answers with more than {_BYTES} bytes.")
            if time.monotonic() > until:
                raise httpx.ReadTimeout("it takes too long")
    return body


def _key(row: Any) -> tuple[str, jwt.PyJWK] | None:  # noqa: ANN401 - JSON
    """One key and its `kid`; None for one that can't sign RS256. One odd row costs no other."""
    if not isinstance(row, dict) or row.get("kty") != "RSA" or not isinstance(row.get("kid"), str):
        return None
    if row.get("alg", "RS256") != "RS256" or row.get("use", "sig") != "sig":
        return None
    try:
        return row["kid"], jwt.PyJWK(row, algorithm="RS256")
    except (jwt.PyJWTError, ValueError, TypeError):
        return None
