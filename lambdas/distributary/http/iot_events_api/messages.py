"""`POST /inputs/messages`: BatchPutMessage of the IoT Events Data API, as AWS served it until 2026."""

import json
import re
from collections.abc import Mapping
from typing import Any

from distributary.aws import call as aws
from distributary.clock import Clock
from distributary.delivery.delivery import deadline, deliver
from distributary.errors import BadRequest
from distributary.events import Failure, Outcome
from distributary.http import event_ids
from distributary.http.request import Request, Response
from distributary.http.structure import Structure, read_structure
from distributary.iot_events import message as codes
from distributary.iot_events.message import LONGEST_MESSAGE_ID, MESSAGE_ID, Message
from distributary.sinks.iot_events import MAX_MESSAGES_A_PUT, STRICT_MAX_MESSAGES, IotEventsSink

# As received; Lambda takes 6 MB with everything around it.
MESSAGES_BODY_BYTES = 4_500_000

# https://docs.aws.amazon.com/iotevents/latest/apireference/API_iotevents-data_Message.html
_INPUT_NAME = re.compile("[a-zA-Z0-9][a-zA-Z0-9_.-]*")
_LONGEST_INPUT_NAME = 128
_MAX_MILLISECONDS = 2**63 - 1

# Errors of a whole request: https://docs.aws.amazon.com/iotevents/latest/apireference/API_iotevents-data_BatchPutMessage.html
MESSAGES_STATUS = {
    codes.INVALID_REQUEST: 400,
    codes.MESSAGE_THROTTLING: 429,
    codes.MESSAGE_INTERNAL_FAILURE: 500,
    codes.SERVICE_UNAVAILABLE: 503,
}
_CLIENTS_FAULT = frozenset({codes.INVALID_REQUEST, codes.RESOURCE_NOT_FOUND})


class MessagesEndpoint:
    """Answers BatchPutMessage: an entry for each refused message, none for the others."""

    def __init__(self, sink: IotEventsSink, clock: Clock, *, strict: bool, retry_seconds: float) -> None:
        self._max_messages = STRICT_MAX_MESSAGES if strict else MAX_MESSAGES_A_PUT
        self._retry_seconds = retry_seconds
        self._sink = sink
        self._clock = clock
        limit = f"the payload is over {sink.max_record_bytes} bytes"
        self._too_large = Failure(codes.INVALID_REQUEST, limit, retryable=False, permanent=True)

    def answer(self, request: Request) -> Response:
        """200 with `BatchPutMessageErrorEntries`, or an error of the whole request; never an exception."""
        end = deadline(remaining=request.remaining, retry_seconds=self._retry_seconds, clock=self._clock)
        try:
            messages = _messages(request, self._max_messages)
        except BadRequest as error:
            return _error(codes.INVALID_REQUEST, error.detail, request)
        fitting = [one for one in messages if self._fits(one)]
        outcomes = deliver(self._sink, fitting, deadline=end, clock=self._clock)
        failed = [outcome for outcome in outcomes if isinstance(outcome, Failure) and _is_of_the_call(outcome)]
        if failed and len(failed) == len(outcomes):
            return _error(_code(failed[0]), "the messages could not be taken", request, cause=failed[0].code)
        each = iter(outcomes)
        entries = [
            entry
            for message in messages
            if (entry := _entry(message, next(each) if self._fits(message) else self._too_large))
        ]
        ids = event_ids.logged_ids(message.message_id for message in messages)
        log = {"operation": "BatchPutMessage", **ids, "received": len(messages), "refused": len(entries)}
        return _response(200, {"BatchPutMessageErrorEntries": entries}, request, log, len(messages))

    def _fits(self, message: Message) -> bool:
        return len(message.payload) <= self._sink.max_record_bytes


def _messages(request: Request, max_messages: int) -> list[Message]:
    """The request's messages. Raises BadRequest for what no message of it can be taken for."""
    body = request.body if isinstance(request.body, bytes) else request.body.encode("utf-8", "surrogatepass")
    if len(body) > MESSAGES_BODY_BYTES:
        raise BadRequest(codes.INVALID_REQUEST, f"the body has {len(body)} bytes; {MESSAGES_BODY_BYTES} are taken")
    structure = read_structure(body)
    caller = request.key.caller if request.key else ""
    messages = [_message(one, caller) for one in structure.structures("messages", longest=max_messages)]
    structure.check()
    return messages


def _message(one: Structure, caller: str) -> Message:
    timestamp = one.structure("timestamp")
    return Message(
        one.text("messageId", longest=LONGEST_MESSAGE_ID, pattern=MESSAGE_ID, required=True) or "",
        one.text("inputName", longest=_LONGEST_INPUT_NAME, pattern=_INPUT_NAME, required=True) or "",
        one.blob("payload", required=True) or b"",
        timestamp.number("timeInMillis", 1, _MAX_MILLISECONDS) if timestamp else None,
        caller=caller,
    )


def _entry(message: Message, outcome: Outcome) -> dict[str, str] | None:
    if not isinstance(outcome, Failure):
        return None
    text = "the message could not be taken" if _is_of_the_call(outcome) else outcome.detail
    return {"messageId": message.message_id, "errorCode": _code(outcome), "errorMessage": text}


def _is_of_the_call(failure: Failure) -> bool:
    """Whether the call failed, or there was no time for it: then the code is not the provider's word on the message."""
    return not failure.retryable and failure.code not in _CLIENTS_FAULT


def _code(failure: Failure) -> str:
    """One of the API's five codes."""
    if failure.code in MESSAGES_STATUS or failure.code in _CLIENTS_FAULT:
        return failure.code
    if failure.code in aws.THROTTLING:  # a queue has names of its own for it
        return codes.MESSAGE_THROTTLING
    return codes.MESSAGE_INTERNAL_FAILURE if failure.permanent else codes.SERVICE_UNAVAILABLE


def _error(code: str, detail: str, request: Request, cause: str | None = None) -> Response:
    log = {"operation": "BatchPutMessage", "error": code, **({"cause": cause} if cause else {})}
    return _response(MESSAGES_STATUS[code], {"message": detail}, request, log).with_headers({"x-amzn-errortype": code})


def _response(
    status: int, body: Mapping[str, Any], request: Request, log: Mapping[str, Any], events: int = 1
) -> Response:
    headers = {"content-type": "application/json", "x-amzn-requestid": request.id}
    return Response(status, json.dumps(body, separators=(",", ":")), headers, log, events)


def absent(request: Request) -> Response:
    """The answer of a stage without IoT Events: 404 in AWS's words."""
    body = {"message": "This stage has no IoT Events inputs."}
    log = {"operation": "BatchPutMessage", "error": codes.RESOURCE_NOT_FOUND}
    return _response(404, body, request, log).with_headers({"x-amzn-errortype": codes.RESOURCE_NOT_FOUND})
