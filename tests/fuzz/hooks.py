"""What schemathesis cannot know: how an AWS client signs, which operation a body belongs to, which detectors there are.

Schemathesis loads this module by SCHEMATHESIS_HOOKS; it runs in a virtual environment of its own.
"""

import gzip
import json
import os
import sys
import zlib

import requests
import schemathesis
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

KEY = Credentials(os.environ["DISTRIBUTARY_KEY_ID"], os.environ["DISTRIBUTARY_SECRET"])
SIGNED = "sigV4"


class Signature(requests.auth.AuthBase):
    """Signs a request as an AWS SDK does, when all of it is known."""

    def __call__(self, prepared):
        """The same request, signed."""
        headers = {name: value for name, value in prepared.headers.items() if name.lower() in _SIGNED_HEADERS}
        body = prepared.body if isinstance(prepared.body, bytes) else (prepared.body or "").encode()
        unsigned = AWSRequest(prepared.method, prepared.url, headers, body)
        target = prepared.headers.get("X-Amz-Target", "")
        service = "kinesis" if target.startswith("Kinesis") else "firehose" if target else "ioteventsdata"
        SigV4Auth(KEY, service, "us-east-1").add_auth(unsigned)
        prepared.headers.update(dict(unsigned.headers.items()))
        return prepared


class Bearer(requests.auth.AuthBase):
    """Presents the key as it is, and encodes the body as Content-Encoding has it."""

    def __call__(self, prepared):
        """The same request, with the key."""
        encode = _ENCODERS.get(prepared.headers.get("Content-Encoding"))
        if encode and prepared.body:
            body = prepared.body if isinstance(prepared.body, bytes) else prepared.body.encode()
            prepared.prepare_body(encode(body), None)
        prepared.headers["Authorization"] = f"Bearer {KEY.access_key}.{KEY.secret_key}"
        return prepared


_ENCODERS = {"gzip": gzip.compress, "deflate": zlib.compress, "zstd": zstd.compress}
_SIGNED_HEADERS = ("content-type", "x-amz-target")


@schemathesis.hook
def before_call(context, case, kwargs):
    """Presents the key as the operation wants it; a case that is meant to be good is for something that exists."""
    security = context.operation.definition.raw["security"]
    if security:
        kwargs["auth"] = Signature() if any(SIGNED in one for one in security) else Bearer()
    if case.meta and case.meta.generation.mode.is_positive:
        _KNOWN.get(context.operation.label, lambda _: None)(case)


def _aws_operation(case):
    """The operation that the body is for, on a stream that exists."""
    if not isinstance(case.body, dict):
        return
    named = "DeliveryStreamName" in case.body
    verb = "PutRecordBatch" if named else "PutRecords"
    if "Records" not in case.body:
        verb = "PutRecord" if "Record" in case.body or "PartitionKey" in case.body else _DESCRIBE[named]
    case.headers["X-Amz-Target"] = f"{'Firehose_20150804' if named else 'Kinesis_20131202'}.{verb}"
    case.body = {name: one for name, one in case.body.items() if name not in ("StreamARN", "StreamName")}
    case.body["DeliveryStreamName" if named else "StreamName"] = "events"


_DESCRIBE = {True: "DescribeDeliveryStream", False: "DescribeStreamSummary"}


def _model(case):
    case.path_parameters["model"] = MODEL


def _entries(case):
    for one in case.body.get("detectors", ()) if isinstance(case.body, dict) else ():
        one["detectorModelName"] = MODEL


def _messages(case):
    for one in case.body.get("messages", ()) if isinstance(case.body, dict) else ():
        one["inputName"] = "telemetry"


def _slug(case):
    case.path_parameters["slug"] = "not-found"


def _detector(case):
    case.path_parameters["model"] = MODEL
    case.query["keyValue"] = KEY_VALUE


MODEL, KEY_VALUE = os.environ["DISTRIBUTARY_MODEL"], os.environ["DISTRIBUTARY_KEY_VALUE"]
_KNOWN = {
    "POST /": _aws_operation,
    "POST /inputs/messages": _messages,
    "POST /detectors": _entries,
    "POST /detectors/delete": _entries,
    "GET /detectors/{model}": _model,
    "GET /detectors/{model}/keyValues/": _detector,
    "GET /problems/{slug}": _slug,
}


@schemathesis.serializer(
    "application/x-amz-json-1.1", "application/cloudevents+json", "application/cloudevents-batch+json"
)
def as_json(_context, value):
    """Types that are JSON."""
    return value if isinstance(value, bytes) else json.dumps(value).encode()


@schemathesis.serializer("application/x-ndjson")
def as_lines(_context, value):
    """A line for each element; a text as it is."""
    if isinstance(value, bytes):
        return value
    return value.encode(errors="replace") if isinstance(value, str) else json.dumps(value).encode()


@schemathesis.serializer("application/x-amz-cbor-1.1")
def as_bytes(_context, value):
    """No CBOR: what is not must be refused in good order. Clients that speak it are in tests/deployed/clients."""
    return value if isinstance(value, bytes) else json.dumps(value).encode()
