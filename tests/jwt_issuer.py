"""An issuer of JSON Web Tokens: its keys, and tokens that it (or somebody who would like to be it) has signed."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey

ISSUER = "https://issuer.example"
AUDIENCE = "distributary"


class Issuer:
    """Signs with `ours`; it publishes an elliptic curve's key besides, which API Gateway never takes."""

    def __init__(self) -> None:
        self.ours = RSAKey.generate_key(2048, {"kid": "ours"})
        self.curve = ECKey.generate_key("P-256", {"kid": "curve"})
        self.published = json.dumps(KeySet([self.ours, self.curve]).as_dict(private=False))

    def token(
        self, claims: Mapping[str, Any], header: Mapping[str, Any] | None = None, key: RSAKey | None = None
    ) -> str:
        """A token with these claims; a header or a claim that is None is left out."""
        named = present({"alg": "RS256", "kid": "ours", **(header or {})})
        signers = {"none": self._unsigned, "HS256": self._by_public_key}
        if named["alg"] in signers:
            return signers[named["alg"]](f"{encoded(named)}.{encoded(present(claims))}")
        by = key or (self.curve if named["alg"] == "ES256" else self.ours)
        return jwt.encode(named, present(claims), by, algorithms=[named["alg"]])

    def _unsigned(self, text: str) -> str:
        return f"{text}."

    def _by_public_key(self, text: str) -> str:
        digest = hmac.digest(self.ours.as_pem(private=False), text.encode(), hashlib.sha256)
        return f"{text}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"


def present(members: Mapping[str, Any]) -> dict[str, Any]:
    """The members that are not None."""
    return {name: value for name, value in members.items() if value is not None}


def encoded(value: Mapping[str, Any]) -> str:
    """JSON in base64url."""
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()
