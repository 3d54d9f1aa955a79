"""A small AWS that takes what it is given, behind the fault layer on a real port, and boto3's clients of it."""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import pytest
from embedded_client import embedded_client
from running_server import running
from werkzeug.serving import make_server

from local.faults import FaultLayer, Faults


class SmallAws:
    """The application behind the layer; `requests` are the bodies that reached it."""

    def __init__(self) -> None:
        self.requests: list[Any] = []

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        target = environ.get("HTTP_X_AMZ_TARGET", "")
        request = json.loads(body) if target else body
        self.requests.append(request)
        answer = json.dumps(self.answer(target.rpartition(".")[2], request)).encode()
        start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(answer)))])
        return [answer]

    def answer(self, operation: str, request: Any) -> dict[str, Any]:
        """What the service would say."""
        match operation:
            case "PutRecords":
                stored = [{"SequenceNumber": one["Data"], "ShardId": "shardId-0"} for one in request["Records"]]
                return {"FailedRecordCount": 0, "Records": stored}
            case "PutRecordBatch":
                ids = [{"RecordId": one["Data"]} for one in request["Records"]]
                return {"FailedPutCount": 0, "Encrypted": True, "RequestResponses": ids}
            case "SendMessageBatch":
                return {
                    "Successful": [
                        {
                            "Id": one["Id"],
                            "MessageId": one["MessageBody"],
                            "MD5OfMessageBody": hashlib.md5(one["MessageBody"].encode()).hexdigest(),  # noqa: S324 - SQS's own
                        }
                        for one in request["Entries"]
                    ]
                }
        return {}


class Served:
    """The small AWS at `endpoint` with `faults` in front; `killed` lists the functions, `slept` the delays."""

    def __init__(self) -> None:
        self.aws = SmallAws()
        self.faults = Faults()
        self.killed: list[str] = []
        self.slept: list[float] = []
        layer = FaultLayer(self.faults, self.kill, self.slept.append)
        self.server = make_server("127.0.0.1", 0, layer(self.aws), threaded=True)
        self.endpoint = f"http://localhost:{self.server.port}"

    def kill(self, function: str) -> int | None:
        """A function whose name begins with idle handles nothing."""
        self.killed.append(function)
        return None if function.startswith("idle") else 4711

    def client(self, service: str, attempts: int = 1) -> Any:
        """A boto3 client of it."""
        return embedded_client(self.endpoint, service, attempts)

    def injected(self, name: str) -> int:
        """How often a fault was injected."""
        return self.faults.listed()["faults"][name]["injected"]


@pytest.fixture
def served() -> Iterator[Served]:
    """The small AWS, running."""
    served = Served()
    with running(served.server):
        yield served


CALLS = {
    "put_records": {"StreamName": "s", "Records": [{"Data": b"a", "PartitionKey": "k"}]},
    "put_record_batch": {"DeliveryStreamName": "d", "Records": [{"Data": b"a"}]},
    "send_message_batch": {"QueueUrl": "http://localhost/1/q", "Entries": [{"Id": "1", "MessageBody": "a"}]},
    "put_object": {"Bucket": "bucket", "Key": "key", "Body": b"content"},
}


@pytest.fixture
def parameters():
    """Parameters with which an operation can be called."""
    return lambda method: CALLS.get(method, {})
