import json
import re
import ssl
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from botocore.session import Session
from fake_clock import FakeClock

from distributary.aws import timeouts
from distributary.aws.call import call
from distributary.aws.clients import JSON_SERVICES
from distributary.aws.connections import Connections
from distributary.aws.environment import Credentials
from distributary.aws.json_client import JsonClient
from distributary.errors import SinkUnavailable

STORED = (200, '{"FailedPutCount": 0}')
THROTTLED = (
    400,
    '{"__type": "com.amazonaws.kinesis#ProvisionedThroughputExceededException", "message": "Rate exceeded."}',
)
DENIED = (400, '{"__type": "AccessDeniedException", "Message": "no"}')
DOWN = (503, '{"__type": "ServiceUnavailableException"}')


class Aws:
    """A loopback service that answers from a script: (status, body), `drop` to close the connection, `hang`."""

    def __init__(self, *script) -> None:
        self.script = list(script)
        self.asked: list[tuple[dict[str, str], bytes]] = []
        self.hanging = threading.Event()
        aws = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                headers = {name.lower(): value for name, value in self.headers.items()}
                aws.asked.append((headers, self.rfile.read(int(headers["content-length"]))))
                line = aws.script.pop(0)
                if line == "hang":
                    aws.hanging.wait(5)
                if isinstance(line, str):
                    self.close_connection = True
                    return
                content = line[1].encode()
                self.send_response(line[0])
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def close(self) -> None:
        self.hanging.set()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def aws():
    """Makes services, closes them in the end."""
    made = []

    def make(*script) -> Aws:
        made.append(Aws(*script))
        return made[-1]

    yield make
    for one in made:
        one.close()


FIREHOSE = JSON_SERVICES["firehose"]
CALLED = {
    "dynamodb": ("BatchGetItem", "DeleteItem", "GetItem", "PutItem", "Query", "UpdateItem"),
    "firehose": ("DescribeDeliveryStream", "PutRecord", "PutRecordBatch"),
    "kinesis": ("DescribeStream", "DescribeStreamSummary", "ListShards", "PutRecord", "PutRecords"),
    "secretsmanager": ("GetSecretValue",),
    "sqs": (
        *("ChangeMessageVisibility", "ChangeMessageVisibilityBatch", "GetQueueAttributes"),
        *("SendMessage", "SendMessageBatch"),
    ),
}
"""What functions call."""


def client(port: int, time: FakeClock | None = None, credentials=Credentials("AKID", "secret", "token")) -> JsonClient:  # noqa: B008 never changed
    """A client of a Firehose at this port."""
    url = f"http://127.0.0.1:{port}"
    connections = Connections(url, kept=10, connect=1, read=1, trust=ssl.create_default_context)
    clock = (time or FakeClock()).clock
    return JsonClient(FIREHOSE, "eu-west-1", url, "distributary/1", lambda: credentials, connections, clock)


def test_a_put_is_a_signed_post_in_awss_json(aws) -> None:
    """Target, content type, credentials and base64 are what AWS expects; the answer comes back as it is."""
    service = aws(STORED)

    answer = client(service.server.server_port).put_record_batch(DeliveryStreamName="s", Records=[{"Data": b"\xff"}])

    ((headers, body),) = service.asked
    assert answer == {"FailedPutCount": 0}
    assert json.loads(body) == {"DeliveryStreamName": "s", "Records": [{"Data": "/w=="}]}
    assert headers["x-amz-target"] == "Firehose_20150804.PutRecordBatch"
    assert headers["content-type"] == "application/x-amz-json-1.1"
    assert headers["x-amz-security-token"] == "token"
    assert headers["host"] == f"127.0.0.1:{service.server.server_port}"
    assert headers["authorization"].startswith(
        "AWS4-HMAC-SHA256 Credential=AKID/20231114/eu-west-1/firehose/aws4_request"
    )
    assert headers["user-agent"] == "distributary/1"


def botocores_name(operation: str) -> str:
    """The method of botocore's client."""
    return re.sub("(?<!^)(?=[A-Z])", "_", operation).lower()


@pytest.mark.parametrize(
    ("method", "target"), [(botocores_name(one), one) for every in CALLED.values() for one in every]
)
def test_each_call_has_its_operation(aws, method, target) -> None:
    """A client has botocore's names, the wire AWS's."""
    service = aws(STORED)

    getattr(client(service.server.server_port), method)()

    assert service.asked[0][0]["x-amz-target"].endswith(f".{target}")


@pytest.mark.parametrize(
    ("script", "code", "retryable", "pauses"),
    [
        ([THROTTLED, THROTTLED], "ProvisionedThroughputExceededException", True, [0.5 * timeouts.BACKOFF]),
        ([DOWN, DOWN], "ServiceUnavailableException", True, [0.025]),
        ([DOWN, DENIED], "AccessDeniedException", False, [0.025]),
        ([DENIED], "AccessDeniedException", False, []),
        ([(500, "<html>"), (502, "")], "502", True, [0.025]),
        (["drop", "drop"], "ConnectionResetError", True, [0.025]),
        (["hang", "hang"], "TimeoutError", True, [0.025]),
        ([(200, "not JSON"), (200, "[]")], "ResponseParserError", True, [0.025]),
    ],
    ids=["throttled", "down", "down, denied", "denied", "no JSON", "dropped", "silent", "garbled"],
)
def test_what_fails_is_tried_twice_where_that_may_help(aws, script, code, retryable, pauses) -> None:
    """Two attempts at most, a pause between them; the error is AWS's, or the transport's."""
    service, time = aws(*script), FakeClock()

    with pytest.raises(SinkUnavailable) as caught:
        call(client(service.server.server_port, time).put_records)

    assert (caught.value.code, caught.value.retryable) == (code, retryable)
    assert len(service.asked) == len(script)
    assert time.sleeps == pauses


@pytest.mark.parametrize("first", [THROTTLED, DOWN, "drop", (200, "not JSON")])
def test_a_second_attempt_may_succeed(aws, first) -> None:
    """Then nobody hears of the first."""
    service = aws(first, STORED)

    assert client(service.server.server_port).put_records() == {"FailedPutCount": 0}


def test_nobody_there_is_sink_unavailable() -> None:
    """A connection that is refused is a failed call."""
    service = Aws()
    port = service.server.server_port
    service.close()

    with pytest.raises(SinkUnavailable) as caught:
        client(port).put_records()
    assert caught.value.retryable


def test_without_credentials_nothing_is_sent(aws) -> None:
    """No later call can change that."""
    service = aws()
    lonely = client(service.server.server_port, credentials=None)

    with pytest.raises(SinkUnavailable, match="AWS_ACCESS_KEY_ID") as caught:
        call(lonely.put_records)
    assert (caught.value.code, caught.value.retryable) == ("NoCredentialsError", False)
    assert service.asked == []


@pytest.mark.parametrize("service", CALLED)
def test_what_is_called_is_there(service) -> None:
    """Each is an operation of the service, under the name that botocore gives it."""
    client = Session().create_client(service, region_name="eu-west-1")

    assert {
        operation: client.meta.method_to_api_mapping.get(botocores_name(operation)) for operation in CALLED[service]
    } == {operation: operation for operation in CALLED[service]}


def test_a_private_name_is_no_operation() -> None:
    """Whoever copies or inspects a client calls nothing."""
    with pytest.raises(AttributeError):
        _ = client(1).__deepcopy__


def test_a_time_is_seconds(aws) -> None:
    """As AWS JSON writes it."""
    service = aws(STORED)

    client(service.server.server_port).list_shards(StreamCreationTimestamp=datetime(2026, 1, 2, tzinfo=UTC))

    assert json.loads(service.asked[0][1]) == {"StreamCreationTimestamp": 1767312000.0}


def test_what_is_no_json_is_a_mistake_of_ours(aws) -> None:
    """Only bytes become base64."""
    with pytest.raises(TypeError, match="object"):
        client(aws().server.server_port).put_records(Records=[object()])
