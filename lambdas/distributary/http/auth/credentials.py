"""The credentials of a request to `/v1/events`: an id and a secret, wherever HTTP clients put such things."""

import base64
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from distributary.errors import Unauthorized
from distributary.http.request import Request

PARAMETER = "key"

# What API Gateway makes of a repeated header, and no credential of these schemes holds.
_REPEATED = ","


@dataclass(frozen=True, slots=True)
class Credential:
    """A key's id and secret as a client presents them, not yet checked."""

    id: str
    secret: str = field(repr=False)
    in_url: bool = field(default=False, compare=False)
    """Whether it stood in the query, which only a browser's key may."""


def read_credentials(request: Request) -> Credential:
    """The request's one credential. Raises Unauthorized where there is none, it has no such form, or there are two.

    Presented twice in two places it must be the same: else what is checked and what a log or a proxy took for the
    caller could differ.
    """
    presented = [*_authorization(request), *_api_key(request), *_in_url(request)]
    if not presented:
        raise Unauthorized("Unauthorized", "send a key: Authorization: Bearer <id>.<secret>, Basic, or X-Api-Key")
    if len(set(presented)) > 1:
        raise Unauthorized("Unauthorized", "this request presents more than one credential")
    return next((one for one in presented if one.in_url), presented[0])


def token_claims(request: Request) -> Mapping[str, Any]:
    """The claims of the JWT that API Gateway's authorizer has verified, with their JSON types, which it drops.

    Raises Unauthorized where the request has no one token.
    """
    header = request.headers.get("authorization", "")
    _refuse_repeated(header)
    _, _, rest = re.sub(r"^bearer\s+", "", header.strip(), flags=re.IGNORECASE).partition(".")
    payload, _, _ = rest.partition(".")
    try:
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (ValueError, RecursionError):
        claims = None
    if not isinstance(claims, dict):
        raise Unauthorized("Unauthorized", "this endpoint takes a JWT: Authorization: Bearer <token>")
    return claims


def _authorization(request: Request) -> Iterator[Credential]:
    header = request.headers.get("authorization")
    if header is None:
        return
    scheme, _, value = header.strip().partition(" ")
    if scheme.lower() not in {"bearer", "basic"}:
        raise Unauthorized("Unauthorized", "Authorization takes the schemes Bearer and Basic here")
    _refuse_repeated(header)
    yield _joined(value.strip(), ".") if scheme.lower() == "bearer" else _joined(_decoded(value.strip()), ":")


def _refuse_repeated(header: str) -> None:
    if _REPEATED in header:
        raise Unauthorized("Unauthorized", "Authorization must be sent once: this one holds several, or a comma")


def _api_key(request: Request) -> Iterator[Credential]:
    header = request.headers.get("x-api-key")
    if header is not None:
        yield _joined(header.strip(), ".")


def _in_url(request: Request) -> Iterator[Credential]:
    for name, value in parse_qsl(request.query, keep_blank_values=True):
        if name == PARAMETER:
            yield _joined(value, ".", in_url=True)


def _joined(text: str, separator: str, *, in_url: bool = False) -> Credential:
    key_id, found, secret = text.partition(separator)
    if not (key_id and found and secret):
        raise Unauthorized("Unauthorized", "a credential is <id>.<secret>; in Basic, the id is the user name")
    return Credential(key_id, secret, in_url)


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode()
    except ValueError as error:  # not base64, or what comes out is not UTF-8
        raise Unauthorized("Unauthorized", "Basic credentials are base64 of <id>:<secret>") from error
