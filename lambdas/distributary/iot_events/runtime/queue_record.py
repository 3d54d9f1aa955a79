"""A record of the message queue as a value: a message or a wake-up of one detector, where it stands, and since when."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from distributary.iot_events.engine.machine import InputMessage
from distributary.iot_events.message import MAX_PAYLOAD_BYTES
from distributary.iot_events.queue_entry import group_of
from distributary.iot_events.values import BadPayload, keep_json, quote, read_json, read_object

MOST_BODY_CHARACTERS = 2 * MAX_PAYLOAD_BYTES
"""Of a payload in its record: two characters that SQS refuses are escaped there, six characters for three bytes."""

_PAYLOAD = '"payload":'
_BURIED = '{"sequenceNumber":'
"""How the body of a dead letter begins."""


class WakeUp(NamedTuple):
    """Time to look at a detector's timers; `token` is the detector's own word for the arming that this comes from."""

    version: str
    created: int
    token: str
    due: int


class Work(NamedTuple):
    """One record. `accepted` is when its message was accepted, in epoch milliseconds; `fault` why it is for nobody."""

    id: str
    receipt: str
    group: str
    sequence: int
    receives: int
    accepted: int
    body: str
    model: str = ""
    key: str | None = None
    hops: int = 0
    late: bool = False
    trigger: InputMessage | WakeUp | None = None
    fault: str | None = None


def read_record(record: Mapping[str, Any]) -> Work:
    """The record as an event source hands it over; what cannot be read has a `fault`."""
    attributes = record["attributes"]
    work = Work(
        id=record["messageId"],
        receipt=record["receiptHandle"],
        group=attributes["MessageGroupId"],
        sequence=int(attributes["SequenceNumber"]),
        receives=int(attributes["ApproximateReceiveCount"]),
        accepted=int(attributes["SentTimestamp"]),
        body=record["body"],
    )
    try:
        return _with_body(work)
    except (BadPayload, KeyError, TypeError, ValueError, AttributeError) as fault:
        return work._replace(fault=f"unreadable: {type(fault).__name__}")


def _with_body(work: Work) -> Work:
    head, found, payload = work.body.partition(_PAYLOAD)
    members = read_json(f"{head.rstrip(',')}}}" if found else work.body)
    model, key = members["model"], members["key"]
    if group_of(model, key) != work.group:
        return work._replace(fault="not in its detector's group")
    trigger = _message(members, payload[:-1]) if found else WakeUp(**members["wakeUp"])
    late = "acceptedAt" in members
    accepted = int(members.get("acceptedAt", work.accepted))
    return work._replace(
        model=model, key=key, hops=members.get("hops", 0), trigger=trigger, accepted=accepted, late=late
    )


def _message(members: Mapping[str, Any], payload: str) -> InputMessage:
    if len(payload) > MOST_BODY_CHARACTERS:
        raise BadPayload("more than a message may have")
    return InputMessage(members["inputName"], members["messageId"], read_object(payload))


def wake_up_body(model: str, key: str | None, wake_up: WakeUp) -> str:
    """The body of a wake-up, in the delay queue, in a schedule and in the message queue alike."""
    return keep_json({"model": model, "key": key, "wakeUp": wake_up._asdict()})


def dead_body(work: Work, reason: str) -> str:
    """The body of a dead letter: the message with the reason and when it was accepted, so that it can be redriven."""
    if not work.body.startswith("{") or work.body.startswith(_BURIED):
        return work.body
    accepted = "" if work.late else f'"acceptedAt":{work.accepted},'
    return f'{_BURIED}{work.sequence},"reason":{quote(reason)},{accepted}{work.body[1:]}'
