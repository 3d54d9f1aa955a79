"""What detectors want done arrives at its targets; the models are in tests/deployed/models."""

import base64
import io
import json
import re
import uuid
import zipfile
from decimal import Decimal

import pytest
from boto3.dynamodb.types import TypeDeserializer

SOURCE = 'import json\ndef handle(event, _):\n    print("heard", json.dumps(event, separators=(",", ":")))\n'
ROLE = "arn:aws:iam::123456789012:role/targets"


class Targets:
    """What the models name, and what has arrived there for a device."""

    def __init__(self, stage, logs: list[str]) -> None:
        self.stage, self.logs = stage, logs
        sns, sqs = stage.client("sns"), stage.client("sqs")
        self.queue = sqs.create_queue(QueueName="targets")["QueueUrl"]
        self.heard = sqs.create_queue(QueueName="targets-heard")["QueueUrl"]
        topic = sns.create_topic(Name="targets")["TopicArn"]
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint="arn:aws:sqs:us-east-1:123456789012:targets-heard")
        stage.client("dynamodb").create_table(
            TableName="targets",
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        )
        self._role()
        self._function()
        self._stream()

    def _role(self) -> None:
        """What the function and the delivery stream may do."""
        iam, services = self.stage.client("iam"), ["lambda.amazonaws.com", "firehose.amazonaws.com"]
        trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": services}}
        iam.create_role(RoleName="targets", AssumeRolePolicyDocument=json.dumps({"Statement": [trust]}))
        actions = ["s3:PutObject", "kms:GenerateDataKey", "logs:*"]  # the key: of a bucket of a stage that has its own
        rights = {"Effect": "Allow", "Action": actions, "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [rights]})
        iam.put_role_policy(RoleName="targets", PolicyName="own", PolicyDocument=document)

    def _function(self) -> None:
        package = io.BytesIO()
        with zipfile.ZipFile(package, "w") as archive:
            archive.writestr("index.py", SOURCE)
        code = {"ZipFile": package.getvalue()}
        self.stage.client("lambda").create_function(
            FunctionName="targets", Role=ROLE, Runtime="python3.14", Handler="index.handle", Code=code
        )

    def _stream(self) -> None:
        bucket = f"arn:aws:s3:::{self.stage.outputs['BucketName']}"
        hints = {"IntervalInSeconds": 0, "SizeInMBs": 1}
        to = {"RoleARN": ROLE, "BucketARN": bucket, "Prefix": "targets/", "BufferingHints": hints}
        self.stage.client("firehose").create_delivery_stream(
            DeliveryStreamName="targets", ExtendedS3DestinationConfiguration=to
        )

    def bodies(self, queue: str) -> list[str]:
        """The messages of a queue."""
        answer = self.stage.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10, VisibilityTimeout=0)
        return [one["Body"] for one in answer.get("Messages", ())]

    def published(self) -> list[str]:
        """What SNS has handed on."""
        return [json.loads(body)["Message"] for body in self.bodies(self.heard)]

    def printed(self) -> list[str]:
        """What the function was given."""
        return [line.partition("heard ")[2] for line in list(self.logs) if "heard {" in line]

    def written(self) -> list[str]:
        """The records that Firehose has written."""
        s3, bucket = self.stage.client("s3"), self.stage.outputs["BucketName"]
        keys = [one["Key"] for one in s3.list_objects_v2(Bucket=bucket, Prefix="targets/").get("Contents", ())]
        text = b"".join(s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys).decode()
        return text.splitlines(keepends=True)

    def item(self, key: str) -> dict:
        """The item of the table."""
        found = self.stage.client("dynamodb").get_item(TableName="targets", Key={"id": {"S": key}}).get("Item", {})
        return {name: TypeDeserializer().deserialize(value) for name, value in found.items()}


@pytest.fixture(scope="module")
def targets(stage, logs) -> Targets:
    """The targets."""
    return Targets(stage, logs)


@pytest.fixture
def device(targets, iotevents) -> str:
    """A device whose one message has set off every action."""
    device = f"d-{uuid.uuid4().hex}"
    payload = f'{{"deviceId":"{device}","reading":20.0}}'.encode()
    message = {"messageId": f"m-{device}", "inputName": "targets", "payload": payload}
    assert iotevents.batch_put_message(messages=[message])["BatchPutMessageErrorEntries"] == []
    return device


def default_payload(device: str, text: str) -> str:
    """The default payload of the device's action, with the time and the id that the text has."""
    at, own = re.search(r'"eventTime":(\d{13}),', text), re.search(r'"actionExecutionId":"([0-9a-f-]{36})"', text)
    assert at
    assert own
    return (
        f'{{"eventTime":{at[1]},"payload":{{"actionExecutionId":"{own[1]}",'
        f'"detector":{{"detectorModelName":"targets","keyValue":"{device}","detectorModelVersion":"1"}},'
        f'"eventTriggerDetails":{{"inputName":"targets","messageId":"m-{device}","triggerType":"Message"}},'
        '"state":{"stateName":"Only","variables":{"reading":20.0},"timers":{}}},"eventName":"act"}'
    )


def test_the_default_payload_arrives_at_every_kind_of_target(wait, targets, device) -> None:
    """Byte for byte at SNS, SQS, Lambda and Firehose, as a map in DynamoDB, each with an id of its own."""
    looks = [targets.published, lambda: targets.bodies(targets.queue), targets.printed, targets.written]
    found = []
    for look in looks:
        [text] = wait(lambda look=look: [text for text in look() if device in text])
        found.append(text)
    stored = wait(lambda: targets.item(device))

    record = found.pop()
    assert record.endswith("\n")
    texts = [*found, record.removesuffix("\n")]
    assert texts == [default_payload(device, text) for text in texts]
    assert set(stored) == {"id", "payload"}
    body = json.loads(texts[0], parse_float=Decimal)
    ids = {json.loads(text)["payload"]["actionExecutionId"] for text in texts}
    assert len(ids) == 4
    assert stored["payload"]["payload"].pop("actionExecutionId") not in ids
    body["payload"].pop("actionExecutionId")
    assert stored["payload"] == body


def test_a_custom_payload_arrives_as_it_was_composed(wait, targets, device) -> None:
    """In base64 where SQS is asked for it; DynamoDBv2 has a column for each member."""
    wanted = base64.b64encode(b"reading: 20.0").decode()

    assert wait(lambda: wanted in targets.bodies(targets.queue))
    assert wait(lambda: targets.item(f"v2-{device}")) == {"id": f"v2-{device}", "reading": Decimal("20.0")}


def test_detectors_that_feed_each_other_end_at_ten_hops(wait, targets, device, iotevents) -> None:
    """The first detector hands on to one that hands on to itself: ten messages, then an error in the log."""
    stopped = wait(lambda: [line for line in list(targets.logs) if "TooManyHops" in line and device in line])

    assert stopped
    detector = iotevents.describe_detector(detectorModelName="relay", keyValue=device)["detector"]
    assert detector["state"]["variables"] == [{"name": "count", "value": "10"}]
