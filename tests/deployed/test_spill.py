import json
import urllib.parse
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from commands.read_back import journal_payloads, kinesis_envelopes, s3_envelopes, wait_for

JSON = {"content_type": "application/json"}


@pytest.fixture
def faults(stage) -> Iterator[Callable[..., None]]:
    """Sets faults by name: `faults(kinesis={"operation": …})`; none is left when the test ends."""
    url = f"{stage.aws_endpoint}/_distributary/faults"

    def order(method: str, faults: dict[str, Any] | None = None) -> None:
        body = json.dumps(faults).encode() if faults is not None else None
        with urllib.request.urlopen(urllib.request.Request(url, body, method=method), timeout=5):
            pass

    yield lambda **tables: order("PUT" if tables else "DELETE", tables or None)
    order("DELETE")


def down(operation: str, **options: Any) -> dict[str, Any]:
    """A fault: every call of the operation is refused as by a service in trouble."""
    return {"operation": operation, "effect": "refuse_calls", "error": "ServiceUnavailable", "status": 503, **options}


def queue_name(url: str) -> str:
    """The name at the end of a queue's URL."""
    return urllib.parse.urlsplit(url).path.rsplit("/", 1)[-1]


def test_what_no_sink_takes_is_spilled_and_redriven(http, stage, since, faults) -> None:
    """With all three sinks down an event is accepted as spilled; once they are back each of them gets it, by its id."""
    messages = queue_name(stage.outputs["MessageQueueUrl"])
    faults(
        firehose=down("firehose.*"),
        kinesis=down("kinesis.PutRecords"),
        iot_events=down("sqs.SendMessageBatch", resource=messages),
    )
    key = uuid.uuid4().hex
    answer = http("POST", "/v1/events", b'{"deviceId":"patient"}', **JSON, idempotency_key=key)
    [event] = json.loads(answer.body)["events"]
    faults()

    assert (answer.status, event["status"]) == (202, "accepted")
    assert event["sinks"] == {name: {"spilled": True} for name in ("firehose", "kinesis", "iot_events")}
    assert key in wait_for([key], lambda: kinesis_envelopes(stage, since), seconds=15)
    assert key in wait_for([key], lambda: s3_envelopes(stage, since), seconds=15)
    found = wait_for(
        ["patient"], lambda: {one.get("deviceId"): one for one in journal_payloads(stage).values()}, seconds=15
    )
    assert "patient" in found
