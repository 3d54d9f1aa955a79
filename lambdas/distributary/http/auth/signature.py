"""AWS Signature Version 4, verified: what a request says of its signature, and whether a secret made it.

Everything is taken from the request as we received it, so that what was signed is what the endpoint then acts on.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

import hashlib
import hmac
import re
from collections.abc import Collection
from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import parse_qsl, quote

from distributary.errors import Unauthorized
from distributary.http.request import Request

ALGORITHM = "AWS4-HMAC-SHA256"
SKEW_SECONDS = 300
"""How far a client's clock may be off, and so how long a captured request can be sent again: as at AWS."""

_DATE = re.compile(r"\d{8}T\d{6}Z", re.ASCII)
_SCOPE = re.compile(r"(?P<key_id>.+)/(?P<day>\d{8})/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request", re.ASCII)
# HTTP/2 has `:authority` in place of Host, and the AWS SDK for JavaScript v3 signs it under that name. API Gateway
# hands its value over as Host. Source: https://www.rfc-editor.org/rfc/rfc9113#section-8.3.1
_SENT_AS = {":authority": "host"}
_PARAMETERS = ("Credential", "SignedHeaders", "Signature")
_MISSING = "MissingAuthenticationTokenException"
_INCOMPLETE = "IncompleteSignatureException"
_INVALID = "InvalidSignatureException"
# The wording is AWS's: people search for it, and SDKs look into it for the clock's skew.
_MISMATCH = (
    "The request signature we calculated does not match the signature you provided. "
    "Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
)


class Signature(NamedTuple):
    """What a request's `Authorization` says: `date` as in `x-amz-date`, `service` as SDKs name it."""

    key_id: str
    date: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    digest: str


def read_signature(request: Request, *, services: Collection[str], signed: Collection[str]) -> Signature:
    """The request's signature, not yet verified, once all that can be wrong without the secret is found right.

    `services` are those of the endpoint, `signed` the headers that must be signed. Raises Unauthorized with AWS's name
    for the fault.
    """
    _refuse_other_ways(request)
    signature = _parsed(request.headers.get("authorization", ""), request.headers.get("x-amz-date", ""))
    covered = {_SENT_AS.get(name, name) for name in signature.signed_headers}
    unsigned = [name for name in signed if name not in covered]
    if unsigned:
        raise Unauthorized(_INVALID, f"{', '.join(unsigned)} must be signed: a 'SignedHeader' in Authorization")
    if signature.service not in services:
        correct = " or ".join(sorted(services))
        raise Unauthorized(_INVALID, f"Credential should be scoped to correct service: '{correct}'.")
    _check_time(signature.date, request.time)
    return signature


def verify(signature: Signature, request: Request, secret: str) -> None:
    """Nothing, if the secret made this signature for this request. Raises Unauthorized else."""
    scope = f"{signature.date[:8]}/{signature.region}/{signature.service}/aws4_request"
    canonical = hashlib.sha256(_bytes(canonical_request(request, signature.signed_headers))).hexdigest()
    text = f"{ALGORITHM}\n{signature.date}\n{scope}\n{canonical}"
    key = b"AWS4" + secret.encode()
    for part in (*scope.split("/"), text):
        key = hmac.digest(key, _bytes(part), "sha256")
    if not hmac.compare_digest(key.hex().encode(), _bytes(signature.digest)):
        raise Unauthorized(_INVALID, _MISMATCH)


def unrecognized() -> Unauthorized:
    """AWS's error for a key id that it does not know, or knows no longer."""
    return Unauthorized("UnrecognizedClientException", "The security token included in the request is invalid.")


def canonical_request(request: Request, signed_headers: Collection[str]) -> str:
    """The text that is signed. Its last line, the body's hash, is computed by us whatever the client says it is."""
    values = [request.headers.get(_SENT_AS.get(name, name), "") for name in signed_headers]
    headers = [f"{name}:{' '.join(value.split())}" for name, value in zip(signed_headers, values, strict=True)]
    lines = [request.method, _path(request.path), _query(request.query), *headers, "", ";".join(signed_headers)]
    return "\n".join([*lines, _hash(request)])


def _refuse_other_ways(request: Request) -> None:
    """Refuse what SigV4 knows besides a signed header over a signed body."""
    scheme = request.headers.get("authorization", "").strip().partition(" ")[0]
    parameters = {name.lower() for name, _ in parse_qsl(request.query, keep_blank_values=True)}
    if parameters & {"x-amz-signature", "x-amz-algorithm", "x-amz-credential"}:
        raise Unauthorized(_INCOMPLETE, "signatures in the query are not taken: sign the Authorization header")
    if not scheme:
        raise Unauthorized(_MISSING, "Missing Authentication Token")
    if scheme != ALGORITHM:
        raise Unauthorized(_INCOMPLETE, f"Authorization must be {ALGORITHM} here")
    if "x-amz-security-token" in request.headers:
        raise unrecognized()
    if request.headers.get("x-amz-content-sha256", "").startswith(("UNSIGNED-", "STREAMING-")):
        raise Unauthorized(_INVALID, "the payload must be signed: x-amz-content-sha256 is the SHA-256 of the body")


def _parsed(authorization: str, date: str) -> Signature:
    given = [_parameter(part) for part in authorization.strip()[len(ALGORITHM) :].split(",")]
    parameters = dict(given)
    missing = [name for name in _PARAMETERS if not parameters.get(name)]
    if missing:
        raise Unauthorized(_INCOMPLETE, f"Authorization header requires '{missing[0]}' parameter.")
    if len(given) > len(_PARAMETERS):  # API Gateway joins a repeated header with commas
        raise Unauthorized(
            _INCOMPLETE, "Authorization must be sent once, with Credential, SignedHeaders and Signature."
        )
    if not _DATE.fullmatch(date):
        raise Unauthorized(_INCOMPLETE, "the header x-amz-date must be a time such as 20260131T235959Z")
    scope = _SCOPE.fullmatch(parameters["Credential"])
    if not scope:
        raise Unauthorized(_INCOMPLETE, "Credential must be <id>/<date>/<region>/<service>/aws4_request")
    if scope["day"] != date[:8]:
        raise Unauthorized(_INVALID, "Date in Credential scope does not match the day of x-amz-date")
    headers = tuple(parameters["SignedHeaders"].split(";"))
    return Signature(scope["key_id"], date, scope["region"], scope["service"], headers, parameters["Signature"])


def _parameter(text: str) -> tuple[str, str]:
    name, _, value = text.strip().partition("=")
    return name, value


def _check_time(date: str, now: float) -> None:
    try:
        signed_at = datetime.fromisoformat(date).timestamp()
    except ValueError as error:
        raise Unauthorized(_INCOMPLETE, "the header x-amz-date is no time of a calendar") from error
    if signed_at < now - SKEW_SECONDS:
        raise Unauthorized(_INVALID, f"Signature expired: {date} is now earlier than {_written(now - SKEW_SECONDS)}")
    if signed_at > now + SKEW_SECONDS:
        raise Unauthorized(_INVALID, f"Signature not yet current: {date} is still later than {_written(now)} + 5 min.")


def _written(time: float) -> str:
    return f"{datetime.fromtimestamp(time, UTC):%Y%m%dT%H%M%SZ}"


def _path(path: str) -> str:
    """The path, which comes decoded, encoded as in the URL and then, as all services but S3 have it, once more.

    It is not normalised: no path of ours has `.`, `..` or empty segments, so a request with one is refused.
    """
    return quote(quote(path, errors="surrogatepass"))


def _query(query: str) -> str:
    """The parameters as an endpoint reads them, encoded again and sorted."""
    pairs = [(_encoded(name), _encoded(value)) for name, value in parse_qsl(query, keep_blank_values=True)]
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))


def _encoded(text: str) -> str:
    return quote(text, safe="", errors="surrogatepass")


def _hash(request: Request) -> str:
    return hashlib.sha256(request.body if isinstance(request.body, bytes) else _bytes(request.body)).hexdigest()


def _bytes(text: str) -> bytes:
    """UTF-8 of whatever text: a lone surrogate signs nothing, but must not raise either."""
    return text.encode("utf-8", "surrogatepass")
