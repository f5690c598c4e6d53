"""Cloudflare Access's assertion, verified on every call: nobody else is let in (FACTS: Access)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import jwt

from pytest_smokedeploy.agent.domain.policy import RefusedError
from pytest_smokedeploy.agent.http.keys import Keys

#: How far the clocks of the edge and of this server may lie apart.
LEEWAY_SECONDS: Final = 30
#: The edge refuses more than 32 KB of headers in all; an assertion is about 1 KB.
_LENGTH: Final = 16 * 1024


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: a service token's `common_name` or a person's `email`."""

    name: str
    human: bool


class DeniedError(RefusedError):
    """Not let in (403); the reason holds no word of the assertion itself."""

    def __init__(self, message: str) -> None:
        super().__init__(403, message)


class UnknownKeyError(DeniedError):
    """Signed with a key that is not known; it may be the team's new one."""


@dataclass(frozen=True, slots=True)
class Access:
    """Verifies assertions of one team and one application.

    Attributes:
        keys: the team's keys; its address is the issuer too.
        audience: the application's AUD tag.

    """

    keys: Keys
    audience: str

    def verify(self, assertions: Sequence[str]) -> Caller:
        """Verify the one assertion of a call, with the keys that are known now.

        Args:
            assertions: every value of the header; a call has one.

        Raises:
            UnknownKeyError: asking the team could bring the key (`Keys.ask`, seconds).
            DeniedError: none, several, or not one of this team's and this application's.

        """
        if len(assertions) != 1 or not assertions[0]:
            how = "several assertions" if len(assertions) > 1 else "no assertion"
            raise DeniedError(f"{how} of Cloudflare Access: the call did not come through it.")
        if len(assertions[0]) > _LENGTH:
            raise DeniedError("the assertion is too long to be one.")
        try:
            key = self._key(jwt.get_unverified_header(assertions[0]))
            claims = jwt.decode(
                assertions[0],
                key,
                algorithms=["RS256"],
                audience=self.audience,
                issuer=self.keys.team,
                leeway=LEEWAY_SECONDS,
                options={"require": ["exp", "iat", "aud", "iss"]},
            )
        # Beside PyJWT's own: errors that hostile JSON raises in its parser and in int().
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError) as error:
            raise DeniedError(f"the assertion is not valid ({type(error).__name__}).") from None
        return _caller(claims)

    def _key(self, header: dict[str, Any]) -> jwt.PyJWK:
        kid = header.get("kid")
        # Before any key is asked for: a call that can't be right must not make the agent call out.
        if header.get("alg") != "RS256":
            raise DeniedError("the assertion is not signed with RS256.")
        if "crit" in header:
            raise DeniedError("the assertion demands an extension that is not known here.")
        if not isinstance(kid, str) or not kid:
            raise DeniedError("the assertion names no key.")
        if (key := self.keys.known(kid)) is not None:
            return key
        if self.keys.may_come():
            raise UnknownKeyError("the assertion is signed with a key that is not known yet.")
        raise DeniedError("the assertion is signed with a key this team does not have.")


def _caller(claims: dict[str, Any]) -> Caller:
    """A person has an email and a subject; a service token a common name and no subject."""
    email, name, subject = claims.get("email"), claims.get("common_name"), claims.get("sub")
    if isinstance(email, str) and email and subject and not name:
        return Caller(email, human=True)
    if isinstance(name, str) and name and not subject and not email:
        return Caller(name, human=False)
    raise DeniedError("the assertion names neither a service token nor a person.")
