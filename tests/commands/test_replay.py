import json
from argparse import Namespace
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from commands import replay
from distributary.aws.bucket import Bucket
from distributary.clock import Clock
from distributary.delivery.dead_letters import DeadLetter, DeadLetters
from distributary.delivery.retry_queue import read_message_body
from distributary.sinks.kinesis import KinesisRecord

QUEUES = {name: {"Type": "AWS::SQS::Queue"} for name in ("Firehose", "Kinesis", "IotEvents")}
TEMPLATE = {
    "Resources": {"Bucket": {"Type": "AWS::S3::Bucket"}, **QUEUES},
    "Outputs": {
        "BucketName": {"Value": {"Ref": "Bucket"}},
        **{f"{name}SpillQueueUrl": {"Value": {"Ref": name}} for name in QUEUES},
    },
}
FIRST = 1_700_000_000.0


class Deployed:
    """A stage in moto with dead letters."""

    def __init__(self) -> None:
        cloudformation = boto3.client("cloudformation", region_name="us-east-1")
        cloudformation.create_stack(StackName="distributary-dev", TemplateBody=json.dumps(TEMPLATE))
        [stack] = cloudformation.describe_stacks(StackName="distributary-dev")["Stacks"]
        self.outputs = {one["OutputKey"]: one["OutputValue"] for one in stack["Outputs"]}
        self.sqs = boto3.client("sqs", region_name="us-east-1")
        bucket = Bucket(lambda: boto3.client("s3", region_name="us-east-1"), self.outputs["BucketName"])
        self.letters = DeadLetters(bucket, Clock())

    def write(self, *numbers: int, reason: str = "AccessDenied", sink: str = "kinesis") -> None:
        """An object of dead letters."""
        self.letters.write([self.letter(number, reason, sink) for number in numbers])

    @staticmethod
    def letter(number: int, reason: str, sink: str) -> DeadLetter:
        """One letter."""
        record: dict[str, Any] = (
            {"data": str(number)} if sink == "firehose" else {"data": str(number), "partitionKey": "k"}
        )
        if reason == "Unreadable":
            record = {"body": "?"}
        return DeadLetter(sink, reason, "no", 3, FIRST, FIRST + 60, record)

    def received(self, name: str = "Kinesis") -> list[str]:
        """The data of every record that waits in a queue now; the queue is empty then."""
        found = []
        while messages := self.sqs.receive_message(
            QueueUrl=self.outputs[f"{name}SpillQueueUrl"], MaxNumberOfMessages=10
        ).get("Messages"):
            for message in messages:
                spilled = read_message_body(message["Body"])
                assert spilled.attempts == 3
                assert spilled.first > FIRST + 86_400
                found += [record.data.decode() for record in spilled.records]
                self.sqs.delete_message(
                    QueueUrl=self.outputs[f"{name}SpillQueueUrl"], ReceiptHandle=message["ReceiptHandle"]
                )
        return sorted(found)


@pytest.fixture
def deployed(monkeypatch) -> Iterator[Deployed]:
    """The stage dev."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        yield Deployed()


def test_letters_go_to_their_sinks_queue_once(deployed, capsys) -> None:
    """Each letter is sent to the queue of its sink, with a new first time; a second run finds nothing more."""
    deployed.write(1, 2)
    deployed.write(3, sink="firehose")

    assert replay.main([]) == 0
    assert deployed.received() == ["1", "2"]
    assert deployed.received("Firehose") == ["3"]
    assert "3 dead letters are on their way" in capsys.readouterr().out
    assert replay.main([]) == 0
    assert (deployed.received(), deployed.received("Firehose")) == ([], [])
    assert "0 dead letters are on their way" in capsys.readouterr().out


def test_a_dry_run_and_a_list_change_nothing(deployed, capsys) -> None:
    """They say what there is, by sink and reason, or letter by letter, never the record."""
    deployed.write(1, 2)
    deployed.write(3, reason="TooOld")

    assert replay.main(["--dry-run"]) == 0
    printed = capsys.readouterr().out
    assert [line.split() for line in printed.splitlines()] == [
        ["2", "kinesis", "AccessDenied"],
        ["1", "kinesis", "TooOld"],
        ["3", "dead", "letters"],
    ]
    assert replay.main(["--list", "--reason", "TooOld"]) == 0
    [letter, *_] = capsys.readouterr().out.splitlines()
    assert letter.startswith("2023-11-14T22:14:20.000Z  kinesis  TooOld  no  attempts=3 dead-letters/kinesis/")
    assert deployed.received() == []


def test_only_those_that_are_meant_are_sent(deployed) -> None:
    """Filters choose within an object too; what is left is there for another run."""
    deployed.letters.write([deployed.letter(n, reason, "kinesis") for n, reason in ((1, "TooOld"), (2, "Denied"))])
    deployed.write(3, sink="firehose")

    assert replay.main(["--sink", "kinesis", "--reason", "Denied", "--until", "2024-01-01"]) == 0
    assert deployed.received() == ["2"]
    assert replay.main(["--since", "2024-01-01"]) == 0
    assert replay.main([]) == 0
    assert (deployed.received(), deployed.received("Firehose")) == (["1"], ["3"])


def test_an_interrupted_run_goes_on_where_it_ended(deployed, monkeypatch) -> None:
    """It ends after the object that it is at; the next run sends the others, and none twice."""
    for number in range(3):
        deployed.write(number)
    asked = iter([False, True])
    letters = replay.Letters(
        stage := replay.chosen(Namespace(stage="dev", stack=None, construct=None, aws_endpoint=None))
    )
    status = replay.replay(letters, replay.Choice(), replay._spill(stage), interrupted=lambda: next(asked))

    first = deployed.received()
    assert (status, len(first)) == (130, 1)
    assert replay.main([]) == 0
    assert sorted(first + deployed.received()) == ["0", "1", "2"]


def test_what_cannot_be_read_stays(deployed, capsys) -> None:
    """A letter without a record is left where it is, and the command says so."""
    deployed.write(1, reason="Unreadable")
    deployed.write(2)

    assert replay.main([]) == 1
    assert "1 stay" in capsys.readouterr().err
    assert deployed.received() == ["2"]


def test_a_queue_that_takes_nothing_leaves_the_letters(deployed) -> None:
    """What was not sent is not marked."""
    deployed.write(1)
    url = deployed.outputs["KinesisSpillQueueUrl"]
    deployed.sqs.delete_queue(QueueUrl=url)
    assert replay.main([]) == 1

    deployed.sqs.create_queue(QueueName=url.rsplit("/", 1)[-1])
    assert replay.main([]) == 0
    assert deployed.received() == ["1"]


def test_a_record_is_the_same_again(deployed) -> None:
    """What is brought back is what was given up."""
    deployed.write(7)
    replay.main([])
    [message] = deployed.sqs.receive_message(QueueUrl=deployed.outputs["KinesisSpillQueueUrl"])["Messages"]

    assert read_message_body(message["Body"]).records == [KinesisRecord(b"7", "k")]
