import contextlib
import io
import json
import threading
import time
import zipfile

import pytest
from embedded_client import embedded_client
from moto.server import ThreadedMotoServer

from local.event_sources import EventSource, EventSources
from local.functions import Functions, FunctionSpec


@pytest.fixture
def running(sqs, functions):
    """Event sources over a list that may be changed, on the scripted queue."""
    deployed: list[EventSource] = []
    sources = EventSources(lambda: deployed, functions, lambda _: sqs, log=lambda line: None)
    sources.start()
    yield deployed
    sources.close()


def test_a_new_mapping_is_picked_up(running, sqs, functions, make, wait_for) -> None:
    """A mapping that is deployed while it runs is polled soon."""
    sqs.batches = [["a"]]
    running.append(make.source())

    wait_for(lambda: functions.batches == [["a"]])


def test_a_removed_mapping_is_left_alone(running, sqs, functions, make, wait_for) -> None:
    """A mapping that is deleted, or switched off, is no longer polled; its messages stay."""
    running.append(make.source())
    wait_for(lambda: sqs.polls)
    running[:] = [make.source(enabled=False)]
    made = 0

    def quiet() -> bool:
        nonlocal made
        before, made = made, len(sqs.polls)
        time.sleep(0.1)
        return before == made == len(sqs.polls)

    wait_for(quiet)
    sqs.batches = [["a"]]
    time.sleep(0.1)

    assert functions.batches == []


def test_a_changed_mapping_counts(running, sqs, functions, make, wait_for) -> None:
    """After a deployment that changes a mapping it is polled with its new settings."""
    running.append(make.source(batch_size=1))
    wait_for(lambda: sqs.polls)
    running[:] = [make.source(batch_size=7)]

    wait_for(lambda: sqs.polls[-1]["MaxNumberOfMessages"] == 7)


def test_a_look_that_fails_is_tried_again(sqs, functions, make, wait_for) -> None:
    """While a deployment is half there the mappings stay as they were."""
    said: list[str] = []
    looks = iter([RuntimeError("half there"), None])

    def deployed() -> list[EventSource]:
        if (error := next(looks, None)) is not None:
            raise error
        return [make.source()]

    sources = EventSources(deployed, functions, lambda _: sqs, log=said.append)
    sources.start()
    wait_for(lambda: sqs.polls)
    sources.close()

    assert said == ["event sources: RuntimeError half there"]


@pytest.fixture(scope="module")
def aws():
    """A boto3 client of moto's SQS on loopback."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    yield embedded_client(f"http://{host}:{port}", "sqs")
    server.stop()


@pytest.fixture
def queue(aws):
    """Makes a queue in moto: its URL."""
    made: list[str] = []

    def make(name: str, **attributes: str) -> str:
        made.append(aws.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"])
        return made[-1]

    yield make
    for url in made:
        aws.delete_queue(QueueUrl=url)


def arn(url: str) -> str:
    """The ARN of the queue at a URL."""
    return f"arn:aws:sqs:us-east-1:123456789012:{url.rpartition('/')[2]}"


@contextlib.contextmanager
def polling(aws, functions, url: str, **settings: object):
    """Polls one queue inside the block."""
    source = EventSource("uuid", url, arn(url), "work", **settings)
    sources = EventSources(lambda: [source], functions, lambda _: aws, log=print)
    sources.start()
    try:
        yield
    finally:
        sources.close()


def size(aws, url: str) -> int:
    """How many messages a queue holds, in flight or not."""
    counts = aws.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    return int(counts["ApproximateNumberOfMessages"]) + int(counts["ApproximateNumberOfMessagesNotVisible"])


def test_a_real_function_reads_a_real_queue(aws, queue, wait_for) -> None:
    """A message in moto's SQS reaches a package under awslambdaric as Lambda's event, and is gone."""
    url = queue("plain")
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("handler.py", "import json\ndef handle(event, context): print('EVENT', json.dumps(event))")
    spec = FunctionSpec("work", "arn", "handler.handle", file.getvalue(), {}, 5, 128, "/log", "1")
    said: list[str] = []
    functions = Functions(lambda name: spec, environment={}, log=said.append)
    attribute = {"k": {"DataType": "String", "StringValue": "v"}}
    sent = aws.send_message(QueueUrl=url, MessageBody="hello", MessageAttributes=attribute)
    try:
        with polling(aws, functions, url):
            wait_for(lambda: size(aws, url) == 0)
    finally:
        functions.close()

    (record,) = json.loads(said[0].partition("EVENT ")[2])["Records"]
    assert (record["messageId"], record["body"], record["md5OfBody"]) == (
        sent["MessageId"],
        "hello",
        sent["MD5OfMessageBody"],
    )
    assert record["attributes"]["ApproximateReceiveCount"] == "1"
    assert {"SentTimestamp", "SenderId", "ApproximateFirstReceiveTimestamp"} <= record["attributes"].keys()
    assert record["messageAttributes"]["k"]["stringValue"] == "v"
    assert record["eventSourceARN"] == "arn:aws:sqs:us-east-1:123456789012:plain"


def test_a_group_waits_for_its_first_message(aws, queue, functions, make, wait_for) -> None:
    """FIFO: after a failure the group's later messages wait until the first has been handled; other groups go on."""
    url = queue("ordered.fifo", FifoQueue="true", ContentBasedDeduplication="true", VisibilityTimeout="600")
    handled: list[str] = []
    kept: list[str] = []

    def act(event):
        (record,) = event["Records"]
        assert record["attributes"]["MessageGroupId"] == record["body"][0]
        if record["body"] == "a1" and record["attributes"]["ApproximateReceiveCount"] == "1":
            kept.append(record["receiptHandle"])
            return make.error
        handled.append(record["body"])
        return None

    functions.act = act
    for body in ("a1", "a2", "b1", "b2", "a3"):
        aws.send_message(QueueUrl=url, MessageBody=body, MessageGroupId=body[0])
    with polling(aws, functions, url, batch_size=1):
        wait_for(lambda: kept and "b2" in handled)
        assert handled == ["b1", "b2"]
        aws.change_message_visibility(QueueUrl=url, ReceiptHandle=kept[0], VisibilityTimeout=0)
        wait_for(lambda: size(aws, url) == 0)

    assert handled == ["b1", "b2", "a1", "a2", "a3"]


def test_a_group_is_never_in_two_batches_at_once(aws, queue, functions, wait_for) -> None:
    """FIFO: batches of different groups are in flight together, two of one group never."""
    url = queue("parallel.fifo", FifoQueue="true", ContentBasedDeduplication="true", VisibilityTimeout="30")
    lock, in_flight, seen = threading.Lock(), [], []
    both = threading.Barrier(2, timeout=60)

    def act(event):
        group = event["Records"][0]["attributes"]["MessageGroupId"]
        with lock:
            in_flight.append(group)
            seen.append(sorted(in_flight))
        if event["Records"][0]["body"].endswith("1"):
            both.wait()
        with lock:
            in_flight.remove(group)

    functions.act = act
    for body in ("a1", "b1", "a2", "b2", "a3", "b3"):
        aws.send_message(QueueUrl=url, MessageBody=body, MessageGroupId=body[0])
    with polling(aws, functions, url, batch_size=1):
        wait_for(lambda: size(aws, url) == 0)

    assert ["a", "b"] in seen
    assert not [one for one in seen if len(one) != len(set(one))]


def test_what_always_fails_is_dead_lettered(aws, queue, functions, make, wait_for) -> None:
    """After maxReceiveCount failures a message is in the dead-letter queue, and the function saw it that often."""
    dead = queue("dead")
    policy = json.dumps({"deadLetterTargetArn": arn(dead), "maxReceiveCount": 2})
    url = queue("alive", VisibilityTimeout="0", RedrivePolicy=policy)
    functions.act = lambda event: make.error
    aws.send_message(QueueUrl=url, MessageBody="poison")
    with polling(aws, functions, url):
        wait_for(lambda: size(aws, dead) == 1)

    assert len(functions.batches) == 2
    assert size(aws, url) == 0


def test_a_partial_failure_comes_back_alone(aws, queue, functions, wait_for) -> None:
    """With ReportBatchItemFailures only the named message is handed over a second time."""
    url = queue("partial", VisibilityTimeout="600")
    kept: list[str] = []

    def act(event):
        bad = [
            record
            for record in event["Records"]
            if record["body"] == "bad" and record["attributes"]["ApproximateReceiveCount"] == "1"
        ]
        kept.extend(record["receiptHandle"] for record in bad)
        return {"batchItemFailures": [{"itemIdentifier": record["messageId"]} for record in bad]}

    functions.act = act
    entries = [{"Id": str(number), "MessageBody": body} for number, body in enumerate(["good", "bad", "fine"])]
    aws.send_message_batch(QueueUrl=url, Entries=entries)
    with polling(aws, functions, url, report_batch_item_failures=True):
        wait_for(lambda: size(aws, url) == 1)
        aws.change_message_visibility(QueueUrl=url, ReceiptHandle=kept[0], VisibilityTimeout=0)
        wait_for(lambda: size(aws, url) == 0)

    assert [len(batch) for batch in functions.batches] == [3, 1]


def test_close_is_quick(aws, queue, functions) -> None:
    """Closing does not wait for the end of a long poll of 20 s."""
    sources = [EventSource("u", url, arn(url), "work") for url in (queue("one"), queue("two.fifo", FifoQueue="true"))]
    running = EventSources(lambda: sources, functions, lambda _: aws, log=print)
    running.start()
    time.sleep(0.1)
    begun = time.monotonic()
    running.close()

    assert time.monotonic() - begun < 10
