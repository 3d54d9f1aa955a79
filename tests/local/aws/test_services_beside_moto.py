"""What moto hides: each row is looked at on the embedded AWS and on moto 5.2.5 as it comes.

A row whose last column does not hold any more says that moto was mended: then ours may not be needed.
"""

import itertools
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from botocore.exceptions import ClientError
from embedded_client import embedded_client
from own_process import own_process

MOTO = Path(__file__).with_name("beside.py")
NUMBERS = itertools.count(1)


class Row(NamedTuple):
    """A point: what is looked at, what AWS shows, what moto shows."""

    look: Callable[[Any], Any]
    aws: Any
    moto: Any


def refusal(call: Callable[..., Any], **parameters: Any) -> str:
    """The code of the call's error; `taken` where it has none."""
    try:
        call(**parameters)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return "taken"


class Fifo:
    """A FIFO queue of one look."""

    def __init__(self, side: Any, **attributes: str) -> None:
        self.client = side.client("sqs")
        attributes = {"FifoQueue": "true", **attributes}
        self.url = self.client.create_queue(QueueName=f"q{next(NUMBERS)}.fifo", Attributes=attributes)["QueueUrl"]

    def send(self, body: str, group: str = "g", **more: str) -> Any:
        return self.client.send_message(QueueUrl=self.url, MessageBody=body, MessageGroupId=group, **more)

    def receive(self) -> list[Any]:
        return list(self.client.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10).get("Messages", ()))

    def bodies(self) -> list[str]:
        return [message["Body"] for message in self.receive()]


def id_of_a_deleted_message(side):
    """What is in the queue when an id is sent again after its message was deleted."""
    queue = Fifo(side)
    queue.send("one", MessageDeduplicationId="d")
    [message] = queue.receive()
    queue.client.delete_message(QueueUrl=queue.url, ReceiptHandle=message["ReceiptHandle"])
    queue.send("two", MessageDeduplicationId="d")
    return queue.bodies()


def id_in_two_groups(side):
    """What is in a queue whose ids are unique in a group, when two groups use the same one."""
    queue = Fifo(side, DeduplicationScope="messageGroup", FifoThroughputLimit="perMessageGroupId")
    for group in "ab":
        queue.send(group, group, MessageDeduplicationId="d")
    return queue.bodies()


def numbers_in_order(side):
    """Whether twelve messages have rising sequence numbers."""
    queue = Fifo(side)
    numbers = [queue.send(str(i), MessageDeduplicationId=str(i))["SequenceNumber"] for i in range(12)]
    return numbers == sorted(set(numbers))


def number_by_content(side):
    """Whether a message without an id of its own has a sequence number."""
    return "SequenceNumber" in Fifo(side, ContentBasedDeduplication="true").send("body")


def long_id(side):
    """An id of 129 characters."""
    return refusal(Fifo(side).send, body="body", MessageDeduplicationId="d" * 129)


def odd_id(side):
    """An id with a space."""
    return refusal(Fifo(side).send, body="body", MessageDeduplicationId="d d")


def odd_group(side):
    """A group with a letter that is not ASCII."""
    return refusal(Fifo(side).send, body="body", group="gröup", MessageDeduplicationId="d")


def groups_of_a_batch(side):
    """The messages of one call, two groups having been sent by turns."""
    queue = Fifo(side)
    for body in ("a1", "b1", "a2", "b2"):
        queue.send(body, body[0], MessageDeduplicationId=body)
    return queue.bodies()


def group_in_flight(side):
    """What comes of a group while its first message is in flight."""
    queue = Fifo(side)
    queue.send("a1", "a", MessageDeduplicationId="1")
    queue.receive()
    queue.send("a2", "a", MessageDeduplicationId="2")
    return queue.bodies()


class Table:
    """A table of one look; `pk` is its key."""

    def __init__(self, side: Any) -> None:
        self.client = side.client("dynamodb")
        self.name = f"t{next(NUMBERS)}"
        self.client.create_table(
            TableName=self.name,
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )

    def put(self, pk: str, **attributes: Any) -> None:
        self.client.put_item(TableName=self.name, Item={"pk": {"S": pk}, **attributes})

    def get(self, pk: str) -> Any:
        return self.client.get_item(TableName=self.name, Key={"pk": {"S": pk}}).get("Item")

    def add(self, pk: str, number: str) -> Any:
        return self.client.update_item(
            TableName=self.name,
            Key={"pk": {"S": pk}},
            UpdateExpression="ADD n :n",
            ExpressionAttributeValues={":n": {"N": number}},
        )

    def transact(self, *items: Any, token: str = "") -> Any:
        named = {"ClientRequestToken": token} if token else {}
        puts = [{"Put": {"TableName": self.name, "Item": item}} for item in items]
        return self.client.transact_write_items(TransactItems=puts, **named)

    def change(self, text: str, token: str) -> Any:
        update = {"UpdateExpression": "SET v = list_append(if_not_exists(v, :none), :v)", "Key": {"pk": {"S": "x"}}}
        values = {":none": {"L": []}, ":v": {"L": [{"S": text}]}}
        item = {"Update": {"TableName": self.name, "ExpressionAttributeValues": values, **update}}
        return self.client.transact_write_items(TransactItems=[item], ClientRequestToken=token)


def item(pk: int, size: int) -> Any:
    """An item of about that many bytes."""
    return {"pk": {"S": str(pk)}, "v": {"S": "x" * size}}


def same_token(side):
    """What two transactions with the same token have written."""
    table = Table(side)
    for _ in range(2):
        table.change("once", table.name)
    return table.get("x")["v"]["L"]


def token_of_another(side):
    """A second transaction under the first one's token."""
    table = Table(side)
    table.change("one", table.name)
    return refusal(table.change, text="another", token=table.name)


def large_transaction(side):
    """Twelve items of 350 KiB in one transaction: more than 4 MiB."""
    return refusal(lambda: Table(side).transact(*(item(i, 350 * 1024) for i in range(12))))


def small_transaction(side):
    """Eleven of them: less."""
    return refusal(lambda: Table(side).transact(*(item(i, 350 * 1024) for i in range(11))))


def large_batch(side):
    """26 items in one BatchWriteItem."""
    table = Table(side)
    requests = [{"PutRequest": {"Item": item(i, 1)}} for i in range(26)]
    return refusal(table.client.batch_write_item, RequestItems={table.name: requests})


def large_answer(side):
    """How many of 48 items of 350 KiB one BatchGetItem gives, and how many it leaves: it stops at 16 MiB."""
    table = Table(side)
    for i in range(48):
        table.client.put_item(TableName=table.name, Item=item(i, 350 * 1024))
    keys = [{"pk": {"S": str(i)}} for i in range(48)]
    answer = table.client.batch_get_item(RequestItems={table.name: {"Keys": keys}})
    return len(answer["Responses"][table.name]), len(answer["UnprocessedKeys"][table.name]["Keys"])


def large_item(side):
    """An item of more than 400 KiB."""
    return refusal(Table(side).put, pk="x", v={"S": "x" * 400 * 1024})


def stored(number: str) -> Callable[[Any], Any]:
    """What is read back of a number, or the refusal."""

    def look(side):
        table = Table(side)
        code = refusal(table.put, pk="x", n={"N": number})
        return table.get("x")["n"]["N"] if code == "taken" else code

    return look


def deep_number(side):
    """A number in a list in a map, and one in a set."""
    table = Table(side)
    table.put("x", m={"M": {"l": {"L": [{"N": "1.50"}]}}}, s={"NS": ["2.0"]})
    found = table.get("x")
    return found["m"]["M"]["l"]["L"][0]["N"], found["s"]["NS"]


def equal_in_a_set(side):
    """A set that holds a number twice, in two forms."""
    return refusal(Table(side).put, pk="x", s={"NS": ["1", "1.0"]})


def sum_of(number: str, more: str) -> Callable[[Any], Any]:
    """What ADD makes of a number, or its refusal and what is there then."""

    def look(side):
        table = Table(side)
        table.put("x", n={"N": number})
        code = refusal(table.add, pk="x", number=more)
        kept = table.get("x")["n"]["N"]
        return kept if code == "taken" else (code, kept)

    return look


def condition(side):
    """A write whose condition does not hold."""
    table = Table(side)
    table.put("x")
    put = {"TableName": table.name, "Item": {"pk": {"S": "x"}}, "ConditionExpression": "attribute_not_exists(pk)"}
    return refusal(table.client.put_item, **put)


def cancellation(side):
    """Why a transaction was cancelled, item by item."""
    table = Table(side)
    table.put("x")
    put = {"TableName": table.name, "ConditionExpression": "attribute_not_exists(pk)"}
    items = [{"Put": {**put, "Item": {"pk": {"S": pk}}}} for pk in ("y", "x")]
    with pytest.raises(ClientError) as error:
        table.client.transact_write_items(TransactItems=items)
    return [reason["Code"] for reason in error.value.response["CancellationReasons"]], table.get("y")


def schedule(side: Any, at: float, **more: Any) -> Any:
    """CreateSchedule's parameters for a wake-up at that time."""
    queue = Fifo(side, ContentBasedDeduplication="true")
    attributes = queue.client.get_queue_attributes(QueueUrl=queue.url, AttributeNames=["QueueArn"])["Attributes"]
    target = {"Arn": attributes["QueueArn"], "Input": "wake", "SqsParameters": {"MessageGroupId": "g"}}
    return queue, {
        "Name": f"s{next(NUMBERS)}",
        "ScheduleExpression": f"at({datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%S})",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "ActionAfterCompletion": "DELETE",
        "Target": {**target, "RoleArn": "arn:aws:iam::123456789012:role/any"},
        **more,
    }


def past_time(side):
    """A schedule for a time that is past."""
    return refusal(side.client("scheduler").create_schedule, **schedule(side, time.time() - 5)[1])


def scheduled_as(name: str) -> Callable[[Any], str]:
    """A schedule of that name."""

    def look(side):
        _, parameters = schedule(side, time.time() + 60, Name=name)
        return refusal(side.client("scheduler").create_schedule, **parameters)

    return look


@cache
def after_seconds(side):
    """What becomes of a schedule that is due in between, and of an item whose time to live is over."""
    scheduler = side.client("scheduler")
    queue, parameters = schedule(side, time.time() + 2)  # of whole seconds: one is left at least
    scheduler.create_schedule(**parameters)
    table = Table(side)
    ttl = {"Enabled": True, "AttributeName": "expires"}
    table.client.update_time_to_live(TableName=table.name, TimeToLiveSpecification=ttl)
    for pk, expires in (("over", time.time() - 1), ("not yet", time.time() + 3600), ("5 years", time.time() - 2e8)):
        table.put(pk, expires={"N": f"{expires:.0f}"})
    table.put("text", expires={"S": "0"})
    end = time.monotonic() + 4
    while True:
        left = {row["pk"]["S"] for row in table.client.scan(TableName=table.name)["Items"]}
        known = refusal(scheduler.get_schedule, Name=parameters["Name"])
        if (known != "taken" and "over" not in left) or time.monotonic() > end:
            break
        time.sleep(0.1)
    return {"sent": queue.bodies(), "schedule": known, "items": left}


def later(name: str) -> Callable[[Any], Any]:
    """One of the things that time does."""
    return lambda side: after_seconds(side)[name]


def early_expiration(side):
    """The answer to a bucket's rule that deletes objects on the day that it moves them."""
    s3, bucket = side.client("s3"), f"bucket{next(NUMBERS)}"
    s3.create_bucket(Bucket=bucket)
    rule = {
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "Transitions": [{"Days": 30, "StorageClass": "INTELLIGENT_TIERING"}],
        "Expiration": {"Days": 30},
    }
    return refusal(s3.put_bucket_lifecycle_configuration, Bucket=bucket, LifecycleConfiguration={"Rules": [rule]})


REFUSED = "ValidationException"
SQS_REFUSED = "InvalidParameterValue"
NINES = "9" * 38
ROWS = {
    # what                                            look                    AWS shows          moto shows
    "FIFO: an id outlives its message": Row(id_of_a_deleted_message, [], ["two"]),
    "FIFO: the scope of an id may be its group": Row(id_in_two_groups, ["a", "b"], ["a"]),
    "FIFO: sequence numbers rise": Row(numbers_in_order, aws=True, moto=False),
    "FIFO: sequence numbers by content too": Row(number_by_content, aws=True, moto=False),
    "FIFO: an id has at most 128 characters": Row(long_id, SQS_REFUSED, "taken"),
    "FIFO: an id has no spaces": Row(odd_id, SQS_REFUSED, "taken"),
    "FIFO: a group's id is ASCII": Row(odd_group, SQS_REFUSED, "taken"),
    "FIFO: a batch holds group after group": Row(groups_of_a_batch, ["a1", "a2", "b1", "b2"], ["a1", "b1", "a2", "b2"]),
    "FIFO: a group waits while one of it is in flight": Row(group_in_flight, [], []),
    "DynamoDB: a token writes once": Row(same_token, [{"S": "once"}], [{"S": "once"}, {"S": "once"}]),
    "DynamoDB: a token is one request's": Row(token_of_another, "IdempotentParameterMismatchException", "taken"),
    "DynamoDB: a transaction has at most 4 MiB": Row(large_transaction, REFUSED, "taken"),
    "DynamoDB: a transaction has up to 4 MiB": Row(small_transaction, "taken", "taken"),
    "DynamoDB: a batch writes at most 25 items": Row(large_batch, REFUSED, "taken"),
    "DynamoDB: a batch reads at most 16 MiB": Row(large_answer, (46, 2), (46, 2)),
    "DynamoDB: an item has at most 400 KiB": Row(large_item, REFUSED, REFUSED),
    "DynamoDB: 20.0 is 20": Row(stored("20.0"), "20", "20.0"),
    "DynamoDB: -007.50 is -7.5": Row(stored("-007.50"), "-7.5", "-007.50"),
    "DynamoDB: 2E+3 is 2000": Row(stored("2E+3"), "2000", "2E+3"),
    "DynamoDB: 38 digits": Row(stored(NINES), NINES, NINES),
    "DynamoDB: 39 digits": Row(stored(NINES + "9"), REFUSED, NINES + "9"),
    "DynamoDB: the largest number": Row(stored(f"{NINES}E88"), NINES + "0" * 88, f"{NINES}E88"),
    "DynamoDB: beyond the largest": Row(stored("1E126"), REFUSED, "1E126"),
    "DynamoDB: beyond the smallest": Row(stored("1E-131"), REFUSED, REFUSED),
    "DynamoDB: no number": Row(stored("NaN"), REFUSED, REFUSED),
    "DynamoDB: numbers inside others": Row(deep_number, ("1.5", ["2"]), ("1.50", ["2.0"])),
    "DynamoDB: a set holds no number twice": Row(equal_in_a_set, REFUSED, "taken"),
    "DynamoDB: 0.5 and 0.5 is 1": Row(sum_of("0.5", "0.5"), "1", "1.0"),
    "DynamoDB: a sum of 38 digits is exact": Row(sum_of("1" * 37, "0.5"), "1" * 37 + ".5", f"1.{'1' * 27}E+36"),
    "DynamoDB: a sum of 39 digits is refused": Row(sum_of(NINES, "0.1"), (REFUSED, NINES), f"1.{'0' * 27}E+38"),
    "DynamoDB: a condition that does not hold": Row(
        condition, "ConditionalCheckFailedException", "ConditionalCheckFailedException"
    ),
    "DynamoDB: why a transaction was cancelled": Row(
        cancellation, (["None", "ConditionalCheckFailed"], None), (["None", "ConditionalCheckFailed"], None)
    ),
    "DynamoDB: what has expired is deleted": Row(
        later("items"), {"not yet", "5 years", "text"}, {"over", "not yet", "5 years", "text"}
    ),
    "Scheduler: a schedule fires": Row(later("sent"), ["wake"], []),
    "Scheduler: a schedule that fired is gone": Row(later("schedule"), "ResourceNotFoundException", "taken"),
    "Scheduler: no time that is past": Row(past_time, REFUSED, "taken"),
    "Scheduler: no name of 65 characters": Row(scheduled_as("n" * 65), REFUSED, "taken"),
    "S3: nothing is deleted before it has moved": Row(early_expiration, "InvalidArgument", "taken"),
    "Scheduler: no name with a space": Row(scheduled_as("a name"), REFUSED, "taken"),
}


class Moto:
    """moto as it comes."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint

    def client(self, service: str) -> Any:
        """A boto3 client of it."""
        return embedded_client(self.endpoint, service)


@pytest.fixture(scope="session")
def moto(tmp_path_factory):
    """A moto as it comes, running."""
    with own_process([sys.executable, str(MOTO)], tmp_path_factory.mktemp("moto") / "errors.txt") as process:
        yield Moto(process.stdout.readline().strip())


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_the_embedded_aws_is_as_aws(aws, row):
    """What is looked at is as AWS's documentation says."""
    assert row.look(aws) == row.aws


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_moto_is_as_the_table_says(moto, row):
    """What moto shows is what the table says of it: where it differs from AWS, ours is needed."""
    assert row.look(moto) == row.moto
