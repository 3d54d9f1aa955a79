"""A caller that is not let in, answered in the form of the endpoint it came to."""

import json

from distributary.access.key import ApiName
from distributary.errors import Forbidden, KeysUnavailable, TooManyRequests, Unauthorized
from distributary.http.aws_api import aws_errors
from distributary.http.aws_api.answer import named_error
from distributary.http.problem import problem
from distributary.http.request import Request, Response
from distributary.metrics import REFUSED_KEYS

Refusal = Unauthorized | Forbidden | TooManyRequests | KeysUnavailable

# What AWS calls these; Unauthorized brings AWS's name along.
_AWS_NAMES: dict[type[Refusal], str] = {
    Forbidden: "AccessDeniedException",
    TooManyRequests: "ThrottlingException",
    KeysUnavailable: "ServiceUnavailableException",  # of the IoT Events Data API; Firehose and Kinesis have their own
}
# Of a rest-json service; one that speaks AWS JSON answers 400 for all that is the client's.
_REST_STATUS: dict[type[Refusal], int] = {TooManyRequests: 429, KeysUnavailable: 503}


def refused(error: Refusal, endpoint: ApiName, request: Request) -> Response:
    """The endpoint's own answer: problem+json, AWS JSON 1.1 or rest-json; its log tells the operator why."""
    response = _problem(error, request) if endpoint == "events" else _aws(error, endpoint, request)
    if isinstance(error, TooManyRequests | KeysUnavailable):
        response = response.with_headers({"retry-after": str(error.retry_after)})
    cause = {"cause": error.cause} if isinstance(error, KeysUnavailable) else {}
    # A quota or a table that cannot be read says nothing about the key.
    counted = {REFUSED_KEYS: 1} if isinstance(error, Unauthorized | Forbidden) else {}
    return response._replace(log={"refused": error.code, **cause, **counted})


def _problem(error: Refusal, request: Request) -> Response:
    response = problem(error.status, error.code, error.detail, request.id)
    if isinstance(error, Unauthorized):
        # Bearer alone: a challenge for Basic would open a browser's login window over somebody's page.
        return response.with_headers({"www-authenticate": 'Bearer realm="distributary"'})
    return response


def _aws(error: Refusal, endpoint: ApiName, request: Request) -> Response:
    name = _AWS_NAMES.get(type(error), error.code)
    if endpoint == "aws":
        if isinstance(error, KeysUnavailable):
            name = aws_errors.fault(request.headers.get("x-amz-target", ""))
        return named_error(name, error.detail, request, {})
    headers = {"x-amzn-errortype": name, "x-amzn-requestid": request.id}
    body = json.dumps({"message": error.detail})
    return Response(_REST_STATUS.get(type(error), 403), body, {"content-type": "application/json", **headers})
