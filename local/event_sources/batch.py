"""What a function gets of a batch of messages, and what its answer says of each.

docs.aws.amazon.com/lambda/latest/dg/with-sqs.html, .../services-sqs-errorhandling.html
"""

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from local.event_sources.source import EventSource
from local.functions import Invocation

Message = Mapping[str, Any]  # one of ReceiveMessage's, with all its attributes

_PAYLOAD_BYTES = 6 * 1024 * 1024  # Lambda: a batch ends before its payload is over 6 MB, whatever the batch size
_FRAME = b'{"Records":[%b]}'


def payloads(messages: Sequence[Message], source: EventSource) -> Iterator[tuple[list[Message], bytes]]:
    """The messages in their order, cut into as few events as Lambda's 6 MB allow: (messages, payload) each."""
    batch: list[Message] = []
    records: list[bytes] = []
    for message in messages:
        one = json.dumps(record(message, source), ensure_ascii=False, separators=(",", ":")).encode()
        if records and len(_FRAME) + sum(map(len, records)) + len(records) + len(one) > _PAYLOAD_BYTES:
            yield batch, _FRAME % b",".join(records)
            batch, records = [], []
        batch.append(message)
        records.append(one)
    if batch:
        yield batch, _FRAME % b",".join(records)


def record(message: Message, source: EventSource) -> dict[str, Any]:
    """A message as Lambda shows it to a function."""
    shown = {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": dict(message.get("Attributes", {})),
        "messageAttributes": {name: _attribute(one) for name, one in message.get("MessageAttributes", {}).items()},
        "md5OfMessageAttributes": message.get("MD5OfMessageAttributes"),
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": source.queue_arn,
        "awsRegion": source.region,
    }
    return {name: value for name, value in shown.items() if value is not None}


def failed(invocation: Invocation, messages: Sequence[Message], *, reported: bool) -> set[str]:
    """The ids of the messages that stay in the queue: none, all, or with ReportBatchItemFailures those it names.

    AWS counts as complete success: no answer, no list, an empty list; as complete failure: an answer that is no JSON
    object, an identifier that is missing, null, empty or not in the batch.
    """
    everything = {str(message["MessageId"]) for message in messages}
    if invocation.function_error:
        return everything
    if not reported:
        return set()
    try:
        answer = json.loads(invocation.payload or b"null")
        named = (
            {item["itemIdentifier"] for item in answer.get("batchItemFailures") or ()} if answer is not None else set()
        )
    except (ValueError, TypeError, KeyError, AttributeError):
        return everything
    return everything if named - everything else named


def _attribute(attribute: Mapping[str, Any]) -> dict[str, Any]:
    binary = attribute.get("BinaryValue")
    value = {"binaryValue": base64.b64encode(binary).decode()} if binary is not None else {}
    text = {"stringValue": attribute["StringValue"]} if "StringValue" in attribute else {}
    return text | value | {"stringListValues": [], "binaryListValues": [], "dataType": attribute["DataType"]}
