"""Errors as `application/problem+json` (RFC 9457): every kind of problem, and the one place that answers with it."""

import json
from collections.abc import Mapping
from typing import Any

from distributary.errors import BadRequest, MethodNotAllowed
from distributary.http.content import CODINGS
from distributary.http.request import Request, Response

# code → (slug of its `type`, described in docs/reference/errors.md, and `title`)
PROBLEMS: Mapping[str, tuple[str, str]] = {
    "AllRejected": ("all-rejected", "No event of this request can be taken"),
    "BodyTooLarge": ("body-too-large", "The body is too large"),
    "PlanTooLarge": ("plan-too-large", "The plan is too long for an answer"),
    "DecodedBodyTooLarge": ("decoded-body-too-large", "The body is too large once it is decoded"),
    "EmptyBody": ("empty-body", "There is no event in this request"),
    "Forbidden": ("forbidden", "This key may not do this"),
    "InvalidContentEncoding": ("invalid-content-encoding", "The body cannot be decoded"),
    "InvalidIdempotencyKey": ("invalid-idempotency-key", "The Idempotency-Key cannot be used"),
    "InvalidType": ("invalid-type", "The parameter type cannot be used"),
    "InvalidUtf8": ("invalid-utf8", "The body is not UTF-8"),
    "KeysUnavailable": ("keys-unavailable", "Keys cannot be checked at the moment"),
    "MalformedJson": ("malformed-json", "The body is not JSON"),
    "MethodNotAllowed": ("method-not-allowed", "This path takes other methods"),
    "NotABatch": ("not-a-batch", "The body is not a batch of CloudEvents"),
    "NotFound": ("not-found", "There is nothing at this path"),
    "NotStored": ("not-stored", "Not every event could be stored"),
    "ScalarBody": ("scalar-body", "The body is neither a JSON object nor an array"),
    "TooManyEvents": ("too-many-events", "There are too many events in this request"),
    "TooManyValues": ("too-many-values", "There are too many values in this request"),
    "TooManyRequests": ("too-many-requests", "The key's quota is used up"),
    "Unauthorized": ("unauthorized", "The credentials are missing or wrong"),
    "UnknownCharset": ("unknown-charset", "The body's charset is not understood"),
    "UnknownContentEncoding": ("unknown-content-encoding", "The body's Content-Encoding is not understood"),
}


def problem(status: int, code: str, detail: str, instance: str, **extra: Any) -> Response:
    """The answer for a kind of problem; `instance` is the request's id, `extra` are further members of the document."""
    slug, title = PROBLEMS[code]
    document = {
        "type": f"/problems/{slug}",
        "title": title,
        "status": status,
        "code": code,
        "detail": detail,
        "instance": instance,
        **extra,
    }
    return Response(status, json.dumps(document, separators=(",", ":")), {"content-type": "application/problem+json"})


def for_error(error: BadRequest, request: Request) -> Response:
    """The answer for a request that cannot be taken; `errors` names the place in the body where there is one."""
    extra: dict[str, Any] = {}
    if error.pointer is not None:
        extra["errors"] = [{"code": error.code, "detail": error.detail, "pointer": error.pointer}]
    response = problem(error.status, error.code, error.detail, request.id, **extra)
    if isinstance(error, MethodNotAllowed):
        return response.with_headers({"allow": ", ".join(error.allowed)})
    if error.code == "UnknownContentEncoding":
        return response.with_headers({"accept-encoding": ", ".join(CODINGS)})
    return response
