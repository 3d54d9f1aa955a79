"""The answers of AWS to a call that it denies: code, status and words, in the form of each service.

Words: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
"""

from __future__ import annotations

import json
import uuid
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.faults.call import Call
    from local.iam.policy import Decision, Principal, Request

TOKEN = "The security token included in the request is invalid."  # noqa: S105 - AWS's words
CORAL = "com.amazon.coral.service#"
XMLNS = {"sns": "http://sns.amazonaws.com/doc/2010-03-31/"}


class Form(NamedTuple):
    """How a service denies: the error's code and HTTP status, the JSON member of its text, the action's spelling."""

    code: str
    status: int
    member: str = "message"
    spelled: Callable[[str], str] = str


# What each service's SDK users see. Anything else denies as most REST services do.
FORMS = {
    "dynamodb": Form("AccessDeniedException", 400, "Message"),
    "firehose": Form("AccessDeniedException", 400),
    "iotdata": Form("ForbiddenException", 403),
    "kinesis": Form("AccessDeniedException", 400),
    "s3": Form("AccessDenied", 403),
    "secretsmanager": Form("AccessDeniedException", 400, "Message"),
    "sns": Form("AuthorizationError", 403, spelled=lambda action: action.replace("sns:", "SNS:")),
    "sqs": Form("AccessDenied", 403, "Message", str.lower),
}
USUAL = Form("AccessDeniedException", 403, "Message")
# Codes for a key or a token that AWS does not know.
UNKNOWN_CLIENT = {"s3": "InvalidToken", "sns": "InvalidClientTokenId", "sqs": "InvalidClientTokenId"}


class Denied(Exception):
    """A request that a policy does not allow; the message is AWS's."""

    def __init__(self, principal: Principal, request: Request, decision: Decision) -> None:
        self.decision = decision
        self.request = request
        self.principal = principal
        super().__init__(self.words())

    def words(self, spelled: Callable[[str], str] = str) -> str:
        """AWS's sentence, the action spelled as the service spells it."""
        action, kind = spelled(self.request.action), self.decision.denied
        why = (
            f"with an explicit deny in {'an' if kind == 'identity-based' else 'a'} {kind} policy"
            if self.decision.explicit
            else f"because no {kind} policy allows the {action} action"
        )
        resource = f" on resource: {self.request.resource}" if self.request.resource != "*" else ""
        who = f"User: {self.principal.arn}" if self.principal.role else self.principal.arn
        return f"{who} is not authorized to perform: {action}{resource} {why}"


def denied(call: Call, error: Denied, start_response: Callable[..., object]) -> list[bytes]:
    """Answers the call with AWS's denial."""
    form = FORMS.get(call.service, USUAL)
    words = "Forbidden" if call.service == "iotdata" else error.words(form.spelled)
    return answered(call, form, words, start_response)


def unknown_client(call: Call, start_response: Callable[..., object]) -> list[bytes]:
    """Answers the call as AWS does where the session token does not belong to the access key."""
    form = FORMS.get(call.service, USUAL)
    code = UNKNOWN_CLIENT.get(call.service, "UnrecognizedClientException")
    return answered(call, form._replace(code=code), TOKEN, start_response)


def answered(call: Call, form: Form, words: str, start_response: Callable[..., object]) -> list[bytes]:
    """Answers the call with an error of this form."""
    call.body  # noqa: B018 - read whole, whatever comes: an answer before its request confuses clients
    request_id = str(uuid.uuid4())
    kind, body = written(call, form, words, request_id)
    headers = [("Content-Type", kind), ("Content-Length", str(len(body))), ("x-amzn-RequestId", request_id)]
    if call.service == "sqs":
        headers.append(("x-amzn-query-error", f"{form.code};Sender"))
    if call.protocol == "rest":
        headers.append(("x-amzn-ErrorType", form.code))
    start_response(f"{form.status} {HTTPStatus(form.status).phrase}", headers)
    return [b"" if call.environ["REQUEST_METHOD"] == "HEAD" else body]


def written(call: Call, form: Form, words: str, request_id: str) -> tuple[str, bytes]:
    """Content type and body."""
    fault = f"<Code>{form.code}</Code><Message>{escape(words)}</Message>"
    if call.protocol == "xml":
        text = f"<Error>{fault}<RequestId>{request_id}</RequestId></Error>"
    elif call.protocol == "query":
        xmlns = f' xmlns="{XMLNS[call.service]}"' if call.service in XMLNS else ""
        error = f"<Error><Type>Sender</Type>{fault}</Error>"
        text = f"<ErrorResponse{xmlns}>{error}<RequestId>{request_id}</RequestId></ErrorResponse>"
    else:
        members = {form.member: words}
        if call.protocol == "json":
            # SQS keeps its code of the query protocol in a header only.
            code = "AccessDeniedException" if form.code == "AccessDenied" else form.code
            members = {"__type": f"{CORAL}{code}" if call.service in {"dynamodb", "sqs"} else code, **members}
        return str(call.environ.get("CONTENT_TYPE") or "application/json"), json.dumps(members).encode()
    return "application/xml", f'<?xml version="1.0" encoding="UTF-8"?>\n{text}'.encode()
