"""The team's keys and assertions, as Cloudflare Access makes them (FACTS: Access)."""

import json
import time
import uuid
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm


@dataclass(slots=True)
class Team:
    """One team: its address (also the issuer), the application's audience, its signing key."""

    address: str
    audience: str = field(default_factory=lambda: uuid.uuid4().hex)
    kid: str = field(default_factory=lambda: uuid.uuid4().hex)
    key: rsa.RSAPrivateKey = field(default_factory=partial(rsa.generate_private_key, 65537, 2048))

    def jwks(self) -> dict[str, Any]:
        """What ``/cdn-cgi/access/certs`` serves."""
        row = json.loads(RSAAlgorithm.to_jwk(self.key.public_key()))
        return {"keys": [row | {"kid": self.kid, "alg": "RS256", "use": "sig"}], "public_certs": []}

    def assertion(self, common_name: str) -> str:
        """A service token's assertion, signed RS256."""
        return self._signed({"sub": "", "common_name": common_name})

    def person(self, email: str) -> str:
        """A person's assertion, which ``cloudflared access token`` prints too."""
        return self._signed({"sub": uuid.uuid4().hex, "email": email})

    def knows(self, token: str) -> bool:
        """Whether this is an assertion of this application's that counts now."""
        how: Any = {"algorithms": ["RS256"], "audience": self.audience, "issuer": self.address}
        try:
            jwt.decode(token, self.key.public_key(), **how)
        except jwt.InvalidTokenError:
            return False
        return True

    def _signed(self, whose: dict[str, str]) -> str:
        now = int(time.time())
        claims: dict[str, Any] = {"type": "app", "aud": [self.audience], "iss": self.address, **whose}
        claims |= {"iat": now, "exp": now + 60}
        return jwt.encode(claims, self.key, algorithm="RS256", headers={"kid": self.kid})
