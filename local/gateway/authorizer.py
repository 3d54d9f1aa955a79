"""A route's JWT authorizer: what API Gateway checks of a token before it asks the function.

docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html: RSA signatures only, a `kid` that
the issuer's key set has, `iss`, `aud` (`client_id` where there is none), `exp`, `nbf`, `iat`, and one of the route's
scopes.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

_ALGORITHMS = ("RS256", "RS384", "RS512")


class BadKeys(ValueError):
    """A file that is no JSON Web Key Set; the message names it."""


class Refused(Exception):
    """A request that API Gateway does not let through: its status, the `www-authenticate` header, and why."""

    def __init__(self, status: HTTPStatus, challenge: str, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.challenge = challenge


@dataclass(frozen=True)
class Authorizer:
    """Whose tokens a route takes, for whom, and with which scopes; none: whatever theirs are."""

    issuer: str
    audience: tuple[str, ...]
    scopes: tuple[str, ...] = ()

    def admit(self, header: str | None, keys: KeySet | None, now: float) -> dict[str, Any]:
        """What the function gets of the token in the Authorization header: `claims` and `scopes`. Raises Refused."""
        token = _token(header)
        if not token:
            raise Refused(HTTPStatus.UNAUTHORIZED, "Bearer", "no token")
        if keys is None:
            raise self._invalid("OIDC discovery endpoint communication error", "there is no key set: JWKS=<file>")
        try:
            claims = _verified(token, keys)
        except JoseError as error:
            raise self._invalid("the token cannot be verified", ascii(error)) from error
        if claims.get("iss") != self.issuer:
            raise self._invalid("the token does not have a valid issuer")
        if not {*_texts(claims.get("aud", claims.get("client_id")))} & {*self.audience}:
            raise self._invalid("the token does not have a valid audience")
        try:
            times: dict[str, Any] = {name: claims[name] for name in ("exp", "nbf", "iat") if name in claims}
            jwt.JWTClaimsRegistry(now=int(now), exp={"essential": True}).validate(times)
        except JoseError as error:
            raise self._invalid("the token has expired or is not yet valid", ascii(error)) from error
        return {"claims": {name: _written(one) for name, one in claims.items()}, "scopes": self._granted(claims)}

    def _granted(self, claims: Mapping[str, Any]) -> list[str] | None:
        if not self.scopes:
            return None
        scopes = [one for text in _texts(claims.get("scope", claims.get("scp"))) for one in text.split()]
        if not {*scopes} & {*self.scopes}:
            challenge = f'Bearer scope="{" ".join(self.scopes)}" error="insufficient_scope"'
            raise Refused(HTTPStatus.FORBIDDEN, challenge, "none of the route's scopes")
        return scopes

    def _invalid(self, description: str, reason: str = "") -> Refused:
        challenge = f'Bearer scope="{" ".join(self.scopes)}" error="invalid_token" error_description="{description}"'
        return Refused(HTTPStatus.UNAUTHORIZED, challenge, reason or description)


def read_keys(file: Path) -> KeySet:
    """The keys of a JSON Web Key Set, which the issuer publishes at its `jwks_uri`. Raises BadKeys."""
    try:
        return KeySet.import_key_set(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, JoseError) as error:
        raise BadKeys(f"{file}: no JSON Web Key Set: {error}") from error


def _token(header: str | None) -> str:
    """The header's token, with `Bearer` before it or alone."""
    return re.sub(r"^bearer(\s+|$)", "", (header or "").strip(), flags=re.IGNORECASE)


def _verified(token: str, keys: KeySet) -> dict[str, Any]:
    """The claims of a token that one of the keys has signed. Raises JoseError, whatever the token is."""
    try:
        header = jws.extract_compact(token.encode()).headers()
        if not isinstance(header.get("kid"), str):
            raise JoseError("the token names no key")
        return jwt.decode(token, keys, algorithms=_ALGORITHMS).claims
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise JoseError(f"garbled: {type(error).__name__}") from error


def _texts(value: Any) -> list[str]:
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str)]


def _written(value: Any) -> str:
    """A claim as the function sees it: always text, and that as Go writes it."""
    if isinstance(value, list):
        return f"[{' '.join(map(_written, value))}]"
    if isinstance(value, dict):
        return f"map[{' '.join(f'{name}:{_written(one)}' for name, one in sorted(value.items()))}]"
    return value if isinstance(value, str) else json.dumps(value)
