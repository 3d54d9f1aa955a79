import json
from pathlib import Path

import pytest

from local.event_sources.batch import failed, payloads, record
from local.functions import Invocation

ANSWERS = json.loads((Path(__file__).parents[2] / "cases" / "event_source_answers.json").read_text())


def test_a_record_is_what_lambda_shows(make) -> None:
    """A message with everything becomes Lambda's record, field by field."""
    shown = record(
        {
            "MessageId": "m1",
            "ReceiptHandle": "h1",
            "Body": "hello",
            "MD5OfBody": "5d41",
            "MD5OfMessageAttributes": "aa11",
            "Attributes": {
                "ApproximateReceiveCount": "1",
                "MessageGroupId": "g",
                "SequenceNumber": "18849496460467696128",
            },
            "MessageAttributes": {
                "s": {"StringValue": "v", "DataType": "String"},
                "n": {"StringValue": "1", "DataType": "Number"},
                "b": {"BinaryValue": b"\x00\xff", "DataType": "Binary"},
            },
        },
        make.source(queue_arn=make.fifo),
    )
    lists = {"stringListValues": [], "binaryListValues": []}

    assert shown == {
        "messageId": "m1",
        "receiptHandle": "h1",
        "body": "hello",
        "attributes": {"ApproximateReceiveCount": "1", "MessageGroupId": "g", "SequenceNumber": "18849496460467696128"},
        "messageAttributes": {
            "s": {"stringValue": "v", **lists, "dataType": "String"},
            "n": {"stringValue": "1", **lists, "dataType": "Number"},
            "b": {"binaryValue": "AP8=", **lists, "dataType": "Binary"},
        },
        "md5OfMessageAttributes": "aa11",
        "md5OfBody": "5d41",
        "eventSource": "aws:sqs",
        "eventSourceARN": make.fifo,
        "awsRegion": "us-east-1",
    }


def test_a_plain_message_has_no_attributes_of_its_own(make) -> None:
    """`messageAttributes` is there and empty, their MD5 is absent."""
    shown = record(make.message("m1"), make.source())

    assert shown["messageAttributes"] == {}
    assert "md5OfMessageAttributes" not in shown


def test_a_batch_is_one_event(make) -> None:
    """Messages that fit Lambda's 6 MB go together, in their order."""
    messages = [make.message(one) for one in "abc"]

    ((batch, payload),) = payloads(messages, make.source())

    assert batch == messages
    assert [one["messageId"] for one in json.loads(payload)["Records"]] == ["a", "b", "c"]


def test_a_batch_over_six_megabytes_is_cut(make) -> None:
    """Ten messages of 1 MiB become events of at most 6 MiB each: nothing lost, order kept."""
    messages = [make.message(str(number), "x" * 1_048_576) for number in range(10)]

    cut = list(payloads(messages, make.source()))

    assert [message["MessageId"] for batch, _ in cut for message in batch] == [str(number) for number in range(10)]
    assert [len(batch) for batch, _ in cut] == [5, 5]
    assert all(len(payload) <= 6 * 1024 * 1024 for _, payload in cut)
    assert all(
        [one["messageId"] for one in json.loads(payload)["Records"]] == [message["MessageId"] for message in batch]
        for batch, payload in cut
    )


@pytest.mark.parametrize("case", ANSWERS, ids=lambda case: case["note"])
def test_an_answer_says_what_stays(make, case: dict) -> None:
    """With ReportBatchItemFailures the named messages stay; what AWS calls malformed leaves all of them."""
    payload = case["text"] if "text" in case else json.dumps(case["answer"])
    messages = [make.message(one) for one in ("m1", "m2", "m3")]

    assert failed(Invocation(payload.encode(), None, "id"), messages, reported=True) == set(case["left"])


def test_without_reports_the_answer_does_not_matter(make) -> None:
    """A function that returns counts as success, whatever it says; one that fails leaves everything."""
    messages = [make.message("m1")]
    answer = b'{"batchItemFailures":[{"itemIdentifier":"m1"}]}'

    assert failed(Invocation(answer, None, "id"), messages, reported=False) == set()
    for reported in (True, False):
        assert failed(make.error, messages, reported=reported) == {"m1"}
