"""Requests in AWS's JSON protocol, handed to moto's services without Flask, which takes a third of their time.

The protocol is one POST with the operation in a header, so there is nothing to route.
https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.core.request import Request
from moto.dynamodb.responses import DynamoHandler
from moto.firehose.responses import FirehoseResponse
from moto.kinesis.responses import KinesisResponse
from moto.sqs.responses import SQSResponse
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from local.faults.call import Call

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from moto.core.responses import BaseResponse

    Application = Callable[..., Iterable[bytes]]

SERVICES: dict[str, type[BaseResponse]] = {
    "dynamodb": DynamoHandler,
    "firehose": FirehoseResponse,
    "kinesis": KinesisResponse,
    "sqs": SQSResponse,
}
"""The services that functions call for each message; the others have Flask's way."""
STREAMS = "DynamoDBStreams"


class JsonRequest(Request):
    """A request that a server has received."""

    from_wsgi_server = True


def without_flask(application: Application) -> Application:
    """The application, behind a shorter way for these services."""

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        service = service_of(environ)
        if service is None:
            return application(environ, start_response)
        return response(service, JsonRequest(environ))(environ, start_response)

    return answer


def service_of(environ: dict[str, Any]) -> type[BaseResponse] | None:
    """The class of moto for the service of a signed request in the JSON protocol; None for any other request."""
    target = str(environ.get("HTTP_X_AMZ_TARGET", ""))
    # Browsers need the headers that Flask adds for other origins.
    if not target or target.startswith(STREAMS) or "HTTP_ORIGIN" in environ or environ["REQUEST_METHOD"] != "POST":
        return None
    return SERVICES.get(Call(environ).service) if "HTTP_AUTHORIZATION" in environ else None


def response(service: type[BaseResponse], request: Request) -> Response:
    """The service's answer, or its refusal."""
    try:
        status, headers, body = service.dispatch(request, request.raw_url, request.headers)
    except HTTPException as refusal:
        return refusal.get_response(request.environ)
    return Response(body, status, headers)
