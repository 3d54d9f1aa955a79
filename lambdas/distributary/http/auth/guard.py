"""A guarded endpoint answers callers whose key is good, is for this endpoint, and is within its quota."""

import hmac
import math
from collections.abc import Callable, Collection
from typing import Protocol

from distributary.access.key import ApiName, Claims, Key, Right
from distributary.access.quota import Quotas
from distributary.clock import Clock
from distributary.errors import Forbidden, KeysUnavailable, TooManyRequests, Unauthorized
from distributary.events import SinkName
from distributary.http.auth import credentials, refusal, signature
from distributary.http.request import Request, Response
from distributary.http.router import Endpoint

# The services of the AWS endpoints, as SDKs name them in a signature, and the sink behind each.
SERVICES: dict[str, SinkName] = {"firehose": "firehose", "kinesis": "kinesis", "ioteventsdata": "iot_events"}
_STREAMS = frozenset({"firehose", "kinesis"})
_DECOY = "A" * 43
_NO_CLAIMS = Claims("")


class Keys(Protocol):
    """Where keys are looked up; each call may raise KeysUnavailable but the last."""

    def secret(self, key_id: str) -> str | None:
        """The secret that this id must come with; None for an id that cannot be ours."""

    def find(self, key_id: str) -> Key | None:
        """The key, unless there is none or it is revoked or expired."""

    def note_use(self, key: Key) -> Callable[[], None]:
        """Begin to write down that the key is in use; what is returned waits until that has ended."""


Identify = Callable[[Keys, Request], Key]
"""Whose request it is; raises Unauthorized, Forbidden or KeysUnavailable."""


class Guard:
    """Puts a lock on endpoints; without keys, the stage is open and every endpoint stays as it is.

    Where a claim names the source, the event endpoint takes JWTs, which API Gateway has checked, and no keys.
    """

    def __init__(self, keys: Keys | None, quotas: Quotas, clock: Clock, claims: Claims = _NO_CLAIMS) -> None:
        self._keys = keys
        self._quotas = quotas
        self._clock = clock
        self._by_events = _by_claims(claims) if claims.source else _by_credential

    def protect(self, endpoint: Endpoint, kind: ApiName, right: Right | None = None) -> Endpoint:
        """The endpoint, which then sees `request.key`; whoever may not come in is refused in the endpoint's own form.

        With a `right`, it is the right that a key must have; without one it is the endpoint, and its sink.
        """
        if self._keys is None:
            return endpoint
        keys, identify = self._keys, self._by_events if kind == "events" else _by_signature(kind, right)

        def guarded(request: Request) -> Response:
            began = self._clock.monotonic()
            try:
                key = identify(keys, request)
                self._admit(key, kind, right)
            except TooManyRequests as error:
                return self._with_quota(refusal.refused(error, kind, request), key)
            except (Unauthorized, Forbidden, KeysUnavailable) as error:
                return refusal.refused(error, kind, request)
            noted = keys.note_use(key)  # beside the sinks' calls: the first answer of an environment is a call sooner
            # The endpoint counts its time from its own start.
            remaining = request.remaining - (self._clock.monotonic() - began)
            response = endpoint(request._replace(key=key, remaining=remaining))
            noted()
            if key.quota:
                size = max(request.size, response.size)
                self._quotas.charge(key.id, key.quota, events=response.events, size=size)
            return self._with_quota(response._replace(log={**response.log, "key": key.id}), key)

        return guarded

    def _with_quota(self, response: Response, key: Key) -> Response:
        """The answer with what is left of the key's quota; as it is for a key that has none.

        Source: https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-ratelimit-headers-06#section-3
        """
        if key.quota is None:
            return response
        left, seconds = self._quotas.left(key.id, key.quota)
        limit = math.floor(key.quota.burst)
        return response.with_headers(
            {"ratelimit-limit": str(limit), "ratelimit-remaining": str(left), "ratelimit-reset": str(seconds)}
        )

    def _admit(self, key: Key, kind: ApiName, right: Right | None) -> None:
        """Nothing, if the key may come in. Raises Forbidden or TooManyRequests."""
        if (needed := right or kind) not in (key.rights if right else key.doors):
            raise Forbidden(
                "Forbidden", f"this key lacks the right {needed}: its operator can grant it with `make keys`"
            )
        wait = self._quotas.admit(key.id, key.quota) if key.quota else 0.0
        if wait:
            raise TooManyRequests(math.ceil(wait))


def _by_credential(keys: Keys, request: Request) -> Key:
    """The key of an id and a secret. An unknown id and a wrong secret take the same way and get the same answer."""
    given = credentials.read_credentials(request)
    secret = keys.secret(given.id)
    matches = hmac.compare_digest((secret or _DECOY).encode(), given.secret.encode("utf-8", "surrogatepass"))
    key = keys.find(given.id) if secret and matches else None
    if key is None:
        raise Unauthorized("Unauthorized", "no such key, a wrong secret, or a key that is revoked or expired")
    if given.in_url and not key.browser:
        raise Forbidden("Forbidden", "this key may not stand in a URL: send it in the Authorization header")
    return key


def _by_claims(claims: Claims) -> Identify:
    """How an endpoint behind API Gateway's JWT authorizer knows its callers: by the claims of their token alone."""

    def identify(_keys: Keys, request: Request) -> Key:
        # Only a path that is written otherwise comes past the authorizer: `/v1%2Fevents` is the default route's.
        if request.claims is None:
            raise Unauthorized("Unauthorized", "this endpoint takes a JWT: Authorization: Bearer <token>")
        return claims.key(request.claims, credentials.token_claims(request))

    return identify


def _by_signature(kind: ApiName, right: Right | None) -> Identify:
    """How an AWS endpoint knows its callers: by the key whose secret made the request's signature."""
    signed = ("host", "x-amz-date", "x-amz-target") if kind == "aws" else ("host", "x-amz-date")

    def identify(keys: Keys, request: Request) -> Key:
        given = signature.read_signature(request, services=_services(kind, request), signed=signed)
        secret = keys.secret(given.key_id)
        if secret is None:
            raise signature.unrecognized()
        signature.verify(given, request, secret)
        key = keys.find(given.key_id)
        if key is None:
            raise signature.unrecognized()
        if not right and not key.may_write_to(SERVICES[given.service]):
            raise Forbidden("Forbidden", f"this key may not write to {SERVICES[given.service]}")
        return key

    return identify


def _services(kind: ApiName, request: Request) -> Collection[str]:
    """The service that the request must be signed for: at `POST /` the one that its target names."""
    if kind == "iot_events":
        return {"ioteventsdata"}
    return {request.headers.get("x-amz-target", "").partition("_")[0].lower()} & _STREAMS or _STREAMS
