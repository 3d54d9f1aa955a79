"""The limits of requests, records and detector models, each read from the one place where it stands."""

from collections.abc import Iterator, Mapping
from dataclasses import fields

from commands.reference.blocks import code, table
from distributary.http import content
from distributary.http.events_api import body, cloud_event, receipt
from distributary.http.iot_events_api import detectors, messages
from distributary.ingest.envelope import EventSettings
from distributary.iot_events import message, values
from distributary.iot_events.limits import AWS_LIMITS
from distributary.iot_events.runtime import detector_run
from distributary.json_text import fault
from distributary.sinks import firehose, iot_events, kinesis

HEAD = ("limit", "at most", "beyond it", "stands in")
Row = tuple[str, str, str, str]


def blocks() -> Mapping[str, str]:
    """The tables of limits by their block."""
    return {
        "request-limits": table(HEAD, map(_marked, _requests())),
        "sink-limits": table(
            ("sink", "records of a call", "bytes of a call", "bytes of a record", "stands in"), _sinks()
        ),
        "api-limits": table(HEAD, map(_marked, _apis())),
        "model-limits": table(("limit", "value"), _models()),
    }


def _marked(row: Row) -> Row:
    limit, most, beyond, place = row
    return limit, most, beyond, code(place)


def _requests() -> Iterator[Row]:
    """What one request to the events API may hold."""
    http = "lambdas/distributary/http"
    events = EventSettings.max_events
    yield (
        "the body as sent",
        _bytes(content.MAX_RECEIVED),
        "413 `BodyTooLarge`",
        f"{http}/content.py",
    )
    yield (
        "the body once it is decoded",
        _bytes(content.MAX_DECODED),
        "413 `DecodedBodyTooLarge`; decoding stops there",
        f"{http}/content.py",
    )
    yield (
        "JSON values, names of members included, all events together",
        f"{body.MAX_VALUES:,}",
        "413 `TooManyValues`, before anything is parsed",
        f"{http}/events_api/body.py",
    )
    yield "events, setting `max_events`", f"{events:,}", "413 `TooManyEvents`", "distributary.toml"
    yield (
        "members of a CloudEvent, `data` included",
        f"{cloud_event.MAX_ATTRIBUTES:,}",
        "that event is rejected: `InvalidEvent`",
        f"{http}/events_api/cloud_event.py",
    )
    yield (
        "levels of objects and arrays in an event",
        str(fault.MAX_DEPTH),
        "that event is rejected: `TooDeep`",
        "lambdas/distributary/json_text/fault.py",
    )
    yield (
        "the answer",
        _bytes(receipt.MAX_ANSWER),
        "accepted events are left out, then details",
        f"{http}/events_api/receipt.py",
    )


def _sinks() -> Iterator[tuple[str, ...]]:
    """What one call to each sink's service may hold."""
    setting = "`kinesis.max_record_kib`"
    yield (
        "firehose",
        str(firehose.FIREHOSE_CALL_RECORDS),
        f"{firehose.FIREHOSE_CALL_BYTES:,}",
        f"{firehose.MAX_RECORD_BYTES:,}",
        "`lambdas/distributary/sinks/firehose.py`",
    )
    yield (
        "kinesis",
        str(kinesis.KINESIS_CALL_RECORDS),
        f"{kinesis.KINESIS_CALL_BYTES:,}",
        f"{setting}: {kinesis.DEFAULT_MAX_RECORD_BYTES:,} unless it says more",
        "`lambdas/distributary/sinks/kinesis.py`",
    )
    yield (
        "iot_events",
        str(iot_events.MAX_MESSAGES_A_PUT),
        f"{iot_events.MAX_CALL_BYTES:,}",
        f"{message.MAX_PAYLOAD_BYTES:,}; with `iot_events.strict` {iot_events.STRICT_MAX_PAYLOAD_BYTES:,}",
        "`lambdas/distributary/sinks/iot_events.py`",
    )


def _apis() -> Iterator[Row]:
    """What requests to the AWS-compatible API and the IoT Events API may hold."""
    api = "lambdas/distributary/http"
    records = f"{api}/aws_api"
    yield (
        "records of PutRecordBatch",
        str(firehose.FIREHOSE_CALL_RECORDS),
        "400 `ValidationException`",
        f"{records}/firehose_operations.py",
    )
    yield (
        "records of PutRecords",
        str(kinesis.KINESIS_CALL_RECORDS),
        "400 `ValidationException`",
        f"{records}/kinesis_operations.py",
    )
    yield (
        "messages of BatchPutMessage",
        f"{iot_events.MAX_MESSAGES_A_PUT}; with `iot_events.strict` {iot_events.STRICT_MAX_MESSAGES}",
        "400 `InvalidRequestException`",
        f"{api}/iot_events_api/messages.py",
    )
    yield (
        "the body of BatchPutMessage",
        _bytes(messages.MESSAGES_BODY_BYTES),
        "400 `InvalidRequestException`",
        f"{api}/iot_events_api/messages.py",
    )
    yield (
        "detectors of BatchUpdateDetector and BatchDeleteDetector",
        str(detectors.MAX_CHANGES),
        "400 `InvalidRequestException`",
        f"{api}/iot_events_api/detectors.py",
    )
    yield (
        "`maxResults` of ListDetectors",
        str(detectors.MAX_RESULTS),
        "400 `InvalidRequestException`",
        f"{api}/iot_events_api/detectors.py",
    )
    yield (
        "levels of a message's payload",
        str(values.MOST_JSON_NESTING),
        "an error entry; `skipped` on `/v1/events`",
        "lambdas/distributary/iot_events/values.py",
    )


def _models() -> Iterator[tuple[str, str]]:
    """What a detector model and a running detector may have: AWS's quotas first, then ours."""
    for field in fields(AWS_LIMITS):
        yield code(field.name), f"{getattr(AWS_LIMITS, field.name):,}"
    yield "digits of a number that a detector reads", f"{values.DIGITS}, exponent ±{values.EXPONENT:,}"
    yield "bytes of a stored detector", f"{detector_run.MAX_STATE_BYTES:,}"
    yield "bytes of one action", f"{detector_run.MAX_ACTION_BYTES:,}"
    yield "evaluations of one detector's due timers in a batch", str(detector_run.MOST_FIRINGS)


def _bytes(count: int) -> str:
    return f"{count:,} bytes"
